package cloudformation

import "strings"

var functionCopied = []string{"FunctionName", "Handler", "Runtime", "Description", "MemorySize", "Timeout", "Environment",
	"Architectures", "LoggingConfig", "EphemeralStorage", "ReservedConcurrentExecutions"}

var functionKnown = append([]string{"CodeUri", "PackageType", "Role", "RolePath", "PermissionsBoundary", "AssumeRolePolicyDocument",
	"Policies", "AutoPublishAlias", "AutoPublishAliasAllProperties", "VersionDescription", "Events", "EventInvokeConfig", "Tracing", "Tags"}, functionCopied...)

var functionRefused = map[string]string{
	"DeploymentPreference":         "there is no CodeDeploy; the alias moves at once",
	"DeadLetterQueue":              "use EventInvokeConfig with an OnFailure destination",
	"Layers":                       "functions are single binaries",
	"ImageUri":                     "functions are folders with a bootstrap; set CodeUri",
	"ImageConfig":                  "functions are folders with a bootstrap; set CodeUri",
	"InlineCode":                   "functions are folders with a bootstrap; set CodeUri",
	"VpcConfig":                    "functions have no network of their own here",
	"FileSystemConfigs":            "functions have no network of their own here",
	"FunctionUrlConfig":            "functions are called by events, schedules, workflows and Invoke",
	"ProvisionedConcurrencyConfig": "every function starts cold and stays warm until it is idle",
	"SnapStart":                    "runtimes that are a bootstrap have none",
	"DurableConfig":                "durable functions are not simulated",
}

// function makes what SAM makes of AWS::Serverless::Function: function, role, version and alias, asynchronous settings, and the
// rules and schedules of its events.
func (e *expansion) function() error {
	if err := e.only(functionKnown, functionRefused); err != nil {
		return err
	}
	main, err := e.functionProperties()
	if err != nil {
		return err
	}
	e.main("AWS::Lambda::Function", main)
	alias, err := e.publish()
	if err != nil {
		return err
	}
	inline, err := e.invokeConfig(alias)
	if err != nil {
		return err
	}
	if e.get("Role") == nil {
		managed := []string{"service-role/AWSLambdaBasicExecutionRole"}
		if tracing := e.get("Tracing"); tracing != nil && tracing.text == "Active" {
			managed = append(managed, "AWSXrayWriteOnlyAccess")
		}
		if err := e.role("lambda.amazonaws.com", managed, inline, e.tags("lambda:createdBy")); err != nil {
			return err
		}
	}
	return e.events(alias)
}

func (e *expansion) functionProperties() (*value, error) {
	code := e.get("CodeUri")
	if code == nil || code.kind != textKind || strings.HasPrefix(code.text, "s3://") {
		return nil, errorAt(e.source.pos, "CodeUri of %s must be a folder with a bootstrap, relative to the template", e.source.id)
	}
	if p := e.get("PackageType"); p != nil && p.text != "Zip" {
		return nil, errorAt(p.pos, "awssim runs functions of PackageType Zip only")
	}
	out := e.mapping().with("Code", e.mapping().with(LocalCode, plain{code.pos}.text(e.template.beside(code.text))))
	for _, name := range functionCopied {
		out.with(name, e.get(name))
	}
	if tracing := e.get("Tracing"); tracing != nil {
		out.with("TracingConfig", e.mapping().with("Mode", tracing))
	}
	if role := e.get("Role"); role != nil {
		out.with("Role", role)
	} else {
		out.with("Role", e.getAtt(e.source.id+"Role", "Arn"))
	}
	return out.with("Tags", e.tags("lambda:createdBy")), nil
}

// LocalCode is the member of Code that says in which folder a function's bootstrap is. CloudFormation itself has only places in S3.
const LocalCode = "LocalPath"

// publish makes version and alias for AutoPublishAlias and returns the logical id of the alias, "" without one.
func (e *expansion) publish() (alias string, err error) {
	name, err := e.literal(e.get("AutoPublishAlias"))
	if err != nil || name == "" {
		return "", err
	}
	id := e.source.id
	version := e.add(id+"Version", "AWS::Lambda::Version",
		e.mapping().with("FunctionName", e.ref(id)).with("Description", e.get("VersionDescription")))
	version.deletion = "Retain"
	alias = id + "Alias" + name
	e.add(alias, "AWS::Lambda::Alias", e.mapping().
		with("Name", e.text(name)).
		with("FunctionName", e.ref(id)).
		with("FunctionVersion", e.getAtt(id+"Version", "Version")))
	e.scope.generated[id+".Version"] = id + "Version"
	e.scope.generated[id+".Alias"] = alias
	return alias, nil
}

// invokeConfig makes AWS::Lambda::EventInvokeConfig and returns the policies that its destinations need.
func (e *expansion) invokeConfig(alias string) ([]*value, error) {
	given := e.get("EventInvokeConfig")
	if given == nil {
		return nil, nil
	}
	if err := onlyKeys(given, "EventInvokeConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "DestinationConfig"); err != nil {
		return nil, err
	}
	properties := e.mapping()
	destinations, policies, err := e.destinations(given.get("DestinationConfig"))
	if err != nil {
		return nil, err
	}
	qualifier := "$LATEST"
	if alias != "" {
		qualifier = strings.TrimPrefix(alias, e.source.id+"Alias")
	}
	properties.with("DestinationConfig", destinations).
		with("FunctionName", e.ref(e.source.id)).
		with("MaximumEventAgeInSeconds", given.get("MaximumEventAgeInSeconds")).
		with("MaximumRetryAttempts", given.get("MaximumRetryAttempts")).
		with("Qualifier", e.text(qualifier))
	r := e.add(e.source.id+"EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", properties)
	if alias != "" {
		r.dependsOn = []named{{alias, e.source.pos}}
	}
	return policies, nil
}

// destinationAction is what a function's role must be allowed to do for a destination of a kind.
var destinationAction = map[string]string{
	"SQS": "sqs:SendMessage", "SNS": "sns:publish", "Lambda": "lambda:InvokeFunction", "EventBridge": "events:PutEvents",
}

func (e *expansion) destinations(given *value) (config *value, policies []*value, err error) {
	if given == nil {
		return nil, nil, nil
	}
	if err := onlyKeys(given, "DestinationConfig", "OnSuccess", "OnFailure"); err != nil {
		return nil, nil, err
	}
	config = e.mapping()
	for _, f := range given.fields {
		if err := onlyKeys(f.value, f.name, "Type", "Destination"); err != nil {
			return nil, nil, err
		}
		kind, target := f.value.get("Type"), f.value.get("Destination")
		if target == nil || kind == nil || destinationAction[kind.text] == "" {
			return nil, nil, errorAt(f.pos, "%s needs a Type (SQS, SNS, Lambda or EventBridge) and a Destination", f.name)
		}
		config.with(f.name, e.mapping().with("Destination", target))
		name := e.source.id + "EventInvokeConfig" + f.name + kind.text + "Policy"
		policies = append(policies, e.allow(name, destinationAction[kind.text], target))
	}
	return config, policies, nil
}
