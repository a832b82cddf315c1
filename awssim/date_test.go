package awssim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"slipway/awssim"
	"slipway/awssim/clock"
)

// Clients read the time of AWS from its answers: to sign with, and to say how long ago something was.
func TestAnswersAreDatedByTheClock(t *testing.T) {
	sim, err := awssim.New(awssim.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	sim.Clock.RunFor(time.Hour)
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/", strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListClusters")
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	if got, want := w.Header().Get("Date"), clock.Epoch.Add(time.Hour).Format(http.TimeFormat); w.Code != http.StatusOK || got != want {
		t.Fatalf("got %d of %q, want 200 of %q", w.Code, got, want)
	}
}
