package deployer

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"slipway/internal/image"
	"slipway/internal/record"
)

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html allows 80 characters.
func TestExecutionNames(t *testing.T) {
	form := regexp.MustCompile(`^[0-9A-Za-z_-]{1,80}$`)
	rapid.Check(t, func(t *rapid.T) {
		name := record.ServiceName{Cluster: rapid.StringMatching(`[A-Za-z0-9_-]{1,255}`).Draw(t, "cluster"), Service: rapid.StringMatching(`[A-Za-z0-9_-]{1,255}`).Draw(t, "service")}
		wish := record.Wish{Number: rapid.IntRange(1, 1e6).Draw(t, "n"), Image: image.Reference{Tag: rapid.StringMatching(`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`).Draw(t, "tag"), Digest: digest}}
		got := ExecutionName(name, wish)
		if !form.MatchString(got) {
			t.Fatalf("%q is not an execution name", got)
		}
		wish.Number++
		if ExecutionName(name, wish) == got {
			t.Fatalf("two wishes share the name %q", got)
		}
	})
}
