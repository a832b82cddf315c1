package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/rollout"
)

// lookEvery is how often the stage looks at the local AWS, in wall time.
const lookEvery = 120 * time.Millisecond

// stage is where scenes are played, one after the other.
type stage struct {
	command  *Command
	aws      *laptop.Laptop
	screen   *screen
	users    *load
	names    map[string]string // revision -> tag of its image
	database string            // address that v4 needs
	idle     string            // what the panel says while no execution runs
	closers  []func() error
}

func newStage(c *Command, aws *laptop.Laptop, screen *screen, url string) *stage {
	return &stage{command: c, aws: aws, screen: screen, users: &load{url: url + "/", every: 20 * time.Millisecond}, names: map[string]string{}}
}

func (s *stage) later(end func() error) { s.closers = append(s.closers, end) }

func (s *stage) close() error {
	var errs []error
	for _, end := range s.closers {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// play plays the scenes. The users come with the first scene that has load, and stay.
func (s *stage) play(ctx context.Context, scenes []scene) ([]result, error) {
	loading, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	started := false
	defer func() {
		stop()
		if started {
			<-done
		}
	}()
	var results []result
	for _, sc := range scenes {
		if sc.load && !started {
			started = true
			go func() { s.users.run(ctx, loading.Done()); close(done) }()
		}
		r, err := s.scene(ctx, sc, started)
		if err != nil {
			return results, fmt.Errorf("scene %q: %w", sc.short, err)
		}
		results = append(results, r)
	}
	return results, nil
}

func (s *stage) scene(ctx context.Context, sc scene, loading bool) (result, error) {
	s.screen.line("\n%s", s.screen.palette.title(sc.title))
	s.idle = "none"
	before, err := s.aws.View(ctx, cluster, service)
	if err != nil {
		return result{}, err
	}
	sent, failed := s.users.count()
	w := &watch{stage: s, loading: loading, teller: newTeller(before.At, before.Revision, s.names), heard: heard{}, running: map[string]string{}}
	w.teller.tasks = summary(before.Tasks, before.Revision, before.At)
	s.aws.News() // what is left of the scene before
	over, err := sc.play(ctx, s)
	if err != nil {
		return result{}, err
	}
	r := result{scene: sc}
	if r.got, err = w.until(ctx, over); err != nil {
		return r, err
	}
	r.took, r.heard, r.started = s.aws.Now().Sub(before.At), w.heard, w.started
	if r.running, err = s.running(ctx); err != nil {
		return r, err
	}
	r.sent, r.failed = s.users.count()
	r.sent, r.failed = r.sent-sent, r.failed-failed
	r.failure = s.users.firstFailure()
	s.screen.ending(r.got)
	r.check()
	return r, nil
}

// push pushes an image; what Slipway says of this tag in the end ends the scene.
func (s *stage) push(ctx context.Context, version, tag string, env map[string]string) (over, error) {
	all := map[string]string{"VERSION": version}
	for k, v := range env {
		all[k] = v
	}
	digest, err := s.aws.Push(ctx, s.command.App, repository, tag, all)
	if err != nil {
		return nil, err
	}
	s.screen.says("person", fmt.Sprintf("pushes %s:%s  %.19s", repository, tag, digest))
	return func(h heard) (rollout.Announcement, bool) {
		return find(h.told, func(a rollout.Announcement) bool { return a.Image.Tag == tag && isEnding(a) })
	}, nil
}

// running is the tags of the image that the service runs.
func (s *stage) running(ctx context.Context) ([]string, error) {
	v, err := s.aws.View(ctx, cluster, service)
	if err != nil {
		return nil, err
	}
	return s.aws.Image(ctx, v.Revision)
}

// learn finds out what the revisions' images are called.
func (s *stage) learn(ctx context.Context, revisions ...string) error {
	for _, revision := range revisions {
		if _, known := s.names[revision]; known || revision == "" {
			continue
		}
		tags, err := s.aws.Image(ctx, revision)
		if err != nil {
			return err
		}
		s.names[revision] = ""
		if len(tags) > 0 {
			s.names[revision] = tags[0]
		}
	}
	return nil
}

// revisionOf is the first revision that was seen with an image, "" if there is none.
func (s *stage) revisionOf(tag string) string {
	var found []string
	for revision, name := range s.names {
		if name == tag {
			found = append(found, revision)
		}
	}
	if len(found) == 0 {
		return ""
	}
	return slices.Min(found)
}

// watch follows a scene until it is over.
type watch struct {
	*stage
	teller  *teller
	heard   heard
	loading bool
	started int               // executions
	running map[string]string // execution -> its state, for those that have not ended
	quiet   int               // drift checks that had nothing new to tell
	lines   []line            // to be told
}

func (w *watch) until(ctx context.Context, over over) (rollout.Announcement, error) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return rollout.Announcement{}, context.Cause(ctx)
		case <-ticker.C:
		}
		v, err := w.aws.View(ctx, cluster, service)
		if err != nil {
			return rollout.Announcement{}, err
		}
		if err := w.listen(ctx); err != nil {
			return rollout.Announcement{}, err
		}
		a, ended := over(w.heard)
		if !ended {
			err = w.show(ctx, v)
		}
		w.tell()
		if ended || err != nil {
			w.screen.clear()
			return a, err
		}
	}
}

// listen takes in what is new.
func (w *watch) listen(ctx context.Context) error {
	for _, n := range w.aws.News() {
		if err := w.hear(ctx, n); err != nil {
			return err
		}
	}
	return w.checks(ctx)
}

// show takes in how the tasks stand and draws the panel.
func (w *watch) show(ctx context.Context, v laptop.View) error {
	for _, t := range v.Tasks {
		if err := w.learn(ctx, t.Revision); err != nil {
			return err
		}
	}
	w.lines = append(w.lines, w.teller.look(v))
	w.tell()
	f := frame{elapsed: v.At.Sub(w.teller.start), speed: w.command.Speed, workflow: w.workflow(), loading: w.loading,
		since: w.teller.start, baseline: w.teller.baseline, names: w.names, tasks: v.Tasks}
	f.sent, f.failed = w.users.count()
	w.screen.show(f)
	return nil
}

// tell prints the lines of one look, in the order of their times.
func (w *watch) tell() {
	slices.SortStableFunc(w.lines, func(a, b line) int { return a.at.Compare(b.at) })
	for _, l := range w.lines {
		if l.what != "" {
			w.screen.hanging(textIndent, asIs, w.teller.text(l))
		}
	}
	w.lines = nil
}

// hear notes one thing that happened.
func (w *watch) hear(ctx context.Context, n laptop.News) error {
	if n.Told != nil {
		w.heard.told = append(w.heard.told, *n.Told)
		if isEnding(*n.Told) {
			delete(w.running, n.Execution)
		}
	} else if _, known := w.running[n.Execution]; known || n.Step == "Claim" {
		if !known {
			w.started++
		}
		w.running[n.Execution] = stepName(n)
	} else {
		return nil // the last steps of an execution whose ending was told
	}
	if n.State != nil {
		p := rollout.PlanOf(n.State)
		if err := w.learn(ctx, rollout.ShortRevision(p.Baseline), rollout.ShortRevision(p.Revision)); err != nil {
			return err
		}
	}
	w.lines = append(w.lines, w.teller.hear(n))
	return nil
}

// stepName is what the panel says of a running execution.
func stepName(n laptop.News) string {
	if n.State == nil || n.Step == "Claim" {
		return n.Step
	}
	return n.Step + ", " + string(n.State.Phase())
}

func (w *watch) workflow() string {
	for _, state := range w.running {
		return state // Slipway runs one at a time for a service; others wait
	}
	return w.idle
}

// checks reads the drift checks of the scene. One that found what was told already is told in the demo's words.
func (w *watch) checks(ctx context.Context) error {
	checks, err := w.aws.DriftChecks(ctx, w.teller.start)
	if err != nil {
		return err
	}
	w.heard.checks = checks
	quiet, said := w.heard.drifted(), count(w.heard.told, rollout.KindDrift)
	if quiet -= said; said > 0 && quiet > w.quiet {
		w.quiet = quiet
		w.lines = append(w.lines, line{checks[len(checks)-1].At, "drift", "checked again: it is still so, was said, and is left alone"})
	}
	return nil
}
