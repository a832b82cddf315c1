package awssim

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Loopback lets only this machine ask. A page in a browser can send requests to 127.0.0.1 too, under a name that it makes point
// there or from its own origin; such requests have a foreign Host or Origin and are refused with 403.
func Loopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.Host) {
			http.Error(w, "awssim serves this machine only: Host must be localhost or a loopback address, not "+r.Host, http.StatusForbidden)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			if u, err := url.Parse(origin); err != nil || !isLoopback(u.Host) {
				http.Error(w, "awssim serves this machine only: a page of "+origin+" may not ask", http.StatusForbidden)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopback reports whether host, with or without a port, is this machine by name or address.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
