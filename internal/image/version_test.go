package image

import (
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"pgregory.net/rapid"
)

// Whatever the rule and the tags, versions are followed and ordered as the library for Semantic Versioning has them.
func TestVersionsAreThoseOfSemanticVersioning(t *testing.T) {
	wild := rapid.StringMatching(`v?[0-2]{1,2}(\.[0-2]{1,2}){0,3}(-rc\.1)?|[v.+-]{0,2}[0-9]{0,22}\.?[a-z]?`)
	followed := 0
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringMatching(`[0-2]{1,2}(\.[0-2]{1,2})?`).Draw(t, "line")
		rule, err := ParseFollow("semver:" + line)
		if err != nil {
			t.Fatal(err)
		}
		constraint, err := semver.NewConstraint("~" + line)
		if err != nil {
			t.Fatal(err)
		}
		near := rapid.Map(rapid.StringMatching(`(\.[0-2]{1,2}){0,2}(-rc)?`), func(rest string) string { return line + rest })
		tag := rapid.OneOf(near, rapid.Map(near, func(tag string) string { return "v" + tag }), wild)
		a, b := tag.Draw(t, "a"), tag.Draw(t, "b")
		va, errA := semver.NewVersion(a)
		vb, errB := semver.NewVersion(b)
		want := errA == nil && constraint.Check(va) && !strings.Contains(a, "+") // which is in no tag
		if got := rule.Matches(a); got != want {
			t.Fatalf("rule %s, tag %q: got %v, want %v", rule, a, got, want)
		}
		if want && errB == nil && constraint.Check(vb) && !strings.Contains(b, "+") {
			followed++
			got := rule.Newer(Candidate{Digest: "1", Tags: []string{a}}, Candidate{Digest: "2", Tags: []string{b}})
			if got != va.GreaterThan(vb) {
				t.Fatalf("rule %s: is %q newer than %q? got %v", rule, a, b, got)
			}
		}
	})
	if followed == 0 {
		t.Error("no two versions of one line were drawn: the test compares nothing")
	}
}
