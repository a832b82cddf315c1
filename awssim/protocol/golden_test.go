package protocol_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim"
	"slipway/awssim/protocol"
	simsts "slipway/awssim/sts"
	"slipway/awssim/tagging"
)

// golden is a service whose SDK module comes with a request and, but for the Query services, a response of every operation and every
// error, with every member set: request_snapshot and response_snapshot.
type golden struct {
	module string // below github.com/aws/aws-sdk-go-v2/service/
	api    *protocol.API
	client func(aws.Config) any
	used   map[string]bool // members of leftOut that were met
}

func goldens(s *awssim.Sim) []golden {
	return []golden{
		{"ecs", s.ECS.API(), func(c aws.Config) any { return ecs.NewFromConfig(c) }, nil},
		{"ecr", s.ECR.API(), func(c aws.Config) any { return ecr.NewFromConfig(c) }, nil},
		{"dynamodb", s.DynamoDB.API(), func(c aws.Config) any { return dynamodb.NewFromConfig(c) }, nil},
		{"eventbridge", s.Events.API(), func(c aws.Config) any { return eventbridge.NewFromConfig(c) }, nil},
		{"lambda", s.Lambda.API(), func(c aws.Config) any { return lambda.NewFromConfig(c) }, nil},
		{"cloudwatchlogs", s.Logs.API(), func(c aws.Config) any { return cloudwatchlogs.NewFromConfig(c) }, nil},
		{"ssm", s.SSM.API(), func(c aws.Config) any { return ssm.NewFromConfig(c) }, nil},
		{"sqs", s.SQS.API(), func(c aws.Config) any { return sqs.NewFromConfig(c) }, nil},
		{"resourcegroupstaggingapi", tagging.New(s.Clock, nil, nil).API(), func(c aws.Config) any { return resourcegroupstaggingapi.NewFromConfig(c) }, nil},
		{"elasticloadbalancingv2", s.ELB.API(), func(c aws.Config) any { return elasticloadbalancingv2.NewFromConfig(c) }, nil},
		{"sns", s.SNS.API(), func(c aws.Config) any { return sns.NewFromConfig(c) }, nil},
		{"sts", simsts.New(s.ID, nil).API(), func(c aws.Config) any { return sts.NewFromConfig(c) }, nil},
	}
}

// leftOut are members that the codec does not carry. They are taken out of the snapshots wherever they stand.
var leftOut = map[string]map[string]string{
	"ecs": {
		"hookDetails":             "a document of the SDK: a request that has it is refused in words, so no response does",
		"sharingStrategy":         "a union that no service of awssim registers: a request that has it is refused in words, so no response does",
		"gpuSharingStrategy":      "the same in a response",
		"containerConfigurations": "the same: Service Connect's unions",
		"gatewayConnections":      "the same: what Express gateways manage, which awssim does not have",
	},
	"eventbridge": {
		"EcsParameters": "its structures have lower case names amid upper case ones: PutTargets refuses it, so no response has it",
		"EndpointId":    "the SDK's client refuses the snapshot's own",
	},
}

// Every request of an implemented operation is read so completely that the SDK's own client writes the same request from what
// was read; every response is read by the SDK's client and written back as it was; every error is the same to the client.
func TestGoldenSnapshots(t *testing.T) {
	sim, err := awssim.New(awssim.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	services := goldens(sim)
	dirs := moduleDirs(t, services)
	for _, g := range services {
		t.Run(g.module, func(t *testing.T) {
			g.used = map[string]bool{}
			if dirs[g.module] == "" {
				t.Fatal("the module cache does not have the SDK's module, whose snapshots are compared: go mod download")
			}
			g.check(t, dirs[g.module])
			g.checkErrors(t, dirs[g.module])
		})
	}
}

// moduleDirs are the folders of the SDK's modules in the module cache.
func moduleDirs(t *testing.T, services []golden) map[string]string {
	const path = "github.com/aws/aws-sdk-go-v2/service/"
	args := []string{"list", "-m", "-f", "{{.Path}} {{.Dir}}"}
	for _, g := range services {
		args = append(args, path+g.module)
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		module, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		dirs[strings.TrimPrefix(module, path)] = dir
	}
	return dirs
}

func (g golden) check(t *testing.T, dir string) {
	requests, responses := 0, 0
	for _, operation := range g.api.Operations() {
		text, err := os.ReadFile(filepath.Join(dir, "request_snapshot", operation+".request.snap"))
		if errors.Is(err, os.ErrNotExist) {
			t.Logf("%s: the SDK has no request", operation)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		in, difference := g.request(operation, text)
		if difference != "" {
			t.Errorf("%s request: %s", operation, difference)
		}
		requests++
		text, err = os.ReadFile(filepath.Join(dir, "response_snapshot", operation+".response.snap"))
		if err != nil || in == nil {
			continue
		}
		if difference := g.response(operation, in, text); difference != "" {
			t.Errorf("%s response: %s", operation, difference)
		}
		responses++
	}
	for member := range leftOut[g.module] {
		if !g.used[member] {
			t.Errorf("no snapshot has %s: take it out of what is left out", member)
		}
	}
	t.Logf("%d operations: %d requests and %d responses", len(g.api.Operations()), requests, responses)
	if requests == 0 {
		t.Error("no request was checked")
	}
}

// request reads a golden request as a server does, has the SDK's client write what was read, and compares. in is nil when it
// cannot be read.
func (g golden) request(operation string, text []byte) (in any, difference string) {
	want, body, err := readRequest(text)
	if err != nil {
		return nil, err.Error()
	}
	body = g.without(body)
	in = reflect.New(g.method(nil, operation).Type().In(1).Elem()).Interface()
	if err := g.decode(operation, want, body, in); err != nil {
		return nil, "not read: " + err.Error()
	}
	var got *http.Request
	var gotBody []byte
	_ = g.call(operation, in, func(r *http.Request) (*http.Response, error) {
		got = r
		if r.Body != nil {
			gotBody, err = io.ReadAll(r.Body)
		}
		return nil, errors.New("no answer")
	})
	if got == nil || err != nil {
		return in, fmt.Sprintf("the client sends nothing: %v", err)
	}
	if got.Method != want.Method || got.URL.RequestURI() != want.URL.RequestURI() {
		return in, fmt.Sprintf("%s %s, want %s %s", got.Method, got.URL.RequestURI(), want.Method, want.URL.RequestURI())
	}
	if g.api.Format == protocol.Query {
		return in, cmp.Diff(form(body), form(gotBody))
	}
	return in, sameJSON(body, gotBody)
}

// decode reads a request by the codec of the service's API.
func (g golden) decode(operation string, r *http.Request, body []byte, in any) error {
	if g.api.Format == protocol.Query {
		return protocol.DecodeQuery(body, in)
	}
	api := &protocol.API{Service: g.api.Service, Target: g.api.Target, Format: g.api.Format, Pascal: g.api.Pascal, Routes: g.api.Routes}
	var err error
	called := false
	protocol.HandleRaw(api, operation, func(_ *protocol.Call, input json.RawMessage) (json.RawMessage, error) {
		called, err = true, protocol.DecodeJSON(input, in)
		return nil, nil
	})
	w := httptest.NewRecorder()
	api.Serve(w, r, body, "id")
	if !called {
		return fmt.Errorf("%d %s", w.Code, w.Body)
	}
	return err
}

// without takes what is left out out of a JSON body.
func (g golden) without(body []byte) []byte {
	var v any
	if leftOut[g.module] == nil || json.Unmarshal(body, &v) != nil {
		return body
	}
	g.strip(v)
	out, err := json.Marshal(v)
	if err != nil {
		return body
	}
	return out
}

func (g golden) strip(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			g.strip(item)
		}
	case map[string]any:
		for name, value := range v {
			if leftOut[g.module][name] != "" {
				g.used[name] = true
				delete(v, name)
				continue
			}
			g.strip(value)
		}
	}
}

// response has the SDK's client read a golden response, writes what it read and compares.
func (g golden) response(operation string, in any, text []byte) (difference string) {
	status, header, body, err := readResponse(text)
	if err != nil {
		return err.Error()
	}
	body = g.without(body)
	results := g.call(operation, in, func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
	})
	if err, failed := results[1].Interface().(error); failed {
		return "the client cannot read it: " + err.Error()
	}
	got, err := protocol.EncodeJSON(results[0].Interface(), g.api.Pascal)
	if err != nil {
		return "not written: " + err.Error()
	}
	return sameJSON(body, got)
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) Do(r *http.Request) (*http.Response, error) { return f(r) }

// method is an operation of a new client.
func (g golden) method(send transport, operation string) reflect.Value {
	client := g.client(aws.Config{Region: "eu-west-1", HTTPClient: send, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		RetryMaxAttempts: 1, BaseEndpoint: new("https://aws.test")})
	return reflect.ValueOf(client).MethodByName(operation)
}

func (g golden) call(operation string, in any, send transport) []reflect.Value {
	return g.method(send, operation).Call([]reflect.Value{reflect.ValueOf(context.Background()), reflect.ValueOf(in)})
}

// readRequest reads "METHOD path", an empty line, headers, an empty line and the body.
func readRequest(text []byte) (*http.Request, []byte, error) {
	line, rest, _ := strings.Cut(string(text), "\n\n")
	head, body, _ := strings.Cut(rest, "\n\n")
	method, target, ok := strings.Cut(line, " ")
	u, err := url.Parse(target)
	if err != nil || !ok {
		return nil, nil, fmt.Errorf("the snapshot begins with %q: %v", line, err)
	}
	return &http.Request{Method: method, URL: u, Header: readHeader(head)}, []byte(body), nil
}

// readResponse reads the status, headers, an empty line and the body.
func readResponse(text []byte) (int, http.Header, []byte, error) {
	head, body, _ := strings.Cut(string(text), "\n\n")
	line, head, _ := strings.Cut(head, "\n")
	status, err := strconv.Atoi(line)
	return status, readHeader(head), []byte(body), err
}

func readHeader(text string) http.Header {
	h := http.Header{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			h[textproto.CanonicalMIMEHeaderKey(name)] = []string{value}
		}
	}
	return h
}

func form(body []byte) url.Values {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return url.Values{"unreadable": {err.Error()}}
	}
	return values
}

// sameJSON lists where got is not want, but for numbers and booleans that are zero and that only got has: AWS answers with them,
// and so does the codec; the snapshots leave them out.
func sameJSON(want, got []byte) string {
	var w, g any
	if len(want) == 0 {
		want = []byte("{}")
	}
	if len(got) == 0 {
		got = []byte("{}")
	}
	if err := errors.Join(json.Unmarshal(want, &w), json.Unmarshal(got, &g)); err != nil {
		return err.Error()
	}
	lines := compare("", w, g)
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n")
}

func compare(path string, want, got any) (lines []string) {
	if w, ok := want.([]any); ok {
		if g, ok := got.([]any); ok && len(g) == len(w) {
			for i := range w {
				lines = append(lines, compare(path+"[]", w[i], g[i])...)
			}
			return lines
		}
	}
	w, isMap := want.(map[string]any)
	g, isToo := got.(map[string]any)
	if !isMap || !isToo {
		if diff := cmp.Diff(want, got); diff != "" {
			lines = append(lines, fmt.Sprintf("%s is %v, want %v", path, got, want))
		}
		return lines
	}
	for name, value := range w {
		if _, has := g[name]; !has {
			lines = append(lines, path+"."+name+" is missing")
			continue
		}
		lines = append(lines, compare(path+"."+name, value, g[name])...)
	}
	for name, value := range g {
		if _, has := w[name]; !has && value != 0.0 && value != false {
			lines = append(lines, fmt.Sprintf("%s.%s is %v, want none", path, name, value))
		}
	}
	return lines
}
