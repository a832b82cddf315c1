package rollout

import "strings"

// ecsGaveUp is why a deployment failed that ECS gave up, in words that end with ECS's own.
func ecsGaveUp(w Watch, o Observation, why string) Reason {
	r, failed := tasksFail(w, o)
	if failed {
		r.Class = ClassECS
	} else {
		r = suspect(w, o, byAlarm(why))
	}
	if r.Words == "" {
		r.Words = why
	} else {
		r.Words += " (" + why + ")"
	}
	return r
}

// suspect is what the tasks of a deployment that ECS gave up suffered from, though not enough to convict the image. Its circuit
// breaker counts every task that never ran or failed its checks, whatever the cause: whether the image is to blame is asked of the
// tasks, not of ECS. Without words they show nothing.
func suspect(w Watch, o Observation, alarm bool) Reason {
	o.Tasks = without(o.Tasks, func(t *Task) bool { // one that has only just started had no part in it
		_, failing := t.failing()
		return t.Up() && !failing
	})
	if r, blameless := hindrance(w, o); blameless && r.Task != "" && (r.Class == ClassEnvironment || !alarm) {
		return r
	}
	r := Reason{Class: ClassECS}
	if f, ok := last(failuresOf(o.Tasks), func(f failure) bool { return f.class != ClassInfrastructure }); ok {
		r.Words, r.Task = f.words, f.of.ID
		if w.Delay.excuses(f.seen(o)) {
			r.Class = ClassEnvironment
			r.Words += "; the old tasks failed in the same way"
		}
	}
	return r
}

// byAlarm reports whether an alarm of the service made ECS give up: a task that Spot took meanwhile is no excuse. ECS's words are
// prose, and matched loosely.
func byAlarm(why string) bool { return strings.Contains(strings.ToLower(why), "alarm") }
