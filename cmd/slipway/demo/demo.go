// Package demo is the command `slipway demo`: real images pushed to a local AWS, deployed and rolled back by the real
// functions and the real state machine, on this machine and in about a minute.
//
// scenes.go says what is played and what must come of it; load.go is the users; screen.go is what one sees; package laptop
// is the AWS that it runs on. Nothing here knows how to deploy.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/rollout"
)

// Command is the command line of the demo.
type Command struct {
	Template  string        `help:"Slipway's template." default:"template.yaml" type:"existingfile"`
	Service   string        `help:"The template of the service to deploy." default:"examples/pingpong/service.yaml" type:"existingfile"`
	Functions string        `help:"Folder with the functions built for this machine, one VERB/bootstrap each." default:"bin/functions" type:"existingdir"`
	App       string        `help:"The sample service, built for this machine." default:"bin/pingpong" type:"existingfile"`
	Speed     float64       `help:"How many times faster than the wall clock." default:"20"`
	Limit     time.Duration `help:"Give up after this long." default:"3m"`
	Plain     bool          `help:"Plain lines even on a terminal."`
}

// Result is how a scene went.
type result struct {
	scene
	got     laptop.Ending
	took    time.Duration // virtual
	sent    int
	failed  int
	running string // image that the service runs afterwards
	wrong   []string
}

// Run plays all scenes. It returns an error if anything was not as said.
func (c *Command) Run(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Limit, fmt.Errorf("the demo did not end within %s", c.Limit))
	defer cancel()
	screen := newScreen(os.Stdout, c.Plain)
	defer screen.close()
	screen.line("Starting a small AWS on this machine, time %gx: Slipway from %s, the service from %s", c.Speed, c.Template, c.Service)
	aws, err := laptop.Start(ctx, laptop.Options{Template: c.Template, Functions: c.Functions, Speed: c.Speed})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, aws.Close()) }()
	service, err := aws.Deploy("shop", c.Service, serviceParameters())
	if err != nil {
		return err
	}
	url, err := aws.ListenerURL(ctx, service.Output("ListenerArn"))
	if err != nil {
		return err
	}
	screen.line("Registry %s/shop/web   load balancer %s   API %s", aws.Address(), url, aws.Endpoint())
	results, err := c.play(ctx, aws, screen, url)
	if err != nil {
		return err
	}
	return conclude(screen, results)
}

func serviceParameters() map[string]string {
	return map[string]string{"VpcId": "vpc-demo", "PublicSubnetIds": "subnet-public-a,subnet-public-b", "PrivateSubnetIds": "subnet-private-a,subnet-private-b",
		"CpuArchitecture": laptop.CPUArchitecture(), "InitialCount": "2", "Bake": "1m"}
}

func (c *Command) play(ctx context.Context, aws *laptop.Laptop, screen *screen, url string) ([]result, error) {
	users := &load{url: url + "/", every: 20 * time.Millisecond}
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
	for i, s := range scenes() {
		if s.load && !started {
			started = true
			go func() { users.run(loading); close(done) }()
		}
		r, err := c.scene(ctx, aws, screen, users, i+1, s)
		if err != nil {
			return results, fmt.Errorf("scene %d: %w", i+1, err)
		}
		results = append(results, r)
	}
	return results, nil
}

// scene pushes the image and waits for Slipway's own event about how that ended.
func (c *Command) scene(ctx context.Context, aws *laptop.Laptop, screen *screen, users *load, number int, s scene) (result, error) {
	screen.title(number, s)
	sent, failed := users.count()
	start := aws.Now()
	digest, err := aws.Push(ctx, c.App, "shop/web", s.tag, withVersion(s))
	if err != nil {
		return result{}, err
	}
	screen.line("pushed shop/web:%s  %s", s.tag, digest)
	ending, err := screen.watch(ctx, aws, users, start)
	if err != nil {
		return result{}, err
	}
	r := result{scene: s, got: ending, took: ending.At.Sub(start)}
	if r.running, err = aws.RunningImage(ctx, "shop", "web"); err != nil {
		return r, err
	}
	r.sent, r.failed = users.count()
	r.sent, r.failed = r.sent-sent, r.failed-failed
	screen.ending(ending)
	r.check(users)
	return r, nil
}

func withVersion(s scene) map[string]string {
	env := map[string]string{"VERSION": s.tag}
	for k, v := range s.env {
		env[k] = v
	}
	return env
}

// check holds what happened against what the scene says.
func (r *result) check(users *load) {
	wrong := func(format string, args ...any) { r.wrong = append(r.wrong, fmt.Sprintf(format, args...)) }
	if r.got.Kind != string(r.ending) {
		wrong("ended %s, not %s: %s", r.got.Kind, r.ending, r.got.Sentence)
	}
	if !strings.Contains(strings.Join(append([]string{r.got.Sentence}, r.got.Report...), "\n"), r.because) {
		wrong("the reason does not say %q", r.because)
	}
	if r.running != r.runs {
		wrong("the service runs %s, not %s", r.running, r.runs)
	}
	if r.load && r.sent == 0 {
		wrong("no request was sent")
	}
	if r.load && r.failed > 0 {
		wrong("%d of %d requests failed: %s", r.failed, r.sent, users.firstFailure())
	}
	if r.ending == rollout.RolledBackEnding && len(r.got.Report) != 6 {
		wrong("the failure block has %d lines, not 6", len(r.got.Report))
	}
}

func conclude(screen *screen, results []result) error {
	screen.table(results)
	var wrong []string
	for i, r := range results {
		for _, w := range r.wrong {
			wrong = append(wrong, fmt.Sprintf("scene %d: %s", i+1, w))
		}
	}
	if len(wrong) > 0 {
		return errors.New("not as said:\n  " + strings.Join(wrong, "\n  "))
	}
	return nil
}
