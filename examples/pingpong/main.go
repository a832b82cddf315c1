// Command pingpong is the sample service: it answers pings, and can be told to fail in the ways that matter.
//
// Environment:
//
//	HOST, PORT   where to listen (default: every address, 3000)
//	VERSION      what GET / answers with
//	REQUIRES     names of variables without which it refuses to start, separated by commas
//	UNHEALTHY    if set, GET /ping answers 500 with this text
//	DATABASE     if set, GET /ping answers 500 while nothing listens at this host:port
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	for _, name := range strings.FieldsFunc(os.Getenv("REQUIRES"), func(r rune) bool { return r == ',' }) {
		if os.Getenv(name) == "" {
			log.Printf("reading settings")
			log.Fatalf("settings: %s is not set", name)
		}
	}
	server := &http.Server{Addr: net.JoinHostPort(os.Getenv("HOST"), or(os.Getenv("PORT"), "3000")), Handler: routes(os.Getenv), ReadHeaderTimeout: 5 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() {
		<-ctx.Done()
		// Requests in flight are answered before the process ends: the load balancer sends no new ones any more.
		deadline, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(deadline)
	}()
	log.Printf("pingpong %s listens on %s", os.Getenv("VERSION"), server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func routes(env func(string) string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) {
		if why := unhealthy(env); why != "" {
			log.Printf("ping: %s", why)
			http.Error(w, why, http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, "pong")
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "pingpong %s\n", env("VERSION"))
	})
	return mux
}

// unhealthy says why the service cannot do its work, "" if it can.
func unhealthy(env func(string) string) string {
	if why := env("UNHEALTHY"); why != "" {
		return why
	}
	address := env("DATABASE")
	if address == "" {
		return ""
	}
	connection, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return "database unreachable: " + err.Error()
	}
	_ = connection.Close() // it was to be reached, no more
	return ""
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
