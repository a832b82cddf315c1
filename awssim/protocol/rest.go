package protocol

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Route is where an operation of a REST API (restJson1) is found. The parts of the path in braces and the parameters of the query
// are members of the input; the other members are in the body.
// https://smithy.io/2.0/spec/http-bindings.html
type Route struct {
	Operation string
	Method    string
	Path      string            // "/schedules/{Name}"
	Status    int               // of an answer; 0 is 200
	Query     map[string]string // parameter -> member, where their names differ by more than the case of the first letter
	// Serve answers in place of the operation, for one whose input or output is not JSON; nil for all others. It is called in a turn.
	Serve func(w http.ResponseWriter, r *http.Request, body []byte, requestID string)
}

// match reports whether a request is for the route, and the members that its path holds.
func (t Route) match(r *http.Request) (members map[string]string, ok bool) {
	path := strings.TrimSuffix(r.URL.EscapedPath(), "/")
	if r.Method != t.Method || strings.Count(t.Path, "/") != strings.Count(path, "/") { // nearly all routes end here
		return nil, false
	}
	want, got := strings.Split(t.Path, "/"), strings.Split(path, "/")
	members = map[string]string{}
	for i, part := range want {
		text, err := url.PathUnescape(got[i])
		if name, label := strings.CutPrefix(part, "{"); label && text != "" && err == nil {
			members[strings.TrimSuffix(name, "}")] = text
		} else if part != text {
			return nil, false
		}
	}
	return members, true
}

// Route finds the operation of a REST API that a request is for. It is the zero Route where there is none, as for other formats.
func (a *API) Route(r *http.Request) Route {
	for _, route := range a.Routes {
		if _, ok := route.match(r); ok {
			return route
		}
	}
	return Route{}
}

// RestInput gathers the input of a REST operation into one JSON object: path, query and body. The body of a route that serves by itself
// is no part of it.
func (a *API) RestInput(r *http.Request, body []byte) ([]byte, error) {
	route := a.Route(r)
	members := map[string]json.RawMessage{}
	if route.Serve == nil && len(bytes.TrimSpace(body)) > 0 {
		if err := json.Unmarshal(body, &members); err != nil {
			return nil, Errorf("SerializationException", "the input is not a JSON object: %v", err)
		}
		if members == nil {
			return nil, Errorf("SerializationException", "the input is not a JSON object: it is null")
		}
	}
	inPath, ok := route.match(r)
	if !ok {
		return nil, a.unknown(a.Operation(r, body))
	}
	for parameter, values := range r.URL.Query() {
		member, renamed := route.Query[parameter]
		if !renamed {
			member = upperFirst(parameter)
		}
		inPath[member] = values[0]
	}
	for member, text := range inPath {
		encoded, err := json.Marshal(text)
		if err != nil {
			return nil, Errorf("SerializationException", "%s is not text: %v", member, err)
		}
		members[member] = encoded
	}
	return json.Marshal(members)
}
