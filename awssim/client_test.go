package awssim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim"
	"slipway/awssim/protocol"
)

func newSim(t *testing.T) *awssim.Sim {
	t.Helper()
	sim, err := awssim.New(awssim.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	return sim
}

func TestOneHandlerAnswersEveryProtocol(t *testing.T) {
	sim := newSim(t)
	ctx, cfg := context.Background(), sim.Config("AKIDTEST")
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil) // Query
	if err != nil || *who.Account != "123456789012" {
		t.Fatalf("caller %v, error %v", who, err)
	}
	if _, err := ecs.NewFromConfig(cfg).CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: new("shop")}); err != nil { // JSON 1.1
		t.Fatal(err)
	}
	if _, err := sfn.NewFromConfig(cfg).ListStateMachines(ctx, nil); err != nil { // JSON 1.0
		t.Fatal(err)
	}
	var missing smithy.APIError
	_, err = dynamodb.NewFromConfig(cfg).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: new("slipway")})
	if !errors.As(err, &missing) || missing.ErrorCode() != "ResourceNotFoundException" {
		t.Errorf("error %v, want ResourceNotFoundException", err)
	}
	want := []awssim.Tally{
		{Service: "dynamodb", Operation: "DescribeTable", Calls: 1, Errors: 1},
		{Service: "ecs", Operation: "CreateCluster", Calls: 1},
		{Service: "states", Operation: "ListStateMachines", Calls: 1},
		{Service: "sts", Operation: "GetCallerIdentity", Calls: 1},
	}
	if diff := cmp.Diff(want, sim.Calls()); diff != "" {
		t.Errorf("calls:\n%s", diff)
	}
	if passed := sim.Clock.Now().Sub(start(sim)); passed < 8*time.Millisecond || passed > 80*time.Millisecond {
		t.Errorf("four calls took %s of virtual time, want 2 to 20 ms each", passed)
	}
}

// start is the time at which every virtual Sim begins.
func start(*awssim.Sim) time.Time { return time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC) }

// signed is a request whose signature is for a service.
func signed(method, path, service string) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=k/20260105/eu-west-1/"+service+"/aws4_request, SignedHeaders=host, Signature=s")
	return r
}

// form makes the body of a Query request.
func form(r *http.Request, fields string) *http.Request {
	r.Body = io.NopCloser(strings.NewReader(fields))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestUnknownRequests(t *testing.T) {
	sim := newSim(t)
	tests := []struct {
		name    string
		request *http.Request
		status  int
		want    string
	}{
		{"service", target("POST", "Kinesis_20131202.PutRecord", `{}`), 501, "awssim knows no service for POST /"},
		{"operation", target("POST", "AmazonEC2ContainerServiceV20141113.ListTaskSets", `{}`), 501, "awssim does not implement ecs ListTaskSets"},
		{"member", target("POST", "AmazonEC2ContainerServiceV20141113.CreateCluster", `{"colour":"red"}`), 400, `no member \"colour\"`},
		{"path", httptest.NewRequest("GET", "/bucket/key", nil), 501, "it has dynamodb, ecr, ecs"},
		{"lambda path", signed("GET", "/2018-10-31/layers", "lambda"), 501, "awssim does not implement lambda GET /2018-10-31/layers"},
		{"query service", form(signed("POST", "/", "rds"), "Action=DescribeDBInstances&Version=2014-10-31"), 501, "<Code>UnknownOperationException</Code>"},
		{"old client", form(signed("POST", "/", "sqs"), "Action=ListQueues&Version=2012-11-05"), 501, "awssim speaks JSON for sqs, not the Query protocol"},
		{"too large", target("POST", "AWSEvents.PutEvents", strings.Repeat("x", 9<<20)), 413, "larger than"},
	}
	for _, test := range tests {
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, test.request)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("%s: %d %s, want %d with %s", test.name, w.Code, w.Body, test.status, test.want)
		}
		if test.status < 413 || test.status == 501 {
			if w.Header().Get("X-Amzn-Requestid") == "" {
				t.Errorf("%s: no request id; boto3 dies without one", test.name)
			}
		}
	}
}

func target(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	return r
}

func TestLoopback(t *testing.T) {
	answered := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	tests := []struct {
		host, origin string
		want         int
	}{
		{"127.0.0.1:4566", "", 200},
		{"127.0.0.7", "", 200},
		{"localhost:4566", "http://localhost:3000", 200},
		{"[::1]:4566", "", 200},
		{"evil.example:4566", "", 403},
		{"192.168.1.4:4566", "", 403},
		{"localhost.evil.example", "", 403},
		{"127.0.0.1:4566", "https://evil.example", 403},
		{"127.0.0.1:4566", "null", 403},
		{"", "", 403},
	}
	for _, test := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = test.host
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		w := httptest.NewRecorder()
		awssim.Loopback(answered).ServeHTTP(w, r)
		if w.Code != test.want {
			t.Errorf("host %q origin %q: %d, want %d", test.host, test.origin, w.Code, test.want)
		}
	}
	if _, err := awssim.Listen("0.0.0.0:0"); err == nil {
		t.Error("Listen opened a port to other machines")
	}
}

func TestFaults(t *testing.T) {
	throttled := protocol.Errorf("ThrottlingException", "Rate exceeded")
	tests := []struct {
		name        string
		fault       awssim.Fault
		times       int // how many of the attempts fail
		wantError   string
		wantEffects int
	}{
		{"throttled twice, then served", awssim.Fault{Error: throttled}, 2, "", 1},
		{"throttled for good", awssim.Fault{Error: throttled}, 9, "ThrottlingException", 0},
		{"lost answer", awssim.Fault{Broken: true, After: true}, 9, "connection reset", 3},
		{"lost request", awssim.Fault{Broken: true}, 9, "connection reset", 0},
		{"slow", awssim.Fault{Delay: time.Minute}, 9, "", 1},
	}
	for _, test := range tests {
		sim := newSim(t)
		registered := 0
		sim.Fault = func(c awssim.Call) *awssim.Fault {
			if c.Service != "ecs" || c.Operation != "RegisterTaskDefinition" || c.Principal != "AKIDTEST" || c.Number > test.times {
				return nil
			}
			return &test.fault
		}
		client := ecs.NewFromConfig(sim.Config("AKIDTEST"))
		_, err := client.RegisterTaskDefinition(context.Background(), taskDefinition())
		if (err == nil) != (test.wantError == "") || (err != nil && !strings.Contains(err.Error(), test.wantError)) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.wantError)
		}
		sim.Fault = nil
		list, err := client.ListTaskDefinitions(context.Background(), &ecs.ListTaskDefinitionsInput{})
		if err != nil {
			t.Fatal(err)
		}
		registered = len(list.TaskDefinitionArns)
		if registered != test.wantEffects {
			t.Errorf("%s: %d revisions, want %d", test.name, registered, test.wantEffects)
		}
	}
}

// The wall clock must not be waited on: three throttled attempts back off for seconds of virtual time only.
func TestBackoffIsVirtual(t *testing.T) {
	sim := newSim(t)
	sim.Fault = func(awssim.Call) *awssim.Fault {
		return &awssim.Fault{Error: &protocol.Error{Code: "InternalFailure", Status: 500, Message: "again"}}
	}
	wall := time.Now()
	_, err := ecs.NewFromConfig(sim.Config("k")).ListClusters(context.Background(), nil)
	if err == nil {
		t.Fatal("no error")
	}
	if calls := sim.Calls(); len(calls) != 1 || calls[0].Calls != 3 || calls[0].Errors != 3 {
		t.Errorf("calls %v, want three attempts", calls)
	}
	if took := time.Since(wall); took > time.Second {
		t.Errorf("took %s of wall time", took)
	}
	if passed := sim.Clock.Now().Sub(start(sim)); passed < 100*time.Millisecond {
		t.Errorf("only %s of virtual time passed, no backoff", passed)
	}
}

func TestSameSeedSameTrace(t *testing.T) {
	trace := func() []string {
		sim := newSim(t)
		var lines []string
		sim.Clock.Trace(func(at time.Time, name string) { lines = append(lines, at.Format(time.RFC3339Nano)+" "+name) })
		client := ecs.NewFromConfig(sim.Config("k"))
		for range 5 {
			if _, err := client.RegisterTaskDefinition(context.Background(), taskDefinition()); err != nil {
				t.Fatal(err)
			}
		}
		return lines
	}
	if diff := cmp.Diff(trace(), trace()); diff != "" {
		t.Errorf("two runs of one seed differ:\n%s", diff)
	}
}
