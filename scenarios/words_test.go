package scenarios

import "testing"

// A slip in a script is an error that names its line, and not a panic: every word knows how many arguments it takes.
func TestWordsCountTheirArguments(t *testing.T) {
	s := &script{world: &world{t: t}}
	for interpreter, command := range map[string]func(string, []string) error{
		"scenario": s.command, "recovery": recovery{s}.command, "family": family{s}.command,
	} {
		for _, name := range []string{"unknown", "ends", "runs", "tag", "stop", "redrive", "until", "refuse", "retag", "by-tag", "loosely", "scale", "good", "deregister", "throttle", "drift-failures"} {
			if err := command(name, []string{"1", "2", "3"}); err != errArguments {
				t.Errorf("%s: %s with three arguments: got %v, want %v", interpreter, name, err, errArguments)
			}
		}
	}
}
