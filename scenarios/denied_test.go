package scenarios

import "testing"

// Scripts in which IAM denies a call of Slipway's because of what a person did. They are apart from the others, in which none may be denied.
func TestDenied(t *testing.T) {
	for _, file := range scripts(t, "testdata/denied/*.txtar") {
		t.Run(titleOf(file), func(t *testing.T) { play(t, file, setting{seed: 1}) })
	}
}
