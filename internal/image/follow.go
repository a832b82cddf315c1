package image

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Candidate is an image of a repository that a service might run.
type Candidate struct {
	Digest   Digest    `json:"digest"`
	Tags     []string  `json:"tags"`
	PushedAt time.Time `json:"pushedAt"`
}

// Follow says which pushes of its repository a service follows, and which of two images is the newer: the value of the tag
// slipway:follow. The zero value follows any.
type Follow struct {
	kind string // "any", "tag", "prefix", "semver"
	want string
	line version // of semver: what the numbers in want say
}

// versionForm is a major version, or major and minor.
var versionForm = form{pattern: `^[0-9]+(\.[0-9]+)?$`}

// ParseFollow reads a slipway:follow value: any, tag:NAME, prefix:TEXT, semver:1 or semver:1.4. "" is any.
func ParseFollow(value string) (Follow, error) {
	kind, want, _ := strings.Cut(value, ":")
	f := Follow{kind: kind, want: want}
	switch kind {
	case "", "any":
		if want == "" {
			return Follow{kind: "any"}, nil
		}
	case "tag":
		return f, CheckTag(want)
	case "prefix":
		return f, CheckTag(want)
	case "semver":
		line, ok := parseVersion(want)
		if !ok || !versionForm.get().MatchString(want) {
			return Follow{}, fmt.Errorf("slipway:follow %q: write semver:1 or semver:1.4", clip(value))
		}
		f.line = line
		return f, nil
	}
	return Follow{}, fmt.Errorf("slipway:follow %q: write any, tag:NAME, prefix:TEXT, semver:1 or semver:1.4", clip(value))
}

func (f Follow) String() string {
	if f.want == "" {
		return "any"
	}
	return f.kind + ":" + f.want
}

// Pointer reports whether the rule follows one moving tag, so that what the tag points at now is the newest image, even
// when it was pushed long ago.
func (f Follow) Pointer() (tag string, ok bool) { return f.want, f.kind == "tag" }

// Versions reports whether the rule orders images by the versions that their tags spell, and not by when they were pushed.
func (f Follow) Versions() bool { return f.kind == "semver" }

// Matches reports whether a push under this tag is followed. Tags that tools derive for signatures, attestations and
// bills of material (sha256-....sig) are never followed.
func (f Follow) Matches(tag string) bool {
	if strings.HasPrefix(tag, "sha256-") {
		return false
	}
	switch f.kind {
	case "tag":
		return tag == f.want
	case "prefix":
		return strings.HasPrefix(tag, f.want)
	case "semver":
		v, ok := parseVersion(tag)
		return ok && v.within(f.line, strings.Count(f.want, ".")+1)
	}
	return true
}

// Newer reports whether a is to be deployed when b is what the service already wants. For a tag rule a is what the tag
// points at now, so it only has to differ; for semver the version decides and never goes down; else the time of the push,
// with the digest to break ties.
func (f Follow) Newer(a, b Candidate) bool {
	if a.Digest == b.Digest {
		return false
	}
	switch f.kind {
	case "tag":
		return true
	case "semver":
		va, okA := f.highest(a)
		vb, okB := f.highest(b)
		if !okA || !okB {
			return okA
		}
		if c := slices.Compare(va[:], vb[:]); c != 0 {
			return c > 0
		}
	}
	if !a.PushedAt.Equal(b.PushedAt) {
		return a.PushedAt.After(b.PushedAt)
	}
	return a.Digest > b.Digest
}

// Ranked are the candidates that the rule follows, the newest first.
func (f Follow) Ranked(candidates []Candidate) []Candidate {
	var followed []Candidate
	for _, c := range candidates {
		if f.Tag(c) != "" {
			followed = append(followed, c)
		}
	}
	sort.SliceStable(followed, func(i, j int) bool { return f.Newer(followed[i], followed[j]) })
	return followed
}

// Tag is the tag under which the rule follows the candidate: for semver the highest version's, else the first that
// matches.
func (f Follow) Tag(c Candidate) string {
	best, bestVersion := "", version{}
	for _, tag := range c.Tags {
		if !f.Matches(tag) {
			continue
		}
		if f.kind != "semver" {
			return tag
		}
		if v, ok := parseVersion(tag); ok && (best == "" || slices.Compare(v[:], bestVersion[:]) > 0) {
			best, bestVersion = tag, v
		}
	}
	return best
}

func (f Follow) highest(c Candidate) (version, bool) { return parseVersion(f.Tag(c)) }
