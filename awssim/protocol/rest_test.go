package protocol

import (
	"net/http/httptest"
	"strings"
	"testing"
)

type thing struct {
	Name, Kind, Note *string
	Count            *int32
}

func restAPI() *API {
	api := &API{Service: "things", Format: REST, Pascal: true, Routes: []Route{
		{Operation: "PutThing", Method: "PUT", Path: "/things/{Name}", Status: 201, Query: map[string]string{"ThingKind": "Kind"}},
		{Operation: "DeleteThing", Method: "DELETE", Path: "/things/{Name}", Status: 204},
	}}
	same := func(_ *Call, in *thing) (*thing, error) { return in, nil }
	Handle(api, "PutThing", same)
	Handle(api, "DeleteThing", same)
	return api
}

func TestREST(t *testing.T) {
	for _, c := range []struct {
		name, method, url, body string
		status                  int
		want                    string
	}{
		{"path, query and body", "PUT", "/things/a%2Fb%3Ac?ThingKind=k&count=7", `{"Note":"n"}`, 201, `{"Count":7,"Kind":"k","Name":"a/b:c","Note":"n"}`},
		{"a slash at the end", "PUT", "/things/a/", ``, 201, `{"Name":"a"}`},
		{"an answer without body", "DELETE", "/things/a", ``, 204, ``},
		{"unknown parameter", "PUT", "/things/a?colour=red", ``, 400, `no member \"Colour\"`},
		{"body that is no object", "PUT", "/things/a", `[1]`, 400, "SerializationException"},
		{"body that is null", "PUT", "/things/a", `null`, 400, "SerializationException"},
		{"unknown method", "GET", "/things/a", ``, 501, "does not implement things GET /things/a; it implements DeleteThing, PutThing"},
		{"no name", "PUT", "/things/", ``, 501, "does not implement things PUT /things/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			restAPI().Serve(w, httptest.NewRequest(c.method, c.url, nil), []byte(c.body), "id")
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || c.want == "" && w.Body.Len() > 0 {
				t.Errorf("%d %s, want %d with %s", w.Code, w.Body, c.status, c.want)
			}
		})
	}
}
