package needs

const tableARN = "table/{TableName}"

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
var dynamodb = table{
	"CreateTable":               and(on(tableARN), need{action: "dynamodb:TagResource", resource: tableARN, when: "Tags"}),
	"DescribeTable":             on(tableARN),
	"UpdateTable":               on(tableARN),
	"DeleteTable":               on(tableARN),
	"ListTables":                anywhere,
	"ListTagsOfResource":        on("{=ResourceArn}"),
	"UpdateTimeToLive":          on(tableARN),
	"DescribeTimeToLive":        on(tableARN),
	"UpdateContinuousBackups":   on(tableARN),
	"DescribeContinuousBackups": on(tableARN),

	"GetItem":      on(tableARN),
	"BatchGetItem": {{of: batchTables}},
	"PutItem":      on(tableARN),
	"UpdateItem":   on(tableARN),
	"DeleteItem":   on(tableARN),
	"Query":        {{of: tableOrIndex}},
	"Scan":         {{of: tableOrIndex}},
	// A transaction has no action of its own: it needs those of what it does.
	"TransactWriteItems": {transacted("Put", "PutItem"), transacted("Update", "UpdateItem"), transacted("Delete", "DeleteItem"), transacted("ConditionCheck", "ConditionCheckItem")},
}

func transacted(member, action string) need {
	path := "TransactItems." + member + ".TableName"
	return need{action: "dynamodb:" + action, resource: "table/{" + path + "}", when: path}
}

func tableOrIndex(e evaluation) []string {
	if len(e.in.present("IndexName", "")) > 0 {
		return e.in.expand(e.id, "dynamodb", tableARN+"/index/{IndexName}")
	}
	return e.in.expand(e.id, "dynamodb", tableARN)
}

func batchTables(e evaluation) []string {
	var list []string
	for _, table := range e.in.entries("RequestItems") {
		list = append(list, e.id.ARN("dynamodb", "table/"+name(table.Name)))
	}
	return list
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
var ssm = table{
	"PutParameter":        and(on("parameter/{Name}"), need{action: "ssm:AddTagsToResource", resource: "parameter/{Name}", when: "Tags"}),
	"GetParameter":        on("parameter/{Name}"),
	"GetParameters":       on("parameter/{Names}"),
	"GetParametersByPath": on("parameter/{Path}"),
	"DeleteParameter":     on("parameter/{Name}"),
	"AddTagsToResource":   on("parameter/{ResourceId}"),
	"ListTagsForResource": on("parameter/{ResourceId}"),
}

// Actions on a log group are evaluated on its streams of no name: grants are written log-group:NAME:*.
const (
	logGroup  = "log-group:{logGroupName|logGroupIdentifier}:log-stream:"
	logStream = logGroup + "{logStreamName}"
)

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
var logs = table{
	"CreateLogGroup":        and(on(logGroup), need{action: "logs:TagResource", resource: logGroup, when: "tags"}),
	"DescribeLogGroups":     on("log-group::log-stream:"),
	"DeleteLogGroup":        on(logGroup),
	"PutRetentionPolicy":    on(logGroup),
	"DeleteRetentionPolicy": on(logGroup),
	"TagResource":           on("{=resourceArn}"),
	"ListTagsForResource":   on("{=resourceArn}"),
	"CreateLogStream":       on(logStream),
	"DescribeLogStreams":    on(logGroup),
	"DeleteLogStream":       on(logStream),
	"PutLogEvents":          on(logStream),
	"GetLogEvents":          on(logStream),
	"FilterLogEvents":       on(logGroup),
}
