package needs

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
var states = table{
	"CreateStateMachine":               and(on("stateMachine:{name}"), passing("roleArn", "states.amazonaws.com")),
	"UpdateStateMachine":               and(on("{=stateMachineArn}"), passing("roleArn", "states.amazonaws.com")),
	"DescribeStateMachine":             on("{=stateMachineArn}"),
	"DescribeStateMachineForExecution": on("{=executionArn}"),
	"ListStateMachines":                anywhere,
	"DeleteStateMachine":               on("{=stateMachineArn}"),
	"ValidateStateMachineDefinition":   anywhere,
	"PublishStateMachineVersion":       on("{=stateMachineArn}"),
	"ListStateMachineVersions":         on("{=stateMachineArn}"),
	"StartExecution":                   on("{=stateMachineArn}"),
	"ListExecutions":                   on("{=stateMachineArn}"),
	"DescribeExecution":                on("{=executionArn}"),
	"StopExecution":                    on("{=executionArn}"),
	"RedriveExecution":                 on("{=executionArn}"),
	"GetExecutionHistory":              on("{=executionArn}"),
	"TagResource":                      on("{=resourceArn}"),
	"UntagResource":                    on("{=resourceArn}"),
	"ListTagsForResource":              on("{=resourceArn}"),
}

// lambda has the one operation that is on the wire. The caller makes its input of the request's path.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
var lambda = table{
	"Invoke": {{action: "lambda:InvokeFunction", resource: "function:{FunctionName}"}},
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonresourcegrouptaggingapi.html
var tagging = table{
	"GetResources": anywhere,
	"GetTagKeys":   anywhere,
	"GetTagValues": anywhere,
}

// GetCallerIdentity needs no permission: whoever is denied everything may still ask who they are.
var sts = table{"GetCallerIdentity": free}
