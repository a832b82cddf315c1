package protocol

import (
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
)

// Crashed is what a caller gets for a handler that panicked with p, where the panic must not end everybody else's work: on a
// paced clock. In virtual time a panic ends the test. It is called while the handler's stack is still there, in the function that
// recovers, and writes that stack to standard error. What the handler had changed until then stays changed.
func Crashed(p any, request string) *Error {
	fmt.Fprintf(os.Stderr, "awssim: panic in %s: %v\n%s\n", request, p, debug.Stack())
	return &Error{Code: "InternalFailure", Status: http.StatusInternalServerError,
		Message: fmt.Sprintf("awssim has a bug: %s panicked: %v; its stack is on awssim's standard error", request, p)}
}
