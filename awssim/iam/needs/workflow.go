package needs

import "strings"

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

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
var lambda = table{
	"CreateFunction":               and(onFunction, passing("Role", "lambda.amazonaws.com")),
	"GetFunction":                  onFunction,
	"GetFunctionConfiguration":     onFunction,
	"UpdateFunctionConfiguration":  and(onFunction, passing("Role", "lambda.amazonaws.com")),
	"UpdateFunctionCode":           onFunction,
	"DeleteFunction":               onFunction,
	"ListFunctions":                anywhere,
	"PublishVersion":               onFunction,
	"ListVersionsByFunction":       onFunction,
	"CreateAlias":                  onFunction,
	"UpdateAlias":                  onFunction,
	"GetAlias":                     onFunction,
	"ListAliases":                  onFunction,
	"PutFunctionConcurrency":       onFunction,
	"GetFunctionConcurrency":       onFunction,
	"PutFunctionEventInvokeConfig": onFunction,
	"GetFunctionEventInvokeConfig": onFunction,
	"AddPermission":                onFunction,
	"RemovePermission":             onFunction,
	"GetPolicy":                    onFunction,
	"Invoke":                       {{action: "lambda:InvokeFunction", of: functions}},
}

var onFunction = []need{{of: functions}}

// functions is the function that a call names, with the version or alias where it names one, behind the name or in a member.
func functions(e evaluation) []string {
	list := e.in.expand(e.id, "lambda", "function:{FunctionName}")
	for _, qualifier := range e.in.present("Qualifier", "") {
		for i, arn := range list {
			if strings.Count(arn, ":") == 6 {
				list[i] = arn + ":" + qualifier
			}
		}
	}
	return list
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonresourcegrouptaggingapi.html
var tagging = table{
	"GetResources": anywhere,
	"GetTagKeys":   anywhere,
	"GetTagValues": anywhere,
}

// GetCallerIdentity needs no permission: whoever is denied everything may still ask who they are.
var sts = table{"GetCallerIdentity": free}
