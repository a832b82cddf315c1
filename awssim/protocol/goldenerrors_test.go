package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/protocol"
)

// checkErrors compares every error of a service, with every member set, with what awssim writes for it: the SDK's client must read
// the same typed error from both.
func (g golden) checkErrors(t *testing.T, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "response_snapshot", "*.error.snap"))
	if err != nil {
		t.Fatal(err)
	}
	operation, in := g.anyRequest(t, dir)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if difference := g.failure(operation, in, text); difference != "" {
			t.Errorf("%s: %s", filepath.Base(file), difference)
		}
	}
	t.Logf("%d errors", len(files))
	if len(files) == 0 && g.api.Format != protocol.Query {
		t.Error("no error was checked")
	}
}

// anyRequest is an operation and an input that the SDK's client sends: which one does not matter to the reading of an error.
func (g golden) anyRequest(t *testing.T, dir string) (operation string, in any) {
	for _, operation := range g.api.Operations() {
		text, err := os.ReadFile(filepath.Join(dir, "request_snapshot", operation+".request.snap"))
		if err != nil {
			continue
		}
		if in, difference := g.request(operation, text); difference == "" {
			return operation, in
		}
	}
	t.Fatal("no request of the service can be sent")
	return "", nil
}

// failure has the SDK's client read a golden error and the one that awssim writes with the same code, status and members.
func (g golden) failure(operation string, in any, text []byte) (difference string) {
	status, header, body, err := readResponse(text)
	if err != nil {
		return err.Error()
	}
	var members map[string]any
	if err := json.Unmarshal(body, &members); err != nil {
		return err.Error()
	}
	code := fmt.Sprint(members["__type"])
	written := &protocol.Error{Code: code, Status: status, Members: map[string]any{}}
	for name, value := range members {
		switch {
		case strings.EqualFold(name, "message"):
			written.Message = fmt.Sprint(value)
		case name != "__type":
			written.Members[name] = value
		}
	}
	w := httptest.NewRecorder()
	g.api.WriteError(w, "id", written)
	if w.Code != status || w.Header().Get("Content-Type") != header.Get("Content-Type") {
		return fmt.Sprintf("%d %s, want %d %s", w.Code, w.Header().Get("Content-Type"), status, header.Get("Content-Type"))
	}
	want, got := g.typed(operation, in, status, header, body), g.typed(operation, in, w.Code, w.Header(), w.Body.Bytes())
	if _, generic := want.(*smithy.GenericAPIError); generic {
		return "the client does not know the golden error"
	}
	return cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true }), cmp.FilterPath(headerMember, cmp.Ignore()))
}

// headerMember reports whether a member of an error comes from a header, which awssim's errors do not have but for the older code
// of the services that spoke Query once; that one is not in the snapshots.
func headerMember(p cmp.Path) bool {
	name := strings.TrimPrefix(p.Last().String(), ".")
	return name == "ErrorCodeOverride" || name == "RetryAfterSeconds"
}

// typed is the error of the SDK that a client makes of a response, by its innermost type.
func (g golden) typed(operation string, in any, status int, header http.Header, body []byte) error {
	results := g.call(operation, in, func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
	})
	err, _ := results[1].Interface().(error)
	var api smithy.APIError
	if errors.As(err, &api) {
		return api
	}
	return err
}
