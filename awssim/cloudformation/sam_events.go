package cloudformation

// events makes what SAM makes of a function's Events. With an alias, the alias is what they call.
func (e *expansion) events(alias string) error {
	given := e.get("Events")
	if given == nil {
		return nil
	}
	if given.kind != mapKind {
		return errorAt(given.pos, "Events must be a map, this is %s", given.describe())
	}
	target := e.getAtt(e.source.id, "Arn")
	callee := e.ref(e.source.id)
	if alias != "" {
		target, callee = e.ref(alias), e.ref(alias)
	}
	for _, f := range given.fields {
		if err := e.event(f, target, callee); err != nil {
			return err
		}
	}
	return nil
}

func (e *expansion) event(f field, target, callee *value) error {
	if err := onlyKeys(f.value, "event "+f.name, "Type", "Properties"); err != nil {
		return err
	}
	kind, properties := f.value.get("Type"), f.value.get("Properties")
	if kind == nil || properties == nil {
		return errorAt(f.pos, "event %s needs Type and Properties", f.name)
	}
	ev := samEvent{expansion: e, id: e.source.id + f.name, properties: properties, target: target, callee: callee}
	switch kind.text {
	case "EventBridgeRule", "CloudWatchEvent":
		return ev.rule()
	case "ScheduleV2":
		return ev.schedule()
	case "Schedule":
		return errorAt(kind.pos, "event type Schedule is refused: use ScheduleV2, which EventBridge Scheduler runs")
	}
	return errorAt(kind.pos, "event type %s is refused: awssim has EventBridgeRule and ScheduleV2", kind.text)
}

// samEvent is one entry of Events.
type samEvent struct {
	*expansion
	id         string
	properties *value
	target     *value // ARN that is called
	callee     *value // what the permission is for
}

func (ev samEvent) rule() error {
	p := ev.properties
	if err := onlyKeys(p, "an EventBridgeRule", "Pattern", "EventBusName", "Input", "InputPath", "InputTransformer", "RetryPolicy",
		"DeadLetterConfig", "RuleName", "State", "Enabled", "Target"); err != nil {
		return err
	}
	id := ev.text(ev.id + "LambdaTarget")
	if own := p.get("Target").get("Id"); own != nil {
		id = own
	}
	target := ev.mapping().with("Arn", ev.target).with("Id", id)
	for _, name := range []string{"Input", "InputPath", "InputTransformer", "RetryPolicy"} {
		target.with(name, p.get(name))
	}
	if err := ev.deadLetters(target); err != nil {
		return err
	}
	state := p.get("State")
	if enabled := p.get("Enabled"); enabled != nil {
		text, err := ev.literal(enabled)
		if err != nil {
			return err
		}
		state = plain{enabled.pos}.text(map[string]string{"true": "ENABLED"}[text])
		if state.text == "" {
			state.text = "DISABLED"
		}
	}
	ev.add(ev.id, "AWS::Events::Rule", ev.mapping().
		with("EventBusName", p.get("EventBusName")).
		with("EventPattern", p.get("Pattern")).
		with("Name", p.get("RuleName")).
		with("State", state).
		with("Targets", ev.list(target)))
	ev.add(ev.id+"Permission", "AWS::Lambda::Permission", ev.mapping().
		with("Action", ev.text("lambda:InvokeFunction")).
		with("FunctionName", ev.callee).
		with("Principal", ev.text("events.amazonaws.com")).
		with("SourceArn", ev.getAtt(ev.id, "Arn")))
	return nil
}

// deadLetters sets the target's DeadLetterConfig. With Type SQS the queue is made, and the queue policy without which
// EventBridge drops dead letters silently.
func (ev samEvent) deadLetters(target *value) error {
	given := ev.properties.get("DeadLetterConfig")
	if given == nil {
		return nil
	}
	if err := onlyKeys(given, "DeadLetterConfig", "Arn", "Type", "QueueLogicalId"); err != nil {
		return err
	}
	if arn := given.get("Arn"); arn != nil {
		target.with("DeadLetterConfig", ev.mapping().with("Arn", arn))
		return nil
	}
	if kind := given.get("Type"); kind == nil || kind.text != "SQS" {
		return errorAt(given.pos, "DeadLetterConfig needs Arn, or Type: SQS")
	}
	queue := ev.id + "Queue"
	if own := given.get("QueueLogicalId"); own != nil {
		queue = own.text
	}
	ev.add(queue, "AWS::SQS::Queue", ev.mapping())
	arn := ev.getAtt(queue, "Arn")
	statement := ev.mapping().
		with("Action", ev.text("sqs:SendMessage")).
		with("Effect", ev.text("Allow")).
		with("Principal", ev.mapping().with("Service", ev.text("events.amazonaws.com"))).
		with("Resource", arn).
		with("Condition", ev.mapping().with("ArnEquals", ev.mapping().with("aws:SourceArn", ev.getAtt(ev.id, "Arn"))))
	ev.add(ev.id+"QueuePolicy", "AWS::SQS::QueuePolicy", ev.mapping().
		with("PolicyDocument", ev.mapping().with("Version", ev.text("2012-10-17")).with("Statement", ev.list(statement))).
		with("Queues", ev.list(ev.ref(queue))))
	target.with("DeadLetterConfig", ev.mapping().with("Arn", arn))
	return nil
}

var scheduleCopied = []string{"ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "EndDate", "State", "Description", "GroupName", "KmsKeyArn"}

func (ev samEvent) schedule() error {
	p := ev.properties
	if err := onlyKeys(p, "a ScheduleV2", append([]string{"FlexibleTimeWindow", "Input", "RetryPolicy", "DeadLetterConfig", "RoleArn",
		"PermissionsBoundary", "Name", "OmitName"}, scheduleCopied...)...); err != nil {
		return err
	}
	role := p.get("RoleArn")
	if role == nil {
		role = ev.getAtt(ev.id+"Role", "Arn")
	}
	target := ev.mapping().with("Arn", ev.target).with("RoleArn", role).with("Input", p.get("Input"))
	queue := p.get("DeadLetterConfig").get("Arn")
	if p.get("DeadLetterConfig") != nil {
		if queue == nil {
			return errorAt(p.get("DeadLetterConfig").pos, "DeadLetterConfig of a ScheduleV2 needs the Arn of a queue of your own")
		}
		target.with("DeadLetterConfig", ev.mapping().with("Arn", queue))
	}
	target.with("RetryPolicy", p.get("RetryPolicy"))
	window := p.get("FlexibleTimeWindow")
	if window == nil {
		window = ev.mapping().with("Mode", ev.text("OFF"))
	}
	properties := ev.mapping().with("FlexibleTimeWindow", window).with("Target", target)
	for _, name := range scheduleCopied {
		properties.with(name, p.get(name))
	}
	if omit := p.get("OmitName"); omit == nil || omit.text != "true" {
		properties.with("Name", ev.text(ev.id)).with("Name", p.get("Name"))
	}
	ev.add(ev.id, "AWS::Scheduler::Schedule", properties)
	if p.get("RoleArn") == nil {
		ev.scheduleRole(queue)
	}
	return nil
}

func (ev samEvent) scheduleRole(queue *value) {
	policies := ev.list(ev.allow(ev.id+"LambdaPolicy", "lambda:InvokeFunction", ev.target))
	if queue != nil {
		policies.items = append(policies.items, ev.allow(ev.id+"SQSPolicy", "sqs:SendMessage", queue))
	}
	ev.add(ev.id+"Role", "AWS::IAM::Role", ev.mapping().
		with("AssumeRolePolicyDocument", ev.assumedBy("scheduler.amazonaws.com")).
		with("Policies", policies).
		with("PermissionsBoundary", ev.properties.get("PermissionsBoundary")))
}
