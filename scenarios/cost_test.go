package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// bounds are the most calls that a good push and a bad push of the sample service may cost, by service and operation. An
// operation that is not here may not be called at all. Looks dominate: one each 10 seconds costs six calls.
var bounds = map[string][2]int{
	"dynamodb GetItem":                          {12, 12},
	"dynamodb PutItem":                          {11, 12},
	"ecr BatchGetImage":                         {4, 4},
	"ecr DescribeImages":                        {4, 4},
	"ecr GetDownloadUrlForLayer":                {4, 4},
	"ecs DescribeServiceDeployments":            {2, 6},
	"ecs DescribeServiceRevisions":              {2, 6},
	"ecs DescribeServices":                      {42, 18},
	"ecs DescribeTaskDefinition":                {8, 18},
	"ecs DescribeTasks":                         {37, 13},
	"ecs ListServiceDeployments":                {2, 6},
	"ecs ListTasks":                             {74, 26},
	"ecs RegisterTaskDefinition":                {1, 1},
	"ecs UpdateService":                         {1, 2},
	"elasticloadbalancing DescribeTargetHealth": {37, 13},
	"events PutEvents":                          {1, 2},
	"logs GetLogEvents":                         {0, 2},
	"registry GET":                              {4, 4},
	"sns Publish":                               {1, 2},
	"ssm PutParameter":                          {1, 1},
	"states DescribeExecution":                  {2, 2},
	"states StartExecution":                     {1, 1},
	"tagging GetResources":                      {3, 3},
	transitions:                                 {120, 50},
}

// transitions are the state transitions that AWS bills: 25 dollars a million.
const transitions = "state transitions"

// TestCost checks what a deployment costs against bounds, so that nobody adds a call in silence: the account's services are
// throttled together, and a long deployment repeats the calls of a look hundreds of times. The scheduled check that runs in
// between is counted too.
func TestCost(t *testing.T) {
	good, goodTime := costOf(t, "Deployed", nil)
	bad, badTime := costOf(t, "RolledBack", map[string]string{"awssim.exit": "1", "awssim.after": "1s", "awssim.log": "settings: DB_HOST is not set"})
	var table strings.Builder
	fmt.Fprintf(&table, "%-42s %11s %11s\n", "", "good push", "bad push")
	operations := map[string]bool{}
	for _, m := range []map[string]int{good, bad} {
		for operation := range m {
			operations[operation] = true
		}
	}
	for _, operation := range slices.Sorted(maps.Keys(operations)) {
		most := bounds[operation]
		fmt.Fprintf(&table, "%-42s %4d (%4d) %4d (%4d)\n", operation, good[operation], most[0], bad[operation], most[1])
		if good[operation] > most[0] || bad[operation] > most[1] {
			t.Errorf("%s: %d in a good push and %d in a bad one, at most %d and %d are allowed", operation, good[operation], bad[operation], most[0], most[1])
		}
	}
	t.Logf("what a deployment costs (and may cost at most); a good push took %s, a bad one %s\n%s", goodTime, badTime, table.String())
}

// costOf pushes an image to a service that runs another one and counts until its workflow is at an end.
func costOf(t *testing.T, want string, labels map[string]string) (calls map[string]int, took time.Duration) {
	t.Helper()
	w := newWorld(t, setting{seed: 1})
	deploy := func(tag, want string, labels map[string]string) {
		n := len(w.endings)
		w.push("shop/web", tag, "amd64", labels)
		w.until(time.Hour, "the ending of "+tag, func() bool { return len(w.endings) > n })
		if got := w.endings[n]; got.Kind != want {
			t.Fatalf("%s: got %s: %s", tag, got.Kind, got.Sentence)
		}
		w.until(time.Minute, "the end of the workflow", func() bool { return slices.Contains(w.path[w.started[n]], want) })
	}
	deploy("v1", "Deployed", nil)
	before, from := w.counted(), w.sim.Clock.Now()
	deploy("v2", want, labels)
	calls = w.counted()
	for operation := range calls {
		calls[operation] -= before[operation]
	}
	calls[transitions] = w.sim.States.Transitions(w.started[1])
	maps.DeleteFunc(calls, func(_ string, n int) bool { return n == 0 })
	return calls, w.sim.Clock.Now().Sub(from).Round(time.Second)
}
