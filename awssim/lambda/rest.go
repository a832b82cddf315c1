package lambda

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"slipway/awssim/events/delivery"
	"slipway/awssim/protocol"
)

const functionsPath = "/2015-03-31/functions/"

// ServeREST answers POST /2015-03-31/functions/{name}/invocations, Lambda's Invoke. It must be called inside a coroutine. Other
// paths of Lambda get UnknownOperationException.
func (s *Service) ServeREST(w http.ResponseWriter, r *http.Request, body []byte) {
	requestID := delivery.NewID(s.clock.Rand())
	w.Header().Set("X-Amzn-RequestId", requestID)
	ref, ok := invocationOf(r)
	if !ok {
		writeError(w, &protocol.Error{Code: "UnknownOperationException", Status: http.StatusNotImplemented,
			Message: "awssim serves Invoke of Lambda over HTTP, not " + r.Method + " " + r.URL.Path})
		return
	}
	if qualifier := r.URL.Query().Get("Qualifier"); qualifier != "" {
		name, _ := s.split(ref)
		ref = name + ":" + qualifier
	}
	switch kind := r.Header.Get("X-Amz-Invocation-Type"); kind {
	case "", "RequestResponse":
		s.respond(w, r, ref, body, requestID)
	case "Event":
		if err := s.enqueue(ref, body, requestID); err != nil {
			writeError(w, err)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	case "DryRun":
		if _, _, _, err := s.find(ref); err != nil {
			writeError(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		writeError(w, protocol.Errorf("InvalidParameterValueException", "The invocation type %q is none of RequestResponse, Event and DryRun.", kind))
	}
}

func invocationOf(r *http.Request) (ref string, ok bool) {
	rest, isFunction := strings.CutPrefix(r.URL.EscapedPath(), functionsPath)
	name, isInvoke := strings.CutSuffix(rest, "/invocations")
	ref, err := url.PathUnescape(name)
	return ref, isFunction && isInvoke && err == nil && r.Method == http.MethodPost
}

func (s *Service) respond(w http.ResponseWriter, r *http.Request, ref string, body []byte, requestID string) {
	out, ran := s.invoke(ref, body, requestID, maxSyncPayload)
	if out.Unavailable != "" {
		writeError(w, &protocol.Error{Code: strings.TrimPrefix(out.Unavailable, "Lambda."), Message: out.ErrorMessage, Status: out.StatusCode})
		return
	}
	if out.Failed() {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
	}
	w.Header().Set("X-Amz-Executed-Version", ran.version)
	if r.Header.Get("X-Amz-Log-Type") == "Tail" {
		w.Header().Set("X-Amz-Log-Result", tail(ran.log))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(out.StatusCode)
	_, _ = w.Write(out.Payload)
}

// tail is the last 4 KB of an invocation's lines, as X-Amz-Log-Result has them.
func tail(lines []string) string {
	text := strings.Join(lines, "\n") + "\n"
	return base64.StdEncoding.EncodeToString([]byte(text[max(0, len(text)-4096):]))
}

func writeError(w http.ResponseWriter, err error) {
	var e *protocol.Error
	if !errors.As(err, &e) {
		e = &protocol.Error{Code: "ServiceException", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	status, kind := e.Status, "User"
	if status == 0 {
		status = http.StatusBadRequest
	}
	if status >= http.StatusInternalServerError {
		kind = "Service"
	}
	body, merr := json.Marshal(map[string]string{"Type": kind, "Message": e.Message, "message": e.Message})
	if merr != nil {
		body = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-ErrorType", e.Code)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
