package ecsservice

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/google/go-cmp/cmp"

	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
	"slipway/internal/wiretest"
)

var web = record.ServiceName{Cluster: "shop", Service: "web"}

const described = `{"services":[{
	"serviceName":"web","serviceArn":"arn:aws:ecs:eu-west-1:123456789012:service/shop/web","status":"ACTIVE","desiredCount":3,
	"schedulingStrategy":"REPLICA","healthCheckGracePeriodSeconds":60,"createdAt":1788000000,
	"taskDefinition":"arn:aws:ecs:eu-west-1:123456789012:task-definition/web:43",
	"deploymentConfiguration":{"strategy":"ROLLING","minimumHealthyPercent":50,"deploymentCircuitBreaker":{"enable":true,"rollback":true},"alarms":{"alarmNames":["errors"],"enable":true,"rollback":true}},
	"deployments":[
		{"id":"ecs-svc/2","status":"PRIMARY","taskDefinition":"arn:aws:ecs:eu-west-1:123456789012:task-definition/web:43","desiredCount":3,"pendingCount":2,"runningCount":1,"failedTasks":1,"rolloutState":"IN_PROGRESS","rolloutStateReason":"in progress"},
		{"id":"ecs-svc/1","status":"ACTIVE","taskDefinition":"arn:aws:ecs:eu-west-1:123456789012:task-definition/web:42","desiredCount":3,"runningCount":3,"rolloutState":"COMPLETED"}],
	"loadBalancers":[{"targetGroupArn":"arn:tg","containerName":"web","containerPort":8080},{"loadBalancerName":"classic"}],
	"tags":[{"key":"slipway:repository","value":"shop/web"}]}],"failures":[]}`

func answer(body string) func(wiretest.Call) wiretest.Answer {
	return func(wiretest.Call) wiretest.Answer { return wiretest.OK(body) }
}

func over(a *wiretest.AWS) *Services { return New(ecs.NewFromConfig(a.Config())) }

func TestDescribe(t *testing.T) {
	a := wiretest.New(t).On("DescribeServices", answer(described))
	got, err := over(a).Describe(context.Background(), web)
	if err != nil {
		t.Fatal(err)
	}
	arn := "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:"
	want := rollout.Service{
		Name: web, ARN: "arn:aws:ecs:eu-west-1:123456789012:service/shop/web", Status: "ACTIVE", Controller: "ECS", Strategy: "ROLLING",
		Revision: arn + "43", Desired: 3, Grace: time.Minute, CreatedAt: time.Unix(1788000000, 0).UTC(),
		Deployments: []rollout.Deployment{
			{ID: "ecs-svc/2", Primary: true, Revision: arn + "43", Desired: 3, Pending: 2, Running: 1, Failed: 1, State: "IN_PROGRESS", Reason: "in progress"},
			{ID: "ecs-svc/1", Revision: arn + "42", Desired: 3, Running: 3, State: "COMPLETED"},
		},
		TargetGroups: []rollout.TargetGroup{{ARN: "arn:tg", Container: "web", Port: 8080}},
		Tags:         map[string]string{"slipway:repository": "shop/web"},
		Guard:        record.Guard{Breaker: true, Rollback: true, Alarms: true, Grace: 60, MinPercent: 50, TargetGroups: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if sent := a.Calls("DescribeServices")[0].JSON(t); fmt.Sprint(sent["include"]) != "[TAGS]" {
		t.Errorf("got include %v, want TAGS", sent["include"])
	}
}

func TestDescribeMissing(t *testing.T) {
	for name, answered := range map[string]wiretest.Answer{
		"in failures": wiretest.OK(`{"services":[],"failures":[{"arn":"arn:web","reason":"MISSING"}]}`),
		"cluster":     wiretest.Fault("ClusterNotFoundException", "Cluster not found."),
	} {
		t.Run(name, func(t *testing.T) {
			a := wiretest.New(t).On("DescribeServices", func(wiretest.Call) wiretest.Answer { return answered })
			if _, err := over(a).Describe(context.Background(), web); !fault.IsMissing(err) {
				t.Errorf("got %v, want *fault.Missing", err)
			}
		})
	}
}

func TestDescribeAllInBatchesOfTenByCluster(t *testing.T) {
	a := wiretest.New(t).On("DescribeServices", func(c wiretest.Call) wiretest.Answer {
		in := c.JSON(t)
		if in["cluster"] == "gone" {
			return wiretest.Fault("ClusterNotFoundException", "Cluster not found.")
		}
		var services []string
		for _, name := range in["services"].([]any) {
			services = append(services, fmt.Sprintf(`{"serviceName":%q,"status":"ACTIVE"}`, name))
		}
		// The last of every batch does not exist.
		return wiretest.OK(fmt.Sprintf(`{"services":[%s],"failures":[{"reason":"MISSING"}]}`, strings.Join(services[:len(services)-1], ",")))
	})
	var names []record.ServiceName
	for i := range 23 {
		names = append(names, record.ServiceName{Cluster: "shop", Service: fmt.Sprintf("s%02d", i)})
	}
	names = append(names, record.ServiceName{Cluster: "gone", Service: "x"}, names[0])
	all, err := over(a).DescribeAll(context.Background(), names)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 20 || len(a.Calls("")) != 4 {
		t.Errorf("got %d services in %d calls, want 20 in 4", len(all), len(a.Calls("")))
	}
	if _, ok := all[names[9]]; ok {
		t.Errorf("%s does not exist and must be left out", names[9])
	}
}

func TestUpdateSendsNothingElse(t *testing.T) {
	zero := 0
	for _, test := range []struct {
		name    string
		desired *int
		want    map[string]any
	}{
		{"revision only", nil, map[string]any{"cluster": "shop", "service": "web", "taskDefinition": "arn:td/web:43"}},
		{"back to no tasks", &zero, map[string]any{"cluster": "shop", "service": "web", "taskDefinition": "arn:td/web:43", "desiredCount": 0.0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := wiretest.New(t).On("UpdateService", answer(`{"service":{"deployments":[{"id":"ecs-svc/1","status":"ACTIVE"},{"id":"ecs-svc/2","status":"PRIMARY"}]}}`))
			id, err := over(a).Update(context.Background(), web, "arn:td/web:43", test.desired)
			if err != nil || id != "ecs-svc/2" {
				t.Errorf("got %q, %v, want ecs-svc/2", id, err)
			}
			if diff := cmp.Diff(test.want, a.Calls("UpdateService")[0].JSON(t)); diff != "" {
				t.Errorf("sent, want -, got +\n%s", diff)
			}
		})
	}
}

// balanced is a service behind a load balancer.
var balanced = rollout.Service{Name: web, TargetGroups: []rollout.TargetGroup{{ARN: "arn:tg/web", Container: "web", Port: 8080}}}

// A subnet may have IPv6 alone, and a target group of either type may have a task that has both.
func TestTasksAddressesOfBothKinds(t *testing.T) {
	const both = `"attachments":[{"type":"ElasticNetworkInterface","details":[{"name":"privateIPv4Address","value":"10.0.0.7"}]}],`
	for name, c := range map[string]struct {
		attachments string
		want        []rollout.Address
	}{
		"IPv6 alone": {`"attachments":[{"type":"ElasticNetworkInterface","details":[{"name":"subnetId","value":"subnet-1"}]}],`,
			[]rollout.Address{{ID: "2600:1f18::5", Port: 8080, Container: "web", ContainerPort: 8080}}},
		"dual stack": {both, []rollout.Address{{ID: "10.0.0.7", Port: 8080, Container: "web", ContainerPort: 8080}, {ID: "2600:1f18::5", Port: 8080, Container: "web", ContainerPort: 8080}}},
	} {
		t.Run(name, func(t *testing.T) {
			a := wiretest.New(t)
			a.On("ListTasks", func(c wiretest.Call) wiretest.Answer {
				if c.JSON(t)["desiredStatus"] == "STOPPED" {
					return wiretest.OK(`{"taskArns":[]}`)
				}
				return wiretest.OK(`{"taskArns":["arn:aws:ecs:eu-west-1:1:task/shop/a1"]}`)
			})
			a.On("DescribeTasks", answer(`{"tasks":[{"taskArn":"arn:aws:ecs:eu-west-1:1:task/shop/a1","lastStatus":"RUNNING","desiredStatus":"RUNNING",`+c.attachments+`
				"containers":[{"name":"web","networkInterfaces":[{"ipv6Address":"2600:1F18:0:0::5"}]},{"name":"proxy","networkInterfaces":[{"ipv6Address":"2600:1F18:0:0::5"}]}]}],"failures":[]}`))
			got, err := over(a).Tasks(t.Context(), balanced)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got[0].Addresses); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
		})
	}
}

func TestTasksPageAndOrder(t *testing.T) {
	a := wiretest.New(t)
	a.On("ListTasks", func(c wiretest.Call) wiretest.Answer {
		in := c.JSON(t)
		switch {
		case in["desiredStatus"] == "STOPPED":
			return wiretest.OK(`{"taskArns":["arn:aws:ecs:e:1:task/shop/b2"]}`)
		case in["nextToken"] == "more":
			return wiretest.OK(`{"taskArns":["arn:aws:ecs:e:1:task/shop/b2"]}`)
		}
		return wiretest.OK(`{"taskArns":["arn:aws:ecs:e:1:task/shop/c3","arn:aws:ecs:e:1:task/shop/a1"],"nextToken":"more"}`)
	})
	a.On("DescribeTasks", func(c wiretest.Call) wiretest.Answer {
		if got := fmt.Sprint(c.JSON(t)["tasks"]); strings.Count(got, "b2") != 1 {
			t.Errorf("asked for %s, want each task once", got)
		}
		return wiretest.OK(`{"tasks":[
			{"taskArn":"arn:aws:ecs:e:1:task/shop/c3","taskDefinitionArn":"arn:td/web:43","startedBy":"ecs-svc/2","lastStatus":"RUNNING","desiredStatus":"RUNNING","healthStatus":"HEALTHY","createdAt":10,"startedAt":12,
			 "attachments":[{"type":"ElasticNetworkInterface","details":[{"name":"privateIPv4Address","value":"10.0.0.3"}]}],"containers":[{"name":"web"}]},
			{"taskArn":"arn:aws:ecs:e:1:task/shop/b2","lastStatus":"STOPPED","desiredStatus":"STOPPED","stopCode":"EssentialContainerExited","stoppedReason":"Essential container in task exited","stoppedAt":20,
			 "attachments":[{"type":"ElasticNetworkInterface","details":[{"name":"privateIPv4Address","value":"10.0.0.2"}]}],"containers":[{"name":"web","exitCode":1,"reason":"boom"}]},
			{"taskArn":"arn:aws:ecs:e:1:task/shop/a1","lastStatus":"RUNNING","desiredStatus":"STOPPED","containerInstanceArn":"arn:ci/1",
			 "containers":[{"name":"web","networkBindings":[{"bindIP":"0.0.0.0","containerPort":8080,"hostPort":32768},{"bindIP":"::","containerPort":8080,"hostPort":32768}]}]}
		],"failures":[]}`)
	})
	a.On("DescribeContainerInstances", answer(`{"containerInstances":[{"containerInstanceArn":"arn:ci/1","ec2InstanceId":"i-1"}]}`))
	got, err := over(a).Tasks(context.Background(), balanced)
	if err != nil {
		t.Fatal(err)
	}
	one := 1
	want := []rollout.SeenTask{
		{Task: rollout.Task{ID: "a1", Status: "RUNNING", Stopping: true, Containers: []rollout.Container{{Name: "web"}}},
			Addresses: []rollout.Address{{ID: "i-1", Port: 32768, Container: "web", ContainerPort: 8080}}},
		{Task: rollout.Task{ID: "b2", Status: "STOPPED", Stopping: true, StopCode: "EssentialContainerExited", StopReason: "Essential container in task exited",
			StoppedAt: time.Unix(20, 0).UTC(), Containers: []rollout.Container{{Name: "web", ExitCode: &one, Reason: "boom"}}}},
		{Task: rollout.Task{ID: "c3", Status: "RUNNING", Health: "HEALTHY", StartedAt: time.Unix(12, 0).UTC(), Containers: []rollout.Container{{Name: "web"}}},
			Revision: "arn:td/web:43", Deployment: "ecs-svc/2",
			Addresses: []rollout.Address{{ID: "10.0.0.3", Port: 8080, Container: "web", ContainerPort: 8080}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestTasksAskNoMoreThanNeeded(t *testing.T) {
	a := wiretest.New(t)
	a.On("ListTasks", answer(`{"taskArns":[]}`))
	if got, err := over(a).Tasks(context.Background(), balanced); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v, want no tasks", got, err)
	}
	if calls := a.Calls(""); len(calls) != 2 {
		t.Errorf("got %d calls, want the two lists", len(calls))
	}
}

func TestTasksInBatchesOfAHundred(t *testing.T) {
	a := wiretest.New(t)
	a.On("ListTasks", func(c wiretest.Call) wiretest.Answer {
		var arns []string
		for i := range 150 {
			if c.JSON(t)["desiredStatus"] == "RUNNING" {
				arns = append(arns, fmt.Sprintf("arn:aws:ecs:e:1:task/shop/%03d", i))
			}
		}
		body, _ := json.Marshal(map[string]any{"taskArns": arns})
		return wiretest.OK(string(body))
	})
	a.On("DescribeTasks", answer(`{"tasks":[]}`))
	if _, err := over(a).Tasks(context.Background(), balanced); err != nil {
		t.Fatal(err)
	}
	calls := a.Calls("DescribeTasks")
	if len(calls) != 2 || len(calls[0].JSON(t)["tasks"].([]any)) != 100 {
		t.Errorf("got %d calls, want 100 tasks and then 50", len(calls))
	}
}

func TestHistory(t *testing.T) {
	a := wiretest.New(t)
	a.On("ListServiceDeployments", answer(`{"serviceDeployments":[
		{"serviceDeploymentArn":"arn:sd/1","createdAt":100,"status":"SUCCESSFUL","targetServiceRevisionArn":"arn:sr/1"},
		{"serviceDeploymentArn":"arn:sd/2","createdAt":200,"status":"IN_PROGRESS","targetServiceRevisionArn":"arn:sr/2"}]}`))
	a.On("DescribeServiceDeployments", answer(`{"serviceDeployments":[
		{"serviceDeploymentArn":"arn:sd/2","status":"ROLLBACK_SUCCESSFUL","statusReason":"breaker","rollback":{"reason":"Service deployment rolled back because the circuit breaker threshold was exceeded."}}],
		"failures":[{"arn":"arn:sd/1","reason":"MISSING"}]}`))
	a.On("DescribeServiceRevisions", answer(`{"serviceRevisions":[{"serviceRevisionArn":"arn:sr/1","taskDefinition":"arn:td/web:42"},{"serviceRevisionArn":"arn:sr/2","taskDefinition":"arn:td/web:43"}]}`))
	got, err := over(a).History(context.Background(), web)
	if err != nil {
		t.Fatal(err)
	}
	want := []rollout.Past{
		{Status: "ROLLBACK_SUCCESSFUL", Reason: "breaker", Revision: "arn:td/web:43", CreatedAt: time.Unix(200, 0).UTC(), Rollback: "Service deployment rolled back because the circuit breaker threshold was exceeded."},
		{Status: "SUCCESSFUL", Revision: "arn:td/web:42", CreatedAt: time.Unix(100, 0).UTC()},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestHistoryOfANewService(t *testing.T) {
	a := wiretest.New(t).On("ListServiceDeployments", answer(`{"serviceDeployments":[]}`))
	if got, err := over(a).History(context.Background(), web); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v, want none", got, err)
	}
}
