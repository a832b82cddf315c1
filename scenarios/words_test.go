package scenarios

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// words are the language of a kind of script: how each word is written, and what it does with its arguments. It is written as its
// name and what its arguments are; those in brackets may be left out, and "..." stands for more of the one before.
type words map[string]func(args []string) error

var (
	errUnknown   = errors.New("there is no such word")
	errArguments = errors.New("wrong number of arguments; it is written")
)

// find returns nil for a name that is no word.
func (w words) find(name string) (written string, do func(args []string) error) {
	for written, do := range w {
		if first, _, _ := strings.Cut(written, " "); first == name {
			return written, do
		}
	}
	return "", nil
}

// arguments are how many a word takes at least and at most, by how it is written.
func arguments(written string) (least, most int) {
	must, _, _ := strings.Cut(written, "[")
	least = len(strings.Fields(strings.ReplaceAll(must, "...", ""))) - 1
	if strings.Contains(written, "...") {
		return least, math.MaxInt
	}
	return least, len(strings.Fields(written)) - 1
}

// spoken does what a word says in scripts of a kind that has words of its own, or what it says in every script.
func (s *script) spoken(own words, name string, args []string) error {
	written, do := own.find(name)
	if do == nil {
		written, do = s.words().find(name)
	}
	if do == nil {
		return errUnknown
	}
	if least, most := arguments(written); len(args) < least || len(args) > most {
		return fmt.Errorf("%w: %s", errArguments, written)
	}
	return do(args)
}

func none(do func()) func([]string) error {
	return func([]string) error {
		do()
		return nil
	}
}

func try(do func() error) func([]string) error { return func([]string) error { return do() } }

func one(do func(string) error) func([]string) error {
	return func(args []string) error { return do(args[0]) }
}

func two(do func(first, second string) error) func([]string) error {
	return func(args []string) error { return do(args[0], args[1]) }
}

// count compares a number with the script's.
func count(of func() int) func([]string) error {
	return func(args []string) error { return same(strconv.Itoa(of()), args[0]) }
}

func same(got, want string) error {
	if got != want {
		return fmt.Errorf("got %s, want %s", got, want)
	}
	return nil
}

func TestArguments(t *testing.T) {
	for written, want := range map[string][2]int{
		"stop": {0, 0}, "tag KEY VALUE": {2, 2}, "service NAME=VALUE ...": {1, math.MaxInt}, "push TAG [LABEL=VALUE ...]": {1, math.MaxInt},
		"drift [KIND [WORDS ...]]": {0, math.MaxInt}, "run DURATION [UNIT]": {1, 2},
	} {
		if least, most := arguments(written); least != want[0] || most != want[1] {
			t.Errorf("%s takes %d to %d, want %v", written, least, most, want)
		}
	}
}

// A slip in a script is an error that names its line, and not a panic: every word knows how many arguments it takes.
func TestWordsCountTheirArguments(t *testing.T) {
	s := &script{world: &world{t: t}}
	for kind, k := range map[string]struct {
		words   words
		command func(string, []string) error
	}{
		"scenario": {s.words(), s.command}, "recovery": {recovery{s}.words(), recovery{s}.command}, "family": {family{s}.words(), family{s}.command},
	} {
		if err := k.command("unknown", nil); err != errUnknown {
			t.Errorf("%s: an unknown word: got %v", kind, err)
		}
		known := map[string]bool{}
		for written := range k.words {
			name, _, _ := strings.Cut(written, " ")
			if known[name] {
				t.Errorf("%s: %s is there twice", kind, name)
			}
			known[name] = true
			least, most := arguments(written)
			for _, n := range []int{least - 1, most + 1} { // there is no fewer than none, and no more than any
				if n < 0 {
					continue
				}
				if err := k.command(name, make([]string, n)); !errors.Is(err, errArguments) {
					t.Errorf("%s: %s with %d arguments: got %v, want %v", kind, name, n, err, errArguments)
				}
			}
		}
	}
}
