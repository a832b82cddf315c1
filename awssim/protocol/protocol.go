// Package protocol carries the requests of AWS clients to Go functions over the SDK's own input and output types, and their
// answers back, in the wire formats that awssim speaks: AWS JSON 1.0 and 1.1, AWS Query, and REST JSON.
//
// One reflecting codec serves them all (codec.go, query.go, rest.go). The SDK's own serializers cannot do it: they write requests and
// read responses, and they leave out zero numbers that AWS does answer with.
//
// What is not here: any behaviour of a service.
package protocol

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"sort"
	"strings"
)

// Call is one request to an operation.
type Call struct {
	Context   context.Context
	Service   string // endpoint prefix: "ecs", "ecr", ...
	Operation string // "UpdateService"
	Principal string // access key id of the caller, "" for a call from inside awssim
	Body      []byte // the input as it came: JSON or a form
	RequestID string
}

// Error is an error in AWS's shape. Code is the name without namespace, Status the HTTP status (400 when 0).
type Error struct {
	Code    string
	Message string
	Status  int
	Members map[string]any // further members of the error's body, by wire name

	validation bool // made by this package, under whatever code the API has for it
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes a client error (HTTP 400).
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Format is a wire format.
type Format int

const (
	JSON10 Format = iota
	JSON11
	Query
	REST // restJson1, at the API's Routes
)

// API is one AWS service: its wire format and the operations that are implemented.
type API struct {
	Service string // endpoint prefix and SigV4 scope: "ecs", "elasticloadbalancing"
	Target  string // X-Amz-Target prefix ("AmazonEC2ContainerServiceV20141113"), or the Version of a Query API
	Format  Format
	// Pascal says that member names start with an upper case letter on the wire (DynamoDB, SSM); Query APIs always do.
	Pascal bool
	Routes []Route // of a REST API
	// Invalid is the error code for an input that cannot be right: "InvalidParameterException"; "" is ValidationException.
	Invalid string
	// QueryCodes are the error codes, by name, that the service had while it spoke Query and still tells in x-amzn-query-error; its
	// clients report them in place of the names (Smithy, AWS query compatible trait). Nil for a service without that header.
	QueryCodes map[string]string

	ops map[string]func(*Call, decoder) (any, error)
}

type decoder func(into any) error

// Handle makes fn the implementation of an operation. I and O are the SDK's input and output structs.
func Handle[I, O any](a *API, operation string, fn func(*Call, *I) (*O, error)) {
	if a.ops == nil {
		a.ops = map[string]func(*Call, decoder) (any, error){}
	}
	a.ops[operation] = func(c *Call, decode decoder) (any, error) {
		in := new(I)
		if err := decode(in); err != nil {
			return nil, err
		}
		out, err := fn(c, in)
		if err != nil {
			return nil, err
		}
		return out, nil
	}
}

// Operations are the names of the implemented operations, sorted.
func (a *API) Operations() []string {
	names := make([]string, 0, len(a.ops))
	for name := range a.ops {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Invoke calls an operation from inside awssim with input as JSON, whose member names may start with either case. The
// answer is the operation's output struct.
func (a *API) Invoke(operation string, input any) (any, error) {
	body, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("input of %s %s: %w", a.Service, operation, err)
	}
	op, ok := a.ops[operation]
	if !ok {
		return nil, a.unknown(operation)
	}
	c := &Call{Context: context.Background(), Service: a.Service, Operation: operation, Body: body}
	out, err := op(c, func(into any) error { return DecodeJSON(body, into) })
	return out, a.coded(err)
}

func (a *API) unknown(operation string) *Error {
	return &Error{Code: "UnknownOperationException", Status: http.StatusNotImplemented,
		Message: fmt.Sprintf("awssim does not implement %s %s; it implements %s", a.Service, operation, strings.Join(a.Operations(), ", "))}
}

// Serve answers one request of the API's format. The caller has read the body and chosen the API.
func (a *API) Serve(w http.ResponseWriter, r *http.Request, body []byte, requestID string) {
	c := &Call{Context: r.Context(), Service: a.Service, Operation: a.Operation(r, body), Principal: AccessKey(r), Body: body, RequestID: requestID}
	w.Header().Set("X-Amzn-RequestId", requestID)
	route := a.Route(r)
	if route.Serve != nil {
		route.Serve(w, r, body, requestID)
		return
	}
	out, err := a.perform(c, r)
	if err != nil {
		a.writeError(w, c, err)
		return
	}
	a.writeOutput(w, c, out, route.Status)
}

// perform calls the operation of a request.
func (a *API) perform(c *Call, r *http.Request) (any, error) {
	op, ok := a.ops[c.Operation]
	if !ok {
		return nil, a.unknown(c.Operation)
	}
	if a.Format == REST {
		var err error
		if c.Body, err = a.RestInput(r, c.Body); err != nil {
			return nil, err
		}
	}
	out, err := op(c, func(into any) error { return a.decode(c.Body, into) })
	return out, a.coded(err)
}

// Operation is the name of the operation that a request of the API's format asks for.
func (a *API) Operation(r *http.Request, body []byte) string {
	if a.Format == Query {
		form, _ := url.ParseQuery(string(body))
		return form.Get("Action")
	}
	if a.Format == REST {
		if route := a.Route(r); route.Operation != "" {
			return route.Operation
		}
		return r.Method + " " + r.URL.Path
	}
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return op
}

func (a *API) decode(body []byte, into any) error {
	if a.Format == Query {
		return DecodeQuery(body, into)
	}
	return DecodeJSON(body, into)
}

// writeOutput answers with status, 200 when it is 0.
func (a *API) writeOutput(w http.ResponseWriter, c *Call, out any, status int) {
	if a.Format == Query {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = w.Write(EncodeQuery(a.Service, a.Target, c.Operation, c.RequestID, out))
		return
	}
	err := encoded(out, a.Pascal, func(body []byte) {
		if status == http.StatusNoContent {
			w.WriteHeader(status)
			return
		}
		w.Header().Set("Content-Type", a.contentType())
		if status != 0 {
			w.WriteHeader(status)
		}
		_, _ = w.Write(body)
	})
	if err != nil {
		a.writeError(w, c, &Error{Code: "InternalFailure", Status: http.StatusInternalServerError, Message: err.Error()})
	}
}

func (a *API) contentType() string {
	switch a.Format {
	case JSON10:
		return "application/x-amz-json-1.0"
	case REST:
		return "application/json"
	}
	return "application/x-amz-json-1.1"
}

// WriteError answers a request with an error in the API's format, without calling the operation.
func (a *API) WriteError(w http.ResponseWriter, requestID string, err error) {
	w.Header().Set("X-Amzn-RequestId", requestID)
	a.writeError(w, &Call{Service: a.Service, RequestID: requestID}, err)
}

func (a *API) writeError(w http.ResponseWriter, c *Call, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Code: "InternalFailure", Status: http.StatusInternalServerError, Message: err.Error()}
	}
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	if a.Format == Query {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		_, _ = w.Write(encodeQueryError(a.Service, a.Target, c.RequestID, e))
		return
	}
	fields := map[string]any{"__type": e.Code, "message": e.Message}
	for k, v := range e.Members {
		fields[k] = v
	}
	body, merr := json.Marshal(fields)
	if merr != nil {
		body = []byte(`{"__type":"InternalFailure"}`)
	}
	w.Header().Set("Content-Type", a.contentType())
	w.Header().Set("X-Amzn-ErrorType", e.Code)
	if code := cmp.Or(a.QueryCodes[e.Code], e.Code); a.QueryCodes != nil {
		w.Header().Set("X-Amzn-Query-Error", code+";"+fault(status))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// fault is whose fault Query says that an error is.
func fault(status int) string {
	if status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

// AccessKey is the access key id that signed the request, "" without a SigV4 signature.
func AccessKey(r *http.Request) string {
	key, _, _ := strings.Cut(credential(r), "/")
	return key
}

// Scope is the service name in the request's SigV4 credential scope, "" without a signature.
func Scope(r *http.Request) string {
	parts := strings.Split(credential(r), "/")
	if len(parts) < 5 {
		return ""
	}
	return parts[3]
}

func credential(r *http.Request) string {
	_, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if !ok {
		return ""
	}
	cred, _, _ := strings.Cut(rest, ",")
	return strings.TrimSpace(cred)
}

// ReadBody reads a request's body, at most limit bytes.
func ReadBody(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the request's body: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, &Error{Code: "RequestEntityTooLarge", Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("the request is larger than %d bytes", limit)}
	}
	return body, nil
}

// Only refuses an input that sets a member outside the named Go fields: behaviour that awssim does not have must not be
// accepted in silence.
func Only(c *Call, in any, fields ...string) error {
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || v.Field(i).IsZero() || slices.Contains(fields, f.Name) {
			continue
		}
		return invalid("awssim does not implement %s of %s %s", f.Name, c.Service, c.Operation)
	}
	return nil
}
