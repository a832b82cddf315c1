package story

import "strings"

// Folded breaks text at spaces into lines of at most width columns, but for longer words. Lines after the first are indented by so many
// columns.
func Folded(text string, width, indent int) (lines []string) {
	for len(text) > width {
		at := strings.LastIndex(text[:width+1], " ")
		if at <= indent || strings.TrimSpace(text[:at]) == "" { // a word that is longer than a line
			next := strings.Index(text[min(indent, len(text)):], " ")
			if next < 0 {
				break
			}
			at = indent + next
		}
		if strings.TrimSpace(text[:at]) != "" {
			lines = append(lines, strings.TrimRight(text[:at], " "))
		}
		text = strings.Repeat(" ", indent) + strings.TrimLeft(text[at:], " ")
	}
	return append(lines, text)
}

// Continued breaks a command of the shell before its options into lines of at most width columns, but for longer words. All but the last end
// with a backslash, so that they are pasted as one command; those after the first are indented by so many columns more.
func Continued(command string, width, indent int) (lines []string) {
	line, lead := "", command[:len(command)-len(strings.TrimLeft(command, " "))]
	for _, part := range options(command[len(lead):], width-len(lead)-indent-len(` \`)) {
		switch {
		case line == "":
			line = lead + part
		case len(line)+1+len(part)+len(` \`) > width:
			lines = append(lines, line+` \`)
			line = lead + strings.Repeat(" ", indent) + part
		default:
			line += " " + part
		}
	}
	return append(lines, line)
}

// options takes a command apart: what is run and on what, then each option with its value, or without where both are wider than width.
func options(command string, width int) (parts []string) {
	for i, part := range strings.Split(command, " --") {
		if i > 0 {
			part = "--" + part
		}
		name, value, valued := strings.Cut(part, " ")
		if i > 0 && valued && len(part) > width {
			parts = append(parts, name, value)
			continue
		}
		parts = append(parts, part)
	}
	return parts
}
