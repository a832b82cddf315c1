package image

import (
	"strconv"
	"strings"
)

// version is a released version that a tag spells: major, minor, patch; those that the tag leaves out are 0.
type version [3]uint64

// parseVersion reads 1, v1.4 or 1.4.2. Zeros may lead (2026.01.05). Pre-releases are no versions here, because a rule never
// follows them, and build metadata cannot be in a tag: '+' is not allowed there.
//
// This is the corner of Semantic Versioning that is used. A library for all of it was half a millisecond of every start of every
// function (docs/performance.md); a test compares this with it.
func parseVersion(tag string) (v version, ok bool) {
	parts := strings.Split(strings.TrimPrefix(tag, "v"), ".")
	if len(parts) > len(v) || len(tag) > 128 {
		return version{}, false
	}
	for i, part := range parts {
		number, err := strconv.ParseUint(part, 10, 64)
		if err != nil { // a sign and an empty part are errors, too
			return version{}, false
		}
		v[i] = number
	}
	return v, true
}

// within reports whether v is of the same major version as line, and of the same minor if there are two numbers in it.
func (v version) within(line version, numbers int) bool {
	for i := range numbers {
		if v[i] != line[i] {
			return false
		}
	}
	return true
}
