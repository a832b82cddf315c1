package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		path string
		code int
		body string
	}{
		{nil, "/ping", http.StatusOK, "pong\n"},
		{map[string]string{"UNHEALTHY": "database unreachable"}, "/ping", http.StatusInternalServerError, "database unreachable\n"},
		{map[string]string{"VERSION": "v7"}, "/", http.StatusOK, "pingpong v7\n"},
		{nil, "/else", http.StatusNotFound, "404 page not found\n"},
	} {
		w := httptest.NewRecorder()
		routes(func(name string) string { return c.env[name] }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.path, nil))
		if w.Code != c.code || w.Body.String() != c.body {
			t.Errorf("GET %s with %v: got %d %q, want %d %q", c.path, c.env, w.Code, w.Body.String(), c.code, c.body)
		}
	}
}
