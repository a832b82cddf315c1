package awsfault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"slipway/internal/fault"
)

func api(code, message string) error {
	return &smithy.OperationError{ServiceID: "ECS", OperationName: "X", Err: &smithy.GenericAPIError{Code: code, Message: message}}
}

func status(code int) error {
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: code}}, Err: errors.New("no body")}
}

func TestOf(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"throttling", api("ThrottlingException", "Rate exceeded"), "*fault.Throttled"},
		{"throttling without suffix", api("Throttling", ""), "*fault.Throttled"},
		{"too many requests", api("TooManyRequestsException", ""), "*fault.Throttled"},
		{"throughput", api("ProvisionedThroughputExceededException", ""), "*fault.Throttled"},
		{"request limit", api("RequestLimitExceeded", ""), "*fault.Throttled"},
		{"unmodelled throttling", api("ClientException", "Rate exceeded"), "*fault.Throttled"},
		{"rival registrations", api("ClientException", "Too many concurrent attempts to create a new revision of the specified family."), "*fault.Throttled"},
		{"HTTP 429", status(429), "*fault.Throttled"},
		{"server exception", api("ServerException", "oops"), "*fault.Unavailable"},
		{"HTTP 503", status(503), "*fault.Unavailable"},
		{"unknown code with HTTP 500", &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 500}}, Err: api("Odd", "")}, "*fault.Unavailable"},
		{"deadline", fmt.Errorf("x: %w", context.DeadlineExceeded), "*fault.Unavailable"},
		{"canceled", &smithy.CanceledError{Err: context.Canceled}, "*fault.Unavailable"},
		{"connection refused", &smithyhttp.RequestSendError{Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}, "*fault.Unavailable"},
		{"answer cut off", &smithy.DeserializationError{Err: io.ErrUnexpectedEOF}, "*fault.Unavailable"},
		{"access denied", api("AccessDeniedException", "User: x is not authorized to perform: ecs:UpdateService"), "*fault.Denied"},
		{"pass role refused as a client error", api("ClientException", "User: x is not authorized to perform: iam:PassRole on resource: y"), "*fault.Denied"},
		{"HTTP 403 without code", status(403), "*fault.Denied"},
		{"cluster", api("ClusterNotFoundException", "Cluster not found."), "*fault.Missing"},
		{"service", api("ServiceNotFoundException", "Service not found."), "*fault.Missing"},
		{"inactive service", api("ServiceNotActiveException", "Service was not ACTIVE."), "*fault.Missing"},
		{"repository", api("RepositoryNotFoundException", ""), "*fault.Missing"},
		{"image", api("ImageNotFoundException", ""), "*fault.Missing"},
		{"table", api("ResourceNotFoundException", ""), "*fault.Missing"},
		{"target group", api("TargetGroupNotFound", ""), "*fault.Missing"},
		{"execution", api("ExecutionDoesNotExist", ""), "*fault.Missing"},
		{"task definition", api("ClientException", "Unable to describe task definition."), "*fault.Missing"},
		{"refused", api("InvalidParameterException", "The container name is wrong."), "*fault.Impossible"},
		{"other client error", api("ClientException", "Tags can not be empty."), "*fault.Impossible"},
		{"nothing known", errors.New("odd"), "*fault.Impossible"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Of(test.err, "describe service %s", "shop/web")
			if kind := fmt.Sprintf("%T", got); kind != test.want {
				t.Errorf("got %s (%v), want %s", kind, got, test.want)
			}
			if !strings.HasPrefix(got.Error(), "describe service shop/web: ") {
				t.Errorf("got %q, want it to begin with what was being done", got)
			}
		})
	}
}

func TestOfSaysWhatAWSSaid(t *testing.T) {
	got := Of(api("InvalidParameterException", "The container name is wrong."), "register revision")
	if want := "register revision: The container name is wrong (InvalidParameterException)"; got.Error() != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOfKeepsFaults(t *testing.T) {
	if Of(nil, "x") != nil {
		t.Error("nil must stay nil")
	}
	for _, err := range []error{&fault.Missing{Words: "gone"}, &fault.Impossible{Words: "no"}, &fault.Throttled{Words: "later"}} {
		if got := Of(err, "look"); !errors.Is(got, err) || got.Error() != "look: "+err.Error() {
			t.Errorf("got %v, want %v wrapped", got, err)
		}
	}
}
