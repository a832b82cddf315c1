package protocol

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHandleRawKeepsWhatTheSDKDoesNotKnow(t *testing.T) {
	api := &API{Service: "ecs", Target: "AmazonEC2ContainerServiceV20141113", Format: JSON11}
	HandleRaw(api, "Echo", func(_ *Call, in json.RawMessage) (json.RawMessage, error) { return in, nil })
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("X-Amz-Target", api.Target+".Echo")

	const body = `{"a":1.50,"future":{"Deep":[true]}}`
	w := httptest.NewRecorder()
	api.Serve(w, r, []byte(body), "req-1")
	if got := w.Body.String(); w.Code != http.StatusOK || got != body {
		t.Errorf("got %d %s, want 200 %s", w.Code, got, body)
	}

	w = httptest.NewRecorder()
	api.Serve(w, r, []byte(`{"a":`), "req-2")
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "SerializationException") {
		t.Errorf("got %d %s, want 400 SerializationException", w.Code, w.Body)
	}
}

func TestHandleRawThroughInvoke(t *testing.T) {
	api := &API{Service: "ecs", Format: JSON11}
	HandleRaw(api, "Fail", func(_ *Call, in json.RawMessage) (json.RawMessage, error) {
		return nil, Errorf("ClientException", "got %s", in)
	})
	_, err := api.Invoke("Fail", map[string]any{"Family": "web"})
	var e *Error
	if !errors.As(err, &e) || e.Message != `got {"Family":"web"}` {
		t.Errorf("got %v, want the input in a ClientException", err)
	}
}
