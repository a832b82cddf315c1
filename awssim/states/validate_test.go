package states

import (
	"strings"
	"testing"
)

func TestValidateSaysWhatIsWrongAndWhere(t *testing.T) {
	one := func(state string) string { return jsonata(`"A":` + state) }
	for name, test := range map[string]struct{ definition, want string }{
		"not json":              {`{`, "INVALID_JSON_DESCRIPTION"},
		"two states, one name":  {jsonata(`"A":{"Type":"Succeed"},"A":{"Type":"Fail"}`), `"A" stands twice`},
		"jsonpath machine":      {`{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}`, "uses JSONPath"},
		"jsonpath state":        {`{"StartAt":"A","States":{"A":{"Type":"Pass","QueryLanguage":"JSONata","Next":"Old"},"Old":{"Type":"Pass","Parameters":{},"End":true}}}`, `State "Old" uses JSONPath`},
		"jsonpath task":         {`{"StartAt":"A","States":{"A":{"Type":"Pass","QueryLanguage":"JSONata","Next":"Old"},"Old":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true}}}`, `State "Old" of type Task uses JSONPath`},
		"jsonpath field":        {one(`{"Type":"Pass","ResultPath":"$.x","End":true}`), "'ResultPath' is JSONPath"},
		"jsonpath in jsonata":   {one(`{"Type":"Succeed","QueryLanguage":"JSONPath"}`), `State "A" cannot use JSONPath`},
		"other integration":     {one(`{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:ecs:describeServices","End":true}`), `State "A" uses the integration arn:aws:states:::aws-sdk:ecs:describeServices`},
		"task token":            {one(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Arguments":{"FunctionName":"f"},"End":true}`), "waitForTaskToken"},
		"event invocation":      {one(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","InvocationType":"Event"},"End":true}`), "RequestResponse only"},
		"unknown argument":      {one(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Name":"x"},"End":true}`), "The field 'Name' is not supported"},
		"no function":           {one(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{},"End":true}`), "'FunctionName' is required"},
		"distributed map":       {one(`{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED"},"StartAt":"I","States":{"I":{"Type":"Succeed"}}},"End":true}`), `State "A" is a distributed Map`},
		"unknown field":         {one(`{"Type":"Succeed","Colour":"red"}`), "at /States/A/Colour"},
		"unknown type":          {one(`{"Type":"Dance"}`), `"Dance" is not a type of state`},
		"dangling next":         {one(`{"Type":"Pass","Next":"B"}`), "Missing 'Next' target: B"},
		"dangling start":        {`{"QueryLanguage":"JSONata","StartAt":"B","States":{"A":{"Type":"Succeed"}}}`, "Missing 'StartAt' target: B"},
		"dangling catch":        {one(`{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:f","Catch":[{"ErrorEquals":["E"],"Next":"B"}],"End":true}`), "Missing 'Next' target: B"},
		"unreachable":           {jsonata(`"A":{"Type":"Succeed"},"B":{"Type":"Succeed"}`), `State "B" is not reachable`},
		"neither next nor end":  {one(`{"Type":"Pass"}`), "needs either 'Next' or"},
		"both next and end":     {one(`{"Type":"Pass","Next":"A","End":true}`), "needs either 'Next' or"},
		"bad expression":        {one(`{"Type":"Pass","Output":{"x":"{% 1 + %}"},"End":true}`), "Output/x: '1 +' is not a JSONata expression"},
		"half an expression":    {one(`{"Type":"Pass","Output":"{% 1","End":true}`), "must start with {% and end with %}"},
		"negative attempts":     {one(`{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:f","Retry":[{"ErrorEquals":["E"],"MaxAttempts":-1}],"End":true}`), "/Retry[0]/MaxAttempts"},
		"bad jitter":            {one(`{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:f","Retry":[{"ErrorEquals":["E"],"JitterStrategy":"SOME"}],"End":true}`), "must be one of [NONE FULL]"},
		"all not last":          {one(`{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:f","Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["E"]}],"End":true}`), "must stand alone and in the last entry"},
		"all not alone":         {one(`{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:f","Retry":[{"ErrorEquals":["States.ALL","E"]}],"End":true}`), "must stand alone and in the last entry"},
		"retry on a pass":       {one(`{"Type":"Pass","Retry":[],"End":true}`), "The field 'Retry' is not supported"},
		"empty wait":            {one(`{"Type":"Wait","End":true}`), "needs either 'Seconds' or 'Timestamp'"},
		"literal condition":     {jsonata(`"A":{"Type":"Choice","Choices":[{"Condition":"yes","Next":"B"}]},"B":{"Type":"Succeed"}`), "Expected boolean or a JSONata expression"},
		"machine timeout":       {`{"QueryLanguage":"JSONata","TimeoutSeconds":"{% 5 %}","StartAt":"A","States":{"A":{"Type":"Succeed"}}}`, "Expected a number at /TimeoutSeconds"},
		"zero timeout":          {one(`{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:f","TimeoutSeconds":0,"End":true}`), "Expected an integer from 1"},
		"heartbeat as timeout":  {one(`{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:f","TimeoutSeconds":5,"HeartbeatSeconds":5,"End":true}`), "The value must be smaller than TimeoutSeconds at /States/A/HeartbeatSeconds"},
		"reserved variable":     {one(`{"Type":"Pass","Assign":{"states":1},"End":true}`), "cannot be a variable's name"},
		"variable of the outer": {jsonata(`"A":{"Type":"Pass","Assign":{"x":1},"Next":"M"},"M":{"Type":"Map","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","Assign":{"x":2},"End":true}}},"End":true}`), "already defined in an outer scope"},
		"name used inside":      {jsonata(`"A":{"Type":"Map","ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Succeed"}}},"End":true}`), "DUPLICATE_STATE_NAME"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Validate(test.definition)
			if err == nil || !strings.HasPrefix(err.Error(), "InvalidDefinition: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestValidateTakesTheLoop(t *testing.T) {
	if err := Validate(loop); err != nil {
		t.Error(err)
	}
}

func TestValidateReportsEverything(t *testing.T) {
	err := Validate(jsonata(`"A":{"Type":"Pass","Output":"{% ( %}","Next":"B"},"B":{"Type":"Wait","End":true}`))
	if err == nil || strings.Count(err.Error(), "SCHEMA_VALIDATION_FAILED") != 2 {
		t.Errorf("got %v, want both problems", err)
	}
}

func TestErrorMatching(t *testing.T) {
	for _, test := range []struct {
		list string
		name string
		want bool
	}{
		{"E", "E", true},
		{"E", "F", false},
		{"States.ALL", "E", true},
		{"States.ALL", "States.Timeout", true},
		{"States.ALL", "States.Runtime", false},
		{"States.ALL", "States.DataLimitExceeded", false},
		{"States.DataLimitExceeded", "States.DataLimitExceeded", true},
		{"States.Runtime", "States.Runtime", false},
		{"States.TaskFailed", "E", true},
		{"States.TaskFailed", "States.Timeout", false},
		{"States.Timeout", "States.HeartbeatTimeout", true},
	} {
		if got := matches([]string{test.list}, test.name); got != test.want {
			t.Errorf("%s catches %s: got %v", test.list, test.name, got)
		}
	}
}
