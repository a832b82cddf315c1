package rollout

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"slipway/internal/oneline"
	"slipway/internal/record"
)

// What people read is bounded: a Cause may have 32,768 characters, and a state of the workflow 256 KiB in all.
const (
	longestSentence = 2000
	longestLine     = 600 // a line of a container's log has 500 bytes at most
)

// Sentence makes a cause fit to be read: one line of bounded length, without control characters.
func Sentence(s string) string { return oneline.Clip(s, longestSentence) }

// Conclude names the ending of a final state and its cause, one sentence for people. ok is false for states that are not
// final.
func Conclude(s State, at time.Time) (ending record.Ending, cause string, ok bool) {
	ending, cause, ok = conclude(s, at)
	return ending, Sentence(cause), ok
}

func conclude(s State, at time.Time) (ending record.Ending, cause string, ok bool) {
	p := s.plan()
	name := p.Service.Service + " " + p.Image.Name()
	took := Elapsed(at.Sub(p.StartedAt))
	switch s := s.(type) {
	case Succeeded:
		return concludeSuccess(s, name, took)
	case RolledBack:
		if s.To == "" {
			return record.EndingRolledBack, fmt.Sprintf("%s failed as the first image of the service, which is back at 0 tasks - %s", name, s.Because.Words), true
		}
		return record.EndingRolledBack, fmt.Sprintf("%s rolled back to %s in %s - %s", name, revisionName(s.To, s.ToName), took, s.because()), true
	case Stuck:
		return record.EndingStuck, fmt.Sprintf("%s is stuck: %s - it was to be rolled back because %s", name, s.Why, s.Because.Words), true
	case Foreign:
		if s.Revision == "" {
			return record.EndingHeld, s.Why, true
		}
		return record.EndingHeld, s.Why + "; Slipway leaves the service alone until the next push, or a run with \"force\":true", true
	case Ended:
		return s.Ending, s.Why, true
	}
	return "", "", false
}

func concludeSuccess(s Succeeded, name, took string) (record.Ending, string, bool) {
	ending, words := record.EndingDeployed, ""
	switch {
	case s.Action == record.Rollback:
		how := ", rolled back by hand in "
		if s.Undoes {
			how = " in "
		}
		words = s.Service.Service + " is back on " + revisionName(s.Revision, s.Image.Name()) + how + took
		if s.Reason != "" {
			words += ": " + s.Reason
		}
	case !s.Proven:
		words = fmt.Sprintf("%s deployed, but unproven: the service wants 0 tasks", name)
	case s.Adopting:
		ending, words = record.EndingNothingToDo, fmt.Sprintf("%s already runs and stayed healthy; recorded as last good", name)
	default:
		words = fmt.Sprintf("%s deployed in %s as %s, %d/%d healthy", name, took, ShortRevision(s.Revision), s.Desired, s.Desired)
	}
	if s.Unfinished != "" {
		words += "; " + s.Unfinished
	}
	return ending, words, true
}

// because is the reason with the line of the log that tells it, if there is one.
func (s RolledBack) because() string {
	if n := len(s.Evidence.Log); n > 0 {
		return s.Because.Words + ": " + s.Evidence.Log[n-1]
	}
	return s.Because.Words
}

// Block is the failure block: six lines that answer what happened, why, and what to do. It is empty for good endings.
func Block(s State, at time.Time) []string {
	p := s.plan()
	switch s := s.(type) {
	case RolledBack:
		head := fmt.Sprintf("x %s  %s  ROLLED BACK to %s in %s", p.Service.Service, p.Image.Name(), revisionName(s.To, s.ToName), Elapsed(at.Sub(p.StartedAt)))
		if s.To == "" {
			head = fmt.Sprintf("x %s  %s  ROLLED BACK in %s", p.Service.Service, p.Image.Name(), Elapsed(at.Sub(p.StartedAt)))
		}
		if s.Kept != "" {
			head += " - " + s.Kept
		}
		return block(head, s.Because, s.Evidence, p)
	case Stuck:
		return block(fmt.Sprintf("x %s  %s  STUCK: %s", p.Service.Service, p.Image.Name(), s.Why), s.Because, s.Evidence, p)
	}
	return nil
}

func block(head string, why Reason, e Evidence, p Plan) []string {
	lines := []string{head, "  why    " + why.Words}
	if stopped := plainTarget(e.Stopped); stopped != "" && !strings.Contains(why.Words, lowerFirst(stopped)) {
		lines[1] += "        stopped: " + stopped
	}
	lines = append(append(lines, logLines(e)...), "  hint   "+hint(why, e, p), "  more   "+more(p))
	for i := range lines {
		lines[i] = oneline.Cut(oneline.Printable(lines[i]), longestLine)
	}
	return lines
}

// logLines are the last two lines of the failing container's log, or what else was seen.
func logLines(e Evidence) []string {
	label := func(i int, text string) string {
		if i == 0 {
			return "  log    " + text
		}
		return "         " + text
	}
	var lines []string
	for i, text := range e.Log[max(0, len(e.Log)-2):] {
		lines = append(lines, label(i, shortStream(e.Stream)+"  "+text))
	}
	for i := len(lines); i < 2; i++ {
		switch {
		case i == 0 && e.Missing != "":
			lines = append(lines, label(i, "none: "+e.Missing))
		case i == 0:
			lines = append(lines, label(i, "none: no log was looked at"))
		case len(e.Targets) > 0:
			lines = append(lines, "  target "+e.Targets[0])
		default:
			lines = append(lines, fmt.Sprintf("  seen   %s", failures(e)))
		}
	}
	return lines
}

func failures(e Evidence) string {
	exit := "no exit code"
	if e.ExitCode != nil {
		exit = fmt.Sprintf("exit code %d", *e.ExitCode)
	}
	return fmt.Sprintf("%d failed tasks, task %s, %s", e.Failures, shortID(e.Task), exit)
}

// hint says what to look at, most telling first.
func hint(why Reason, e Evidence, p Plan) string {
	last := strings.Join(e.Log, "\n")
	for _, c := range e.Changed {
		// A name that was removed and that the log complains about is nearly always the cause.
		if name, ok := strings.CutPrefix(c, "environment - "); ok && strings.Contains(last, name) {
			return fmt.Sprintf("%s is in %s but not in %s", name, ShortRevision(p.Baseline), ShortRevision(p.Revision))
		}
	}
	switch {
	case why.Class == ClassEnvironment:
		return "the old tasks fail in the same way: look at what the tasks depend on, not at the image"
	case why.Class == ClassCapacity:
		return "the image is not to blame and can be deployed again: give the cluster room"
	case why.Class == ClassInfrastructure:
		return "the image is not to blame and can be deployed again: look at the tasks' network, the registry and the machines' disks"
	case why.Class == ClassDeployer:
		return "the image is not to blame: look at the log of the workflow's functions"
	}
	if beside := besideImages(e.Changed); len(beside) > 0 {
		return "changed besides the image: " + strings.Join(beside[:min(len(beside), 3)], ", ")
	}
	return "only the image changed: " + cmp.Or(p.Name, "the one before") + " -> " + p.Image.Name()
}

// besideImages are the differences that are not the image's own.
func besideImages(changed []string) []string {
	var beside []string
	for _, c := range changed {
		if !strings.HasPrefix(c, "image ") {
			beside = append(beside, c)
		}
	}
	return beside
}

func more(p Plan) string {
	return fmt.Sprintf(`again: start an execution with {"service":%q,"image":%q,"force":true}`, p.Service.String(), string(p.Image.Digest))
}

func revisionName(arn, image string) string {
	if image == "" {
		return ShortRevision(arn)
	}
	return ShortRevision(arn) + " (" + image + ")"
}

func shortStream(stream string) string {
	i := strings.LastIndex(stream, "/")
	if i < 0 {
		return stream
	}
	return stream[:i+1] + shortID(stream[i+1:])
}

func shortID(id string) string {
	if len(id) <= 8 {
		return id
	}
	return id[:6]
}
