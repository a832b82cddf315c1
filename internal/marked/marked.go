// Package marked puts what a program writes into a document: between the lines <!-- NAME --> and <!-- end -->. It is for tests and
// benchmarks.
package marked

import (
	"fmt"
	"os"
	"strings"
)

const end = "<!-- end -->"

// Replace is the document with the part of that name in place of the one it has. The part ends with a newline. A document without
// the two marks, or with two parts of that name, is an error.
func Replace(document, name, part string) (string, error) {
	begin := "<!-- " + name + " -->\n"
	before, rest, opened := strings.Cut(document, begin)
	_, after, closed := strings.Cut(rest, end)
	switch {
	case !opened || !closed:
		return "", fmt.Errorf("there is no place for %q: add the lines %q and %q", name, strings.TrimSpace(begin), end)
	case strings.Contains(after, begin):
		return "", fmt.Errorf("there are two places for %q: take one away", name)
	}
	return before + begin + part + end + after, nil
}

// Compare compares a part of the document in a file with what it must be; the error says where they differ. Or it writes it there.
func Compare(file, name, part string, write bool) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	want, err := Replace(string(text), name, part)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", file, err)
	case write:
		return os.WriteFile(file, []byte(want), 0o644)
	case want != string(text):
		return fmt.Errorf("%s, part %q, %s", file, name, difference(string(text), want))
	}
	return nil
}

// difference is the first line in which two texts differ.
func difference(got, want string) string {
	has, must := strings.Split(got, "\n"), strings.Split(want, "\n")
	i := 0
	for i < min(len(has), len(must))-1 && has[i] == must[i] {
		i++
	}
	return fmt.Sprintf("line %d:\n- %s\n+ %s", i+1, has[i], must[i])
}
