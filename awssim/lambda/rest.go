package lambda

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"slipway/awssim/protocol"
)

const functionPath = "/2015-03-31/functions/{FunctionName}"

// routes are the paths of the API.
// https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
func (s *Service) routes() []protocol.Route {
	get, post, put, del := http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return []protocol.Route{
		{Operation: "ListFunctions", Method: get, Path: "/2015-03-31/functions"},
		{Operation: "CreateFunction", Method: post, Path: "/2015-03-31/functions", Status: http.StatusCreated},
		{Operation: "GetFunction", Method: get, Path: functionPath},
		{Operation: "DeleteFunction", Method: del, Path: functionPath, Status: http.StatusNoContent},
		{Operation: "GetFunctionConfiguration", Method: get, Path: functionPath + "/configuration"},
		{Operation: "UpdateFunctionConfiguration", Method: put, Path: functionPath + "/configuration"},
		{Operation: "UpdateFunctionCode", Method: put, Path: functionPath + "/code"},
		{Operation: "ListVersionsByFunction", Method: get, Path: functionPath + "/versions"},
		{Operation: "PublishVersion", Method: post, Path: functionPath + "/versions", Status: http.StatusCreated},
		{Operation: "ListAliases", Method: get, Path: functionPath + "/aliases"},
		{Operation: "CreateAlias", Method: post, Path: functionPath + "/aliases", Status: http.StatusCreated},
		{Operation: "GetAlias", Method: get, Path: functionPath + "/aliases/{Name}"},
		{Operation: "UpdateAlias", Method: put, Path: functionPath + "/aliases/{Name}"},
		{Operation: "GetPolicy", Method: get, Path: functionPath + "/policy"},
		{Operation: "AddPermission", Method: post, Path: functionPath + "/policy", Status: http.StatusCreated},
		{Operation: "RemovePermission", Method: del, Path: functionPath + "/policy/{StatementId}", Status: http.StatusNoContent},
		{Operation: "PutFunctionConcurrency", Method: put, Path: "/2017-10-31/functions/{FunctionName}/concurrency"},
		{Operation: "GetFunctionConcurrency", Method: get, Path: "/2019-09-30/functions/{FunctionName}/concurrency"},
		{Operation: "PutFunctionEventInvokeConfig", Method: put, Path: "/2019-09-25/functions/{FunctionName}/event-invoke-config"},
		{Operation: "GetFunctionEventInvokeConfig", Method: get, Path: "/2019-09-25/functions/{FunctionName}/event-invoke-config"},
		{Operation: "Invoke", Method: post, Path: functionPath + "/invocations", Serve: s.serveInvoke},
	}
}

// serveInvoke answers Invoke, whose input and output are any bytes. It must be called inside a coroutine.
func (s *Service) serveInvoke(w http.ResponseWriter, r *http.Request, body []byte, requestID string) {
	parts := strings.Split(r.URL.EscapedPath(), "/")
	ref, err := url.PathUnescape(parts[strings.Count(functionPath, "/")])
	if err != nil {
		writeError(w, protocol.Errorf("InvalidParameterValueException", "The function name %q is not an escaped path: %v.", ref, err))
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
