// Package wiretest answers real SDK clients in tests: an aws.HTTPClient that looks the operation up in a table of functions
// and writes their answers as the wire protocols do. It knows no service; a test says what AWS answers, byte for byte.
package wiretest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Call is one request: the operation and its body as it was sent.
type Call struct {
	Operation string
	Body      []byte
}

// JSON is the body's members. It is for JSON protocols.
func (c Call) JSON(t *testing.T) map[string]any {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(c.Body, &members); err != nil {
		t.Fatalf("%s: the body is not JSON: %v", c.Operation, err)
	}
	return members
}

// Form is the body's fields. It is for Query protocols.
func (c Call) Form(t *testing.T) url.Values {
	t.Helper()
	fields, err := url.ParseQuery(string(c.Body))
	if err != nil {
		t.Fatalf("%s: the body is no form: %v", c.Operation, err)
	}
	return fields
}

// Answer is an HTTP status and a body.
type Answer struct {
	Status int
	Body   string
}

// OK is a good answer.
func OK(body string) Answer { return Answer{Status: http.StatusOK, Body: body} }

// Fault is an error as the JSON protocols write it, with HTTP status 400.
func Fault(code, message string) Answer {
	body, _ := json.Marshal(map[string]string{"__type": code, "message": message})
	return Answer{Status: http.StatusBadRequest, Body: string(body)}
}

// AWS answers operations. It fails the test when it is asked for one that has no function.
type AWS struct {
	t     *testing.T
	mu    sync.Mutex
	on    map[string]func(Call) Answer
	get   map[string]Answer
	calls []Call
}

// New returns an AWS that knows no operation.
func New(t *testing.T) *AWS {
	return &AWS{t: t, on: map[string]func(Call) Answer{}, get: map[string]Answer{}}
}

// On answers an operation by its name.
func (a *AWS) On(operation string, answer func(Call) Answer) *AWS {
	a.on[operation] = answer
	return a
}

// Get answers a plain GET of an URL.
func (a *AWS) Get(address string, answer Answer) *AWS {
	a.get[address] = answer
	return a
}

// Calls are the requests for an operation so far, in order; "" for all of them.
func (a *AWS) Calls(operation string) []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	var calls []Call
	for _, c := range a.calls {
		if operation == "" || c.Operation == operation {
			calls = append(calls, c)
		}
	}
	return calls
}

// Config is a configuration whose clients are answered by a, one try per call.
func (a *AWS) Config() aws.Config {
	return aws.Config{
		Region:     "eu-west-1",
		HTTPClient: a,
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
}

// Do answers a request.
func (a *AWS) Do(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		answer, ok := a.get[r.URL.String()]
		if !ok {
			return nil, fmt.Errorf("no answer for GET %s", r.URL)
		}
		return response(r, answer), nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	call := Call{Operation: operation(r, body), Body: body}
	a.mu.Lock()
	a.calls = append(a.calls, call)
	answer, ok := a.on[call.Operation]
	a.mu.Unlock()
	if !ok {
		a.t.Errorf("unexpected call of %s: %s", call.Operation, body)
		return response(r, Fault("UnknownOperationException", "the test answers no "+call.Operation)), nil
	}
	return response(r, answer(call)), nil
}

func operation(r *http.Request, body []byte) string {
	if _, name, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return name
	}
	fields, _ := url.ParseQuery(string(body))
	return fields.Get("Action")
}

func response(r *http.Request, answer Answer) *http.Response {
	return &http.Response{
		StatusCode:    answer.Status,
		Header:        http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body:          io.NopCloser(bytes.NewReader([]byte(answer.Body))),
		ContentLength: int64(len(answer.Body)),
		Request:       r,
	}
}
