package deployer

import (
	"strings"
	"testing"
	"time"

	"slipway/internal/rollout"
)

func TestPolicyOf(t *testing.T) {
	p, err := policyOf(map[string]string{})
	if err != nil || p.Bake.Duration() != rollout.DefaultBake || p.Timeout.Duration() != rollout.DefaultTimeout || p.InitialCount != 0 {
		t.Fatalf("got %+v, %v", p, err)
	}
	p, err = policyOf(map[string]string{rollout.TagBake: "90s", rollout.TagTimeout: "1h", rollout.TagInitialCount: "3", rollout.TagFollow: "semver:1", rollout.TagDrift: "repair"})
	if err != nil || p.Bake != 90 || p.Timeout.Duration() != time.Hour || p.InitialCount != 3 {
		t.Fatalf("got %+v, %v", p, err)
	}
	for tag, value := range map[string]string{rollout.TagBake: "3h", rollout.TagTimeout: "5h", rollout.TagInitialCount: "0", rollout.TagFollow: "newest", rollout.TagDrift: "fix"} {
		if _, err := policyOf(map[string]string{tag: value}); err == nil || !strings.Contains(err.Error(), tag) || !strings.Contains(err.Error(), "write") {
			t.Errorf("%s=%s: got %v, want an error that names the tag and says what to write", tag, value, err)
		}
	}
}

func TestMisspeltTags(t *testing.T) {
	for tag, want := range map[string]string{
		"slipway:folow":        "write slipway:follow",
		"Slipway:Bake":         "write slipway:bake",
		"slipway:initialcount": "write slipway:initial-count",
		"slipway:owner":        "write one of slipway:repository, ",
	} {
		if _, err := policyOf(map[string]string{tag: "any"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", tag, err, want)
		}
	}
	if _, err := policyOf(map[string]string{"owner": "shop", "team:slipway": "x"}); err != nil {
		t.Errorf("tags of others: %v", err)
	}
}
