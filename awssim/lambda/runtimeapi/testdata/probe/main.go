// Command probe is a function that does what its event asks for.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct{ Do string }

type answer struct {
	PID             int
	RequestID, ARN  string
	Env             map[string]string
	HasDeadline     bool
	DeadlineSeconds float64
}

type rejected struct{ reason string }

func (r *rejected) Error() string { return r.reason }

func main() {
	if os.Getenv("PROBE_INIT") == "exit" {
		fmt.Println("cannot start")
		os.Exit(3)
	}
	lambda.Start(handle)
}

func handle(ctx context.Context, e event) (answer, error) {
	fmt.Println("asked to " + e.Do)
	switch e.Do {
	case "reject":
		return answer{}, &rejected{"no such service"}
	case "wrap":
		return answer{}, fmt.Errorf("outer: %w", errors.New("inner"))
	case "name":
		return answer{}, messages.InvokeResponse_Error{Type: "Throttled", Message: "slow down"}
	case "panic":
		panic("out of ideas")
	case "exit":
		os.Exit(7)
	case "call":
		response, err := http.Get(os.Getenv("AWS_ENDPOINT_URL"))
		if err != nil {
			return answer{}, err
		}
		response.Body.Close()
	case "flood":
		for n := range 5000 {
			fmt.Println("line", n)
		}
		fmt.Println(strings.Repeat("x", 300<<10))
	case "sleep":
		time.Sleep(time.Minute)
	}
	lc, _ := lambdacontext.FromContext(ctx)
	a := answer{PID: os.Getpid(), RequestID: lc.AwsRequestID, ARN: lc.InvokedFunctionArn, Env: map[string]string{}}
	for _, name := range []string{"AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_STREAM_NAME", "GREETING", "HOME"} {
		a.Env[name] = os.Getenv(name)
	}
	deadline, ok := ctx.Deadline()
	a.HasDeadline, a.DeadlineSeconds = ok, time.Until(deadline).Seconds()
	return a, nil
}
