package needs

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
var events = table{
	"PutEvents":         on("event-bus/{Entries.EventBusName=default}"),
	"TestEventPattern":  anywhere,
	"PutRule":           on("rule/{Name}"),
	"DeleteRule":        on("rule/{Name}"),
	"DescribeRule":      on("rule/{Name}"),
	"EnableRule":        on("rule/{Name}"),
	"DisableRule":       on("rule/{Name}"),
	"ListRules":         anywhere,
	"PutTargets":        and(on("rule/{Rule}", member("events:TargetArn", "Targets.Arn")), passing("Targets.RoleArn", "events.amazonaws.com")),
	"RemoveTargets":     on("rule/{Rule}"),
	"ListTargetsByRule": on("rule/{Rule}"),
}

const schedule = "schedule/{GroupName=default}/{Name}"

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html
var scheduler = table{
	"CreateSchedule": and(on(schedule), passing("Target.RoleArn", "scheduler.amazonaws.com")),
	"UpdateSchedule": and(on(schedule), passing("Target.RoleArn", "scheduler.amazonaws.com")),
	"GetSchedule":    on(schedule),
	"DeleteSchedule": on(schedule),
	"ListSchedules":  anywhere,
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
var sns = table{
	"CreateTopic":              on("{Name}"),
	"DeleteTopic":              on("{=TopicArn}"),
	"ListTopics":               anywhere,
	"GetTopicAttributes":       on("{=TopicArn}"),
	"SetTopicAttributes":       on("{=TopicArn}"),
	"ListTagsForResource":      on("{=ResourceArn}"),
	"Subscribe":                on("{=TopicArn}", member("sns:Protocol", "Protocol"), member("sns:Endpoint", "Endpoint")),
	"Unsubscribe":              on("{=SubscriptionArn}"),
	"ListSubscriptionsByTopic": on("{=TopicArn}"),
	"Publish":                  on("{=TopicArn|TargetArn}"),
}

const queue = "{QueueUrl}"

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
var sqs = table{
	"CreateQueue":             on("{QueueName}"),
	"DeleteQueue":             on(queue),
	"ListQueues":              anywhere,
	"ListQueueTags":           on(queue),
	"GetQueueUrl":             on("{QueueName}"),
	"GetQueueAttributes":      on(queue),
	"SetQueueAttributes":      on(queue),
	"PurgeQueue":              on(queue),
	"SendMessage":             on(queue),
	"ReceiveMessage":          on(queue),
	"ChangeMessageVisibility": on(queue),
	"DeleteMessage":           on(queue),
}
