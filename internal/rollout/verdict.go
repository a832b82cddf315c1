package rollout

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"slipway/internal/oneline"
)

// crashLimit is how often essential containers must exit for the same reason before the image is blamed. One exit may be
// the machine's fault.
const crashLimit = 2

// failure is one task that went wrong: its class, the words for people, and the key under which like failures count.
type failure struct {
	class Class
	words string // without the count
	key   string
	of    *Task
}

// drained is how long the load balancer may go on with a task that failed its checks, before the task is stopped.
const drained = 5 * time.Minute

// seen is when it failed, as far as an observation shows; of a task that failed its checks it is the earliest that this can have been.
func (f failure) seen(o Observation) time.Time {
	at := f.of.StoppedAt
	if at.IsZero() { // it is stopping
		at = o.At
	}
	if began := f.of.StartedAt; f.class == ClassHealth && !began.IsZero() {
		if at = at.Add(-drained); at.Before(began) {
			return began
		}
	}
	return at
}

// verdict looks for a reason to give up now. Waiting for the deadline is overdue's business.
func verdict(w Watch, o Observation) (Reason, bool) {
	if r, failed := tasksFail(w, o); failed {
		return r, true
	}
	if ours, ok := o.Listed(w.Deployment); ok && ours.State == "FAILED" {
		return ecsGaveUp(w, o, "ECS gave the deployment up: "+ours.Reason), true
	}
	return Reason{}, false
}

// tasksFail looks for what the tasks themselves show to be the image's fault.
func tasksFail(w Watch, o Observation) (Reason, bool) {
	failures := failuresOf(o.Tasks)
	for _, f := range failures {
		if f.class == ClassDefinitive && !alsoOld(f, w, o) {
			return Reason{Class: f.class, Words: f.words, Task: f.of.ID}, true
		}
	}
	var counted []failure
	counts := map[string]int{}
	for _, f := range failures {
		if !w.Delay.excuses(f.seen(o)) {
			counted = append(counted, f)
			counts[f.key]++
		}
	}
	for _, f := range counted {
		limit := crashLimit
		if f.class == ClassHealth {
			limit = 1 // ECS waited for the grace period and the threshold of the check already
		}
		if (f.class == ClassCrash || f.class == ClassHealth) && counts[f.key] >= limit && !alsoOld(f, w, o) {
			return Reason{Class: f.class, Words: fmt.Sprintf("%s, %d of %d tasks", f.words, counts[f.key], tried(o.Tasks)), Task: f.of.ID}, true
		}
	}
	if r, failed := unhealthyNow(o); failed && !w.Delay.excuses(o.At) && !oldUnhealthy(o.At, w, o) {
		return r, true
	}
	return Reason{}, false
}

// overdue judges a deployment that made no progress for the policy's timeout, and says what was in its way.
func overdue(p Plan, w Watch, o Observation) (Reason, bool) {
	if o.At.Sub(w.ProgressAt) <= p.Policy.Timeout.Duration() {
		return Reason{}, false
	}
	waited := "no progress for " + Elapsed(p.Policy.Timeout.Duration())
	if r, blameless := hindrance(w, o); blameless {
		r.Words += ", " + waited
		return r, true
	}
	if f, ok := last(failuresOf(o.Tasks), func(f failure) bool { return f.class != ClassInfrastructure }); ok {
		return Reason{Class: ClassDeadline, Words: f.words + ", " + waited, Task: f.of.ID}, true
	}
	words := fmt.Sprintf("%s: %d of %d tasks healthy", waited, w.Healthy, o.Desired)
	if slices.ContainsFunc(o.Tasks, func(t Task) bool { return t.Up() && t.Unchecked }) {
		words += ", a container health check has not answered"
	}
	return Reason{Class: ClassDeadline, Words: words}, true
}

// hindrance is what keeps the tasks from running that is not the image's fault: the old tasks fail in the same way, there is
// no room, or the network, the registry or a machine is in trouble and nothing else is wrong.
func hindrance(w Watch, o Observation) (Reason, bool) {
	failures := failuresOf(o.Tasks)
	for _, f := range failures {
		if alsoOld(f, w, o) {
			return Reason{Class: ClassEnvironment, Words: f.words + "; the old tasks fail in the same way", Task: f.of.ID}, true
		}
	}
	if r, failed := unhealthyNow(o); failed && oldUnhealthy(o.At, w, o) {
		return Reason{Class: ClassEnvironment, Words: r.Words + "; the old tasks fail in the same way", Task: r.Task}, true
	}
	for _, f := range failures {
		if f.class == ClassCapacity {
			return Reason{Class: f.class, Words: f.words, Task: f.of.ID}, true
		}
	}
	others := slices.ContainsFunc(failures, func(f failure) bool { return f.class != ClassInfrastructure })
	if others || slices.ContainsFunc(o.Tasks, func(t Task) bool { return t.Up() && !t.Healthy() }) {
		return Reason{}, false
	}
	if f, ok := last(failures, func(f failure) bool { return f.key != scheduled }); ok {
		return Reason{Class: ClassInfrastructure, Words: f.words, Task: f.of.ID}, true
	}
	return unplaced(o)
}

// unplaced: every task that is there is healthy, or waits for a machine; the rest was not even begun. ECS remembers that tasks
// failed for longer than it remembers the tasks.
func unplaced(o Observation) (Reason, bool) {
	if o.Primary().Failed > 0 {
		return Reason{}, false
	}
	healthy := 0
	for _, t := range o.Tasks {
		switch {
		case t.Healthy():
			healthy++
		case t.Status != "PROVISIONING" && !t.Stopping:
			return Reason{}, false
		}
	}
	return Reason{Class: ClassCapacity, Words: fmt.Sprintf("ECS could not place a task, %d of %d are healthy", healthy, o.Desired)}, healthy < o.Desired
}

func last(failures []failure, which func(failure) bool) (failure, bool) {
	for i := len(failures) - 1; i >= 0; i-- {
		if which(failures[i]) {
			return failures[i], true
		}
	}
	return failure{}, false
}

// tried counts the tasks that ran or ended. A replacement that ECS has not started yet says nothing.
func tried(tasks []Task) int {
	n := 0
	for _, t := range tasks {
		if t.Up() || t.StopCode != "" || t.StopReason != "" {
			n++
		}
	}
	return n
}

// failuresOf lists what went wrong, oldest first.
func failuresOf(tasks []Task) []failure {
	var list []failure
	for i := range tasks {
		t := &tasks[i]
		if t.StopCode == "" && t.StopReason == "" {
			continue
		}
		f := classify(*t)
		f.of = t
		list = append(list, f)
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i].of, list[j].of
		if !a.StoppedAt.Equal(b.StoppedAt) {
			return a.StoppedAt.Before(b.StoppedAt)
		}
		return a.ID < b.ID
	})
	return list
}

// scheduled is the key of tasks that ECS stopped because they were too many. It says nothing of those that are missing.
const scheduled = "scheduled"

// classify reads stop code and reason. ECS's texts are matched loosely: they are prose and change.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
func classify(t Task) failure {
	reason := t.StopReason
	switch t.StopCode {
	case "SpotInterruption", "TerminationNotice", "InfrastructureHealth", "UserInitiated":
		return failure{class: ClassInfrastructure, words: oneLine(reason), key: "infrastructure"}
	case "ServiceSchedulerInitiated":
		if strings.Contains(reason, "health checks") {
			return failure{class: ClassHealth, words: lowerFirst(plainTarget(reason)) + targetReasons(t), key: "health"}
		}
		return failure{class: ClassInfrastructure, words: reason, key: scheduled}
	}
	if f, ok := cannotStart(t); ok {
		return f
	}
	return crash(t)
}

// cannotStart recognises tasks that never ran.
func cannotStart(t Task) (failure, bool) {
	text, said := t.StopReason, t.StopReason
	for _, c := range t.Containers {
		text += " " + c.Reason
		if strings.HasPrefix(c.Reason, "CannotPullContainer") { // on an EC2 instance only the container says why
			said = c.Reason
		}
	}
	low := strings.ToLower(text)
	has := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(low, word) {
				return true
			}
		}
		return false
	}
	definitive := func(words string) (failure, bool) {
		return failure{class: ClassDefinitive, words: words, key: "definitive"}, true
	}
	pull, setup := has("cannotpullcontainer"), has("resourceinitializationerror")
	switch {
	case has("exec format error", "does not contain descriptor matching platform", "no matching manifest"):
		return definitive("the image is not built for the service's CPU architecture")
	case has("log group does not exist"):
		return definitive("the log group is missing: " + oneLine(t.StopReason))
	case strings.HasPrefix(text, "RESOURCE:"), has("insufficient capacity", "unable to place", "capacity is unavailable", "no container instance", "not have enough free ip", "insufficientfreeaddresses"):
		return failure{class: ClassCapacity, words: "a task could not be placed: " + oneLine(t.StopReason), key: "capacity"}, true
	case (pull || setup || t.StopCode == "TaskFailedToStart") && has(passing...):
		return failure{class: ClassInfrastructure, words: oneLine(said), key: "passing"}, true
	case pull:
		return definitive("the image cannot be pulled: " + oneLine(said))
	case setup:
		return definitive("a secret or another resource is missing: " + oneLine(t.StopReason))
	}
	return failure{}, false
}

// passing are words of trouble with the network, a registry, a disk or ECS itself, on the way to an image, a secret or a network
// interface. It may pass, and an image cannot cause it. They are whole phrases: the texts quote names and digests of images.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
var passing = []string{
	"i/o timeout", "timed out", "timeout exceeded", "handshake timeout", "gateway timeout", "timeout waiting for", "deadline exceeded", "context canceled", "request canceled", "requestcanceled",
	"connection refused", "connection reset", "reset by peer", "broken pipe", "connection issue", "network is unreachable", "no route to host", "unexpected eof", ": eof",
	"no such host", "temporary failure in name resolution", "server misbehaving", "unexpected ec2 error",
	"too many requests", "toomanyrequests", "throttl", "rate exceeded", "service unavailable", "internal server error", "bad gateway", "status code: 50", "internalerror",
	"no space left on device",
}

// startingFor is how long a task is called starting.
const startingFor = 20 * time.Second

// crash describes a task whose essential container ended.
func crash(t Task) failure {
	c, ok := culprit(t)
	if !ok {
		return failure{class: ClassCrash, words: "a task stopped: " + oneLine(t.StopReason), key: "crash " + t.StopReason}
	}
	when := "while starting"
	if ran := t.StoppedAt.Sub(t.StartedAt); !t.StartedAt.IsZero() && ran >= startingFor {
		when = "after " + Elapsed(ran)
	}
	if strings.Contains(strings.ToLower(c.Reason+t.StopReason), "outofmemory") {
		return failure{class: ClassCrash, words: fmt.Sprintf("container %q ran out of memory %s", c.Name, when), key: "oom " + c.Name}
	}
	if c.ExitCode == nil {
		return failure{class: ClassCrash, words: fmt.Sprintf("container %q could not start: %s", c.Name, oneLine(c.Reason)), key: "start " + c.Name}
	}
	return failure{class: ClassCrash, words: fmt.Sprintf("container %q exited %d %s", c.Name, *c.ExitCode, when), key: fmt.Sprint("exit ", c.Name, " ", *c.ExitCode)}
}

// culprit is the container that brought the task down: the first essential one that exited, preferring a bad exit code
// over those that ECS killed afterwards (137 and 143 are signals).
func culprit(t Task) (Container, bool) {
	var best Container
	score := -1
	for _, c := range t.Containers {
		s := -1
		switch {
		case !c.Essential:
			continue
		case c.ExitCode == nil && c.Reason != "":
			s = 3
		case c.ExitCode != nil && *c.ExitCode != 0 && *c.ExitCode != 143 && *c.ExitCode != 137:
			s = 4
		case c.ExitCode != nil && (*c.ExitCode == 0 || c.Reason != ""):
			s = 2
		case c.ExitCode != nil:
			s = 1
		}
		if s > score {
			best, score = c, s
		}
	}
	return best, score >= 0
}

// unhealthyNow: a running task of ours fails its target group's checks although its grace period is over. ECS will stop
// it; there is no need to wait for that.
func unhealthyNow(o Observation) (Reason, bool) {
	for _, t := range o.Tasks {
		if t.StartedAt.IsZero() || o.At.Sub(t.StartedAt) <= o.Grace {
			continue
		}
		if words, failing := t.failing(); failing {
			return Reason{Class: ClassHealth, Words: words, Task: t.ID}, true
		}
	}
	return Reason{}, false
}

// failing says which check a running task fails.
func (t Task) failing() (words string, failing bool) {
	if !t.Up() {
		return "", false
	}
	if t.Health == "UNHEALTHY" {
		return "the container health check fails", true
	}
	for _, target := range t.Targets {
		if target.State == "unhealthy" {
			return fmt.Sprintf("target group %s finds the task unhealthy: %s", target.Group, target.Reason), true
		}
	}
	return "", false
}

// oldTasks are the old tasks that tell something of what failed after a time. Those that stopped before ours were last seen all healthy
// say nothing of what failed after that: after a rollout no old task is left to show that the environment works again, and they
// would excuse ours until the deadline. A task that has stopped failed after its start, and nothing closer is known: it may have been
// drained for minutes.
func oldTasks(after time.Time, w Watch, o Observation) []Task {
	if w.Healthy == 0 || w.Healthy < o.Desired || !after.After(w.ProgressAt) {
		return o.OldTasks
	}
	return notBefore(w.ProgressAt, o.OldTasks)
}

// oldUnhealthy reports whether tasks of the old revision fail their checks too, with regard to what failed after a time: then the
// environment is to blame. ECS replaces a task that fails them, or stops it for good: it keeps to the minimum of healthy tasks, so
// that no old one is left before one of ours was healthy only if none of the old ones was.
func oldUnhealthy(after time.Time, w Watch, o Observation) bool {
	old := oldTasks(after, w, o)
	for _, t := range old {
		if _, failing := t.failing(); failing {
			return true
		}
	}
	unkept := o.Guard.MinPercent > 0 && w.Healthy == 0
	return o.OldHealthy == 0 && slices.ContainsFunc(failuresOf(old), func(f failure) bool {
		return f.class == ClassHealth || f.key == scheduled && unkept
	})
}

// alsoOld reports whether tasks of the old revision stop in the same way, or are about to: then the environment is to blame.
func alsoOld(f failure, w Watch, o Observation) bool {
	if f.class == ClassHealth && oldUnhealthy(f.of.StartedAt, w, o) {
		return true
	}
	for _, old := range failuresOf(oldTasks(f.of.StartedAt, w, o)) {
		if old.class == f.class && old.key == f.key && f.class != ClassInfrastructure {
			return true
		}
	}
	return false
}

// evidenceOf keeps what the observation itself shows of a failure; the probe adds logs and differences.
func evidenceOf(r Reason, o Observation) Evidence {
	e := Evidence{Task: r.Task, OldUp: o.OldHealthy, Wanted: o.Desired, SeenAt: o.At}
	for _, t := range o.Tasks {
		if t.StopCode != "" {
			e.Failures++
		}
		if t.ID != r.Task {
			continue
		}
		e.StopCode, e.Stopped = t.StopCode, oneLine(t.StopReason)
		if c, ok := culprit(t); ok {
			e.Container, e.ExitCode = c.Name, c.ExitCode
		} else if len(t.Containers) > 0 {
			e.Container = t.Containers[0].Name
		}
		for _, target := range t.Targets {
			if target.State != "healthy" && target.State != "draining" && target.State != "" { // a stopped task may not be registered any more
				e.Targets = append(e.Targets, strings.TrimSpace(fmt.Sprintf("%s: %s %s", target.Group, target.State, target.Reason)))
			}
		}
	}
	return e
}

// targetReasons adds what the load balancer said.
func targetReasons(t Task) string {
	for _, target := range t.Targets {
		if target.Reason != "" && target.State == "unhealthy" {
			return ": " + target.Reason
		}
	}
	return ""
}

// plainTarget turns a target group's ARN inside ECS's sentence into its name.
func plainTarget(s string) string {
	const mark = ":targetgroup/"
	start := strings.Index(s, "arn:")
	at := strings.Index(s, mark)
	if start < 0 || at < start {
		return oneLine(s)
	}
	name, _, _ := strings.Cut(s[at+len(mark):], "/")
	return oneLine(s[:start] + name + ")")
}

// oneLine makes what AWS or a container said fit for a sentence: one line of bounded length without control characters.
func oneLine(s string) string { return oneline.Clip(s, 240) }

func lowerFirst(s string) string {
	if s == "" || s[0] >= utf8.RuneSelf {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
