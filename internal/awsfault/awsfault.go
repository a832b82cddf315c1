// Package awsfault turns what the AWS SDK answers into the errors of package fault, so that no other package has to know the
// SDK's error types.
//
// It decides by error code and HTTP status, and by message only where AWS gives no code of its own: ECS answers
// ClientException for throttling, for unknown task definitions and for missing permissions alike.
package awsfault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"slipway/internal/fault"
)

// Of translates err, which came out of what was being done ("describe service %s"). nil stays nil, and an error that
// package fault knows already keeps its type.
func Of(err error, what string, args ...any) error {
	if err == nil {
		return nil
	}
	what = fmt.Sprintf(what, args...)
	words := what + ": " + sentence(err)
	switch kind(err) {
	case throttled:
		return &fault.Throttled{Words: words}
	case unavailable:
		return &fault.Unavailable{Words: words}
	case denied:
		return &fault.Denied{Words: words}
	case missing:
		return &fault.Missing{Words: words}
	case known:
		return fmt.Errorf("%s: %w", what, err)
	}
	return &fault.Impossible{Words: words}
}

// Code is the AWS error code of err, "" if it has none.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

type class int

const (
	impossible class = iota
	throttled
	unavailable
	denied
	missing
	known
)

func kind(err error) class {
	if isFault(err) {
		return known
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		if c := byCode(api.ErrorCode(), api.ErrorMessage()); c != impossible {
			return c
		}
	}
	return byTransport(err)
}

// isFault reports whether err is of package fault's set already.
func isFault(err error) bool {
	var already *fault.Impossible
	if errors.As(err, &already) {
		return true
	}
	_, fallback := fault.AtTheDoor(err).(*fault.Impossible)
	return !fallback
}

// throttles are the codes by which AWS services ask for patience. The list is the SDK's own
// (aws/retry.DefaultThrottleErrorCodes) and what SNS, SSM and Step Functions add.
var throttles = map[string]bool{
	"Throttling": true, "ThrottlingException": true, "ThrottledException": true, "Throttled": true, "RequestThrottled": true,
	"RequestThrottledException": true, "TooManyRequestsException": true, "ProvisionedThroughputExceededException": true,
	"ProvisionedThroughputExceeded": true, "RequestLimitExceeded": true, "RequestLimitExceededException": true,
	"TransactionInProgressException": true, "TransactionConflictException": true, "PriorRequestNotComplete": true,
	"SlowDown": true, "BandwidthLimitExceeded": true, "TooManyUpdates": true, "ExecutionLimitExceeded": true,
}

var denials = map[string]bool{
	"UnauthorizedOperation": true, "UnrecognizedClientException": true, "InvalidClientTokenId": true, "ExpiredToken": true,
	"ExpiredTokenException": true, "SignatureDoesNotMatch": true, "InvalidSignatureException": true, "AuthFailure": true,
	"AuthorizationError": true, "AuthorizationErrorException": true, "NotAuthorized": true, "MissingAuthenticationToken": true,
	"MissingAuthenticationTokenException": true, "OptInRequired": true, "KMSAccessDenied": true, "KMSAccessDeniedException": true,
}

var failures = map[string]bool{
	"InternalFailure": true, "InternalServerError": true, "InternalError": true, "ServerException": true, "InternalException": true,
	"ServiceUnavailable": true, "ServiceUnavailableException": true, "RequestTimeout": true, "RequestTimeoutException": true,
}

func byCode(code, message string) class {
	text := strings.ToLower(message)
	switch {
	case throttles[code], strings.Contains(text, "rate exceeded"), strings.Contains(text, "too many concurrent attempts"):
		return throttled
	case denials[code], strings.HasPrefix(code, "AccessDenied"), strings.Contains(text, "is not authorized to perform"):
		return denied
	case failures[code]:
		return unavailable
	// A service that is INACTIVE or DRAINING is gone for whoever wants to deploy to it.
	case strings.HasSuffix(code, "NotFound"), strings.HasSuffix(code, "NotFoundException"), strings.HasSuffix(code, "DoesNotExist"),
		code == "ServiceNotActiveException", strings.Contains(text, "unable to describe task definition"):
		return missing
	}
	return impossible
}

func byTransport(err error) class {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		switch status := response.HTTPStatusCode(); {
		case status == http.StatusTooManyRequests:
			return throttled
		case status >= 500:
			return unavailable
		case status == http.StatusForbidden, status == http.StatusUnauthorized:
			return denied
		}
	}
	var network net.Error
	var sending *smithyhttp.RequestSendError
	var canceled *smithy.CanceledError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &canceled),
		errors.As(err, &network), errors.As(err, &sending), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return unavailable
	}
	return impossible
}

// sentence is the error for people: AWS's message and code without the SDK's account of attempts and request ids, which is
// in the log.
func sentence(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err.Error()
	}
	message := strings.TrimSuffix(api.ErrorMessage(), ".")
	if message == "" {
		return api.ErrorCode()
	}
	return message + " (" + api.ErrorCode() + ")"
}
