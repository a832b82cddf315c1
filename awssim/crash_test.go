package awssim

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// broken is an API whose one operation panics after it has written half an answer.
func broken() *protocol.API {
	api := &protocol.API{Service: "broken", Target: "Broken", Format: protocol.JSON11}
	protocol.Handle(api, "Break", func(*protocol.Call, *struct{}) (*struct{}, error) { panic("out of ideas") })
	return api
}

func breakIt(s *Sim) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil)
	r.Header.Set("X-Amz-Target", "Broken.Break")
	s.ServeHTTP(w, r)
	return w
}

func TestABrokenHandlerEndsItsCallAlone(t *testing.T) {
	s, err := New(Options{Clock: clock.NewPaced(1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s.apis = append(s.apis, broken())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Clock.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	log, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	defer func(stderr *os.File) { os.Stderr = stderr }(os.Stderr)
	os.Stderr = log
	for range 2 { // the clock still runs after the first
		w := breakIt(s)
		if w.Code != 500 || w.Header().Get("X-Amzn-ErrorType") != "InternalFailure" || !strings.Contains(w.Body.String(), "broken Break panicked: out of ideas") {
			t.Errorf("got %d %v %s, want InternalFailure", w.Code, w.Header(), w.Body)
		}
	}
	said, err := os.ReadFile(log.Name())
	if err != nil || !strings.Contains(string(said), "panic in broken Break: out of ideas") || !strings.Contains(string(said), "crash_test.go") {
		t.Errorf("standard error has %s (%v), want the stack", said, err)
	}
}

func TestABrokenHandlerEndsATest(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.apis = append(s.apis, broken())
	defer func() {
		if recover() == nil {
			t.Error("in virtual time a panic was turned into an answer")
		}
	}()
	breakIt(s)
}
