package image

import "testing"

func TestCovers(t *testing.T) {
	arm := Platform{OS: "linux", Architecture: "arm64"}
	for _, test := range []struct {
		have []Platform
		want Platform
		ok   bool
	}{
		{[]Platform{{OS: "linux", Architecture: "amd64"}, arm}, arm, true},
		{[]Platform{{OS: "linux", Architecture: "amd64"}}, arm, false},
		{[]Platform{{OS: "windows", Architecture: "arm64"}}, arm, false},
		{nil, arm, false},
		{[]Platform{arm}, Platform{}, true}, // left to the instances
	} {
		if got := Covers(test.have, test.want); got != test.ok {
			t.Errorf("%v covers %q: got %v, want %v", test.have, test.want, got, test.ok)
		}
	}
}
