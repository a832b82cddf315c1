// Package protocoltest lets tests call an API of awssim with the clients of the SDK, in the test's own process and without a
// socket. It knows no service and adds no latency, faults or retries; package awssim has a client that does.
package protocoltest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// maxBody is more than any request of a test, in bytes.
const maxBody = 16 << 20

// Config configures clients whose every request is a turn of c in which api answers. Requests come from the goroutine that
// drives the clock, or on a paced clock from any goroutine outside the turns.
func Config(c *clock.Clock, api *protocol.API) aws.Config {
	return config(api, func(answer func()) { c.Do("request", answer) })
}

// Inline configures clients whose requests api answers where they are made: by a test that is in a turn already, or of a
// service that has no clock.
func Inline(api *protocol.API) aws.Config {
	return config(api, func(answer func()) { answer() })
}

func config(api *protocol.API, turn func(answer func())) aws.Config {
	return aws.Config{
		Region:       protocol.Default.Region,
		BaseEndpoint: new("http://awssim.invalid"),
		Credentials:  credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
		HTTPClient:   wire{api, turn},
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// wire is an HTTP client whose other end is an API.
type wire struct {
	api  *protocol.API
	turn func(answer func())
}

func (w wire) Do(r *http.Request) (*http.Response, error) {
	body, err := protocol.ReadBody(r, maxBody)
	if err != nil {
		return nil, err
	}
	answer := httptest.NewRecorder()
	w.turn(func() { w.api.Serve(answer, r, body, "request-1") })
	return answer.Result(), nil
}

// Refused reports an error of t unless err is a service's answer with the error code.
func Refused(t testing.TB, err error, code string) {
	t.Helper()
	var answer smithy.APIError
	if !errors.As(err, &answer) || answer.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
	}
}
