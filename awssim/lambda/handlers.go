package lambda

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	awslambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Handlers is the Runner that calls handlers inside this process, by function name. It is for virtual clocks: a handler runs
// inside the turn and reaches awssim through a transport that does not leave it.
//
// A handler reads its request id and ARN from lambdacontext. Its context has no deadline, since that would be one of the wall
// clock; it is cancelled with ErrTimeout when the function's virtual time is over.
type Handlers map[string]awslambda.Handler

// Crash, used as a panic value in whatever a handler calls, ends its sandbox as if the process had been killed there. The
// handler's deferred calls still run, which those of a killed process would not.
type Crash struct{ Reason string }

// Invoke calls the handler. Errors become function errors with the type name that aws-lambda-go gives them.
func (h Handlers) Invoke(f Function, inv Invocation) (out Outcome) {
	handler, ok := h[f.Name]
	if !ok {
		return FunctionError("Runtime.InvalidEntrypoint", fmt.Sprintf("RequestId: %s Error: no handler is registered for the function %s; there are %s",
			inv.RequestID, f.Name, strings.Join(slices.Sorted(maps.Keys(h)), ", ")))
	}
	defer func() {
		if cause := recover(); cause != nil {
			out = panicked(inv, cause)
		}
	}()
	ctx := lambdacontext.NewContext(inv.Context, &lambdacontext.LambdaContext{AwsRequestID: inv.RequestID, InvokedFunctionArn: inv.ARN})
	payload, err := handler.Invoke(ctx, inv.Payload)
	if err != nil {
		e := response(err, err.Error)
		inv.Log(string(FunctionError(e.Type, e.Message).Payload))
		return FunctionError(e.Type, e.Message)
	}
	return Outcome{Payload: payload, StatusCode: http.StatusOK}
}

func panicked(inv Invocation, cause any) Outcome {
	if crash, ok := cause.(Crash); ok {
		return Exit(inv.RequestID, cmp.Or(crash.Reason, "signal: killed"))
	}
	e := response(cause, func() string { return fmt.Sprint(cause) })
	out := FunctionError(e.Type, e.Message)
	out.Crashed = true
	inv.Log(string(out.Payload), "panic: "+e.Message)
	return out
}

// response names an error or a panic value as aws-lambda-go does: its own response type as it is, else the name of the
// outermost type without its pointer (*deployer.Rejected is Rejected, errors.New is errorString).
func response(value any, message func() string) messages.InvokeResponse_Error {
	if e, ok := value.(messages.InvokeResponse_Error); ok {
		return e
	}
	t := reflect.TypeOf(value)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return messages.InvokeResponse_Error{Type: t.Name(), Message: message()}
}
