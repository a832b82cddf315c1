package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHealthNeedsTheDatabase(t *testing.T) {
	database, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ping := func() int {
		w := httptest.NewRecorder()
		env := map[string]string{"DATABASE": database.Addr().String()}
		routes(func(name string) string { return env[name] }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/ping", nil))
		return w.Code
	}
	if got := ping(); got != http.StatusOK {
		t.Errorf("got %d with a database, want 200", got)
	}
	if err := database.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ping(); got != http.StatusInternalServerError {
		t.Errorf("got %d without a database, want 500", got)
	}
}

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
