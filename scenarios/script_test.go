package scenarios

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/rogpeppe/go-internal/txtar"

	"slipway/awssim/events"
)

// The words of a script, one command a line; arguments as in a shell.
//
//	service NAME=VALUE ...      parameters of the sample service's stack; the first line, if at all
//	world FILE [NAME=VALUE ...] or another template of testdata, with its parameters
//	instances N                 so many EC2 instances of 2 vCPU and 4 GiB join the cluster
//	load                        ten requests a second from now on
//	push TAG [arch=A] [exit=1] [after=2s] [status=500] [log=TEXT] ...   labels of awssim/ecs/scripted; to=REPOSITORY
//	ends ENDING                 waits for the next ending
//	cause TEXT                  the last ending says so
//	blames LINES                the last ending's failure block has so many lines
//	runs TAG / desired N        what the service runs and wants
//	container NAME IMAGE        a container's image in the task definition: a tag that was pushed, or the whole reference
//	steady N                    so many tasks run, none is pending, and one deployment is left
//	run DURATION                lets time pass
//	start JSON                  starts an execution as a person does in the console
//	refused TEXT                the newest execution ends Rejected with that cause, and nobody is told: there is no service to tell of
//	stop                        stops the newest execution
//	event JSON                  hands the push function an event
//	dead-letters N              messages in the queue of failed invocations
//	requests-ok                 requests were sent and none failed
//	executions N / revisions N  how many there are
//	told KIND N                 how many of Slipway's events of a kind were sent
//	console TAG                 somebody deploys an image by hand
//	console-revision N          somebody tells ECS by hand to run revision N of the service's family
//	break TAG STATUS            the tasks of an image answer with that status from now on; 0 mends them
//	lose-pushes                 ECR's events are lost from now on; keep-pushes ends it
//	repeat-pushes N             they come N times more often from now on
//	delay-pushes DURATION       they come later by so much from now on
//	tag KEY VALUE / untag KEY   changes the service's tags
//	path                        the states of the last ended execution are those of the archive's file "path"
type script struct {
	*world
	archive *txtar.Archive
	ended   int // endings that the script has waited for
	digests map[string]string
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { play(t, file, setting{seed: 1}) })
	}
}

// play runs a scenario and returns its world.
func play(t testing.TB, file string, of setting) *world {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &script{archive: archive, digests: map[string]string{}}
	s.perform(t, file, func(name string, args []string) error {
		if s.world == nil {
			switch {
			case name == "service":
				of.parameters = pairs(args)
			case name == "world" && len(args) > 0:
				of.template, of.parameters = filepath.Join(filepath.Dir(file), args[0]+".yaml"), pairs(args[1:])
			}
			s.world = newWorld(t, of)
		}
		return s.command(name, args)
	})
	return s.world
}

// scripted is a script of a file over the sample service.
func scripted(t testing.TB, file string) *script {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return &script{world: newWorld(t, setting{seed: 1}), archive: archive, digests: map[string]string{}}
}

// perform gives the script's lines, one after another, to what knows its words. The first error ends the test.
func (s *script) perform(t testing.TB, file string, command func(name string, args []string) error) {
	t.Helper()
	for i, line := range strings.Split(s.file("script"), "\n") {
		words, err := split(line)
		if err == nil && len(words) > 0 {
			err = command(words[0], words[1:])
		}
		if err == nil {
			continue
		}
		story := ""
		if s.world != nil {
			story = s.story()
		}
		t.Fatalf("%s, line %d: %s: %v\n%s", file, i+1, line, err, story)
	}
}

// word is a word of a script: how many arguments it takes, -1 for one or more and -2 for any, and what it does.
type word struct {
	arguments int
	do        func(args []string) error
}

// spoken does what a word says, or what it says in every script.
func (s *script) spoken(words map[string]word, name string, args []string) error {
	w, ok := words[name]
	if !ok {
		return s.command(name, args)
	}
	if !takes(w.arguments, args) {
		return errArguments
	}
	return w.do(args)
}

var errArguments = errors.New("unknown command, or wrong number of arguments")

func takes(n int, args []string) bool {
	return n == len(args) || n == -1 && len(args) > 0 || n == -2
}

func (s *script) file(name string) string {
	for _, f := range s.archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// arguments are how many arguments a command takes; -1 is one or more.
var arguments = map[string]int{"service": -1, "world": -1, "instances": 1, "container": 2, "steady": 1, "load": 0, "push": -1, "ends": 1, "cause": 1, "blames": 1, "runs": 1, "desired": 1, "run": 1, "start": 1, "refused": 1, "stop": 0, "event": 1,
	"dead-letters": 1, "requests-ok": 0, "executions": 1, "revisions": 1, "told": 2, "console": 1, "console-revision": 1, "break": 2, "lose-pushes": 0, "keep-pushes": 0, "repeat-pushes": 1, "delay-pushes": 1, "tag": 2, "untag": 1, "path": 0}

func (s *script) command(name string, args []string) error {
	if n, ok := arguments[name]; !ok || !takes(n, args) {
		return errArguments
	}
	switch name {
	case "load":
		s.load()
	case "push":
		s.pushed(args[0], pairs(args[1:]))
	case "ends":
		return s.ends(args[0])
	case "run":
		d, err := time.ParseDuration(args[0])
		s.sim.Clock.RunFor(d)
		return err
	case "start":
		return s.startByHand(args[0])
	case "refused":
		return s.refused(args[0])
	case "stop":
		return s.stopNewest()
	case "event":
		return s.sendEvent(args[0])
	case "console":
		return s.deployByHand(s.digests[args[0]])
	case "console-revision":
		return s.runByHand("web:" + args[0])
	case "break":
		return s.breakImage(args[0], args[1])
	case "lose-pushes":
		s.deliverPushes(events.Delivery{Lost: true})
	case "repeat-pushes":
		n, err := strconv.Atoi(args[0])
		s.deliverPushes(events.Delivery{Copies: n})
		return err
	case "delay-pushes":
		d, err := time.ParseDuration(args[0])
		s.deliverPushes(events.Delivery{Delay: d})
		return err
	case "keep-pushes":
		s.sim.Events.Fault = nil
	case "tag":
		return s.tagService(args[0], args[1])
	case "untag":
		return s.untagService(args[0])
	case "instances":
		return s.instances(args[0])
	case "service", "world":
	default:
		return s.expect(name, args)
	}
	return nil
}

// deliverPushes says what becomes of ECR's events from now on.
func (s *script) deliverPushes(d events.Delivery) {
	s.sim.Events.Fault = func(e events.Event) events.Delivery {
		if e.Source == "aws.ecr" {
			return d
		}
		return events.Delivery{}
	}
}

func (s *script) pushed(tag string, labels map[string]string) {
	arch := "amd64"
	if a, ok := labels["arch"]; ok {
		arch = a
		delete(labels, "arch")
	}
	repository := "shop/web"
	if r, ok := labels["to"]; ok {
		repository = r
		delete(labels, "to")
	}
	scripted := map[string]string{}
	for k, v := range labels {
		scripted["awssim."+k] = v
	}
	s.digests[tag] = s.push(repository, tag, arch, scripted)
}

func (s *script) ends(kind string) error {
	s.until(8*time.Hour, "the ending "+kind, func() bool { return len(s.endings) > s.ended })
	s.ended++
	execution := s.endings[s.ended-1].Execution
	s.until(time.Hour, "the end of "+execution, func() bool { return slices.Contains(s.path[execution], s.endings[s.ended-1].Kind) })
	if got := s.endings[s.ended-1]; got.Kind != kind {
		return fmt.Errorf("got %s: %s", got.Kind, got.Sentence)
	}
	return nil
}

func (s *script) refused(words string) error {
	s.sim.Clock.RunFor(time.Minute)
	out, err := s.sfn().DescribeExecution(context.Background(), &sfn.DescribeExecutionInput{ExecutionArn: &s.started[len(s.started)-1]})
	if err != nil {
		return err
	}
	if aws.ToString(out.Error) != "Rejected" || !strings.Contains(aws.ToString(out.Cause), words) || len(s.endings) > s.ended {
		return fmt.Errorf("it is %s with error %s: %s; %d were told of", out.Status, aws.ToString(out.Error), aws.ToString(out.Cause), len(s.endings)-s.ended)
	}
	return nil
}

// expect holds the world against what the script says.
func (s *script) expect(name string, args []string) error {
	var got, want string
	last := ending{}
	if s.ended > 0 {
		last = s.endings[s.ended-1]
	}
	if len(args) > 0 {
		want = args[len(args)-1]
	}
	switch name {
	case "cause":
		if !strings.Contains(last.Sentence, want) {
			return fmt.Errorf("it says: %s", last.Sentence)
		}
		return nil
	case "blames":
		got = strconv.Itoa(len(last.Report))
	case "runs":
		got, want = s.running(), s.digests[want]
	case "container":
		got = s.imageOf(args[0])
		if digest, ok := s.digests[want]; ok {
			want = digest
		}
	case "steady":
		v := s.service()
		got = strconv.Itoa(int(v.RunningCount))
		if v.PendingCount > 0 || len(v.Deployments) != 1 {
			got += fmt.Sprintf(" with %d pending and %d deployments", v.PendingCount, len(v.Deployments))
		}
	case "desired":
		got = strconv.Itoa(int(s.service().DesiredCount))
	case "dead-letters":
		got = strconv.Itoa(s.deadLetters())
	case "requests-ok":
		if s.sent == 0 || s.failed > 0 {
			return fmt.Errorf("%d of %d requests failed", s.failed, s.sent)
		}
	case "executions":
		got = strconv.Itoa(len(s.started))
	case "revisions":
		got = strconv.Itoa(s.revisions())
	case "told":
		n := 0
		for _, e := range s.told {
			if e.DetailType == "Slipway "+args[0] {
				n++
			}
		}
		got = strconv.Itoa(n)
	case "path":
		got, want = loops(s.path[last.Execution]), strings.TrimSpace(s.file("path"))
	}
	if got != want {
		return fmt.Errorf("got %s, want %s", got, want)
	}
	return nil
}

// loops writes a path one state a line, with the states of a loop that repeats only once.
func loops(path []string) string {
	var short []string
	for _, state := range path {
		if n := len(short); n >= 3 && len(short) > 3 && slices.Equal(short[n-3:], []string{"Wait to probe", "Probe", "Healthy?"}) && state == "Wait to probe" {
			short = short[:n-3]
		}
		short = append(short, state)
	}
	return strings.Join(short, "\n")
}

func pairs(words []string) map[string]string {
	m := map[string]string{}
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		m[k] = v
	}
	return m
}

// split splits a line at spaces; single and double quotes keep them. A # starts a comment.
func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, in := rune(0), false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, in = r, true
		case r == '#' && !in:
			return words, nil
		case r == ' ' || r == '\t':
			if in {
				words = append(words, word.String())
				word.Reset()
				in = false
			}
		default:
			word.WriteRune(r)
			in = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed")
	}
	if in {
		words = append(words, word.String())
	}
	return words, nil
}
