package scenarios

import (
	"context"
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

// script plays a scenario: one word a line, its arguments as in a shell.
type script struct {
	*world
	archive *txtar.Archive
	awaited int // endings that the script has waited for
	digests map[string]string
}

func newScript(w *world, archive *txtar.Archive) *script {
	return &script{world: w, archive: archive, digests: map[string]string{}}
}

func TestScenarios(t *testing.T) {
	for _, file := range scripts(t, "testdata/*.txtar") {
		t.Run(titleOf(file), func(t *testing.T) { play(t, file, setting{seed: 1}) })
	}
}

func scripts(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts %s: %v", pattern, err)
	}
	return files
}

func titleOf(file string) string { return strings.TrimSuffix(filepath.Base(file), ".txtar") }

// play runs a scenario and returns its world.
func play(t testing.TB, file string, of setting) *world {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := newScript(nil, archive)
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
	return newScript(newWorld(t, setting{seed: 1}), archive)
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

func (s *script) file(name string) string {
	for _, f := range s.archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// words are those of every script.
func (s *script) words() words {
	return words{
		"service NAME=VALUE ...":      none(func() {}),      // parameters of the sample service's stack; the first line, if at all
		"world FILE [NAME=VALUE ...]": none(func() {}),      // or another template of testdata, with its parameters
		"instances N":                 one(s.instances),     // so many EC2 instances of 2 vCPU and 4 GiB join the cluster
		"load":                        none(s.load),         // ten requests a second from now on
		"push TAG [NAME=VALUE ...]":   s.pushes,             // labels of awssim/ecs/scripted: exit=1 after=2s status=500 log=TEXT; arch=A; to=REPOSITORY
		"ends ENDING":                 one(s.ends),          // waits for the next ending
		"cause TEXT":                  one(s.says),          // the last ending says so
		"blames LINES":                count(s.blamed),      // the last ending's failure block has so many lines
		"runs TAG":                    one(s.runs),          // what the service runs
		"desired N":                   count(s.desired),     // how many tasks it wants
		"container NAME IMAGE":        two(s.runsIn),        // a container's image in the task definition: a tag that was pushed, or the whole reference
		"steady N":                    one(s.steady),        // so many tasks run, none is pending, and one deployment is left
		"run DURATION":                one(s.runFor),        // lets time pass
		"start JSON":                  one(s.startByHand),   // starts an execution as a person does in the console
		"refused TEXT":                one(s.refused),       // the newest execution ends Rejected with that cause, and nobody is told: there is no service to tell of
		"stop":                        try(s.stopNewest),    // stops the newest execution
		"event JSON":                  one(s.sendEvent),     // hands the push function an event
		"dead-letters N":              count(s.deadLetters), // messages in the queue of failed invocations
		"requests-ok":                 try(s.allAnswered),   // requests were sent and none failed
		"executions N":                count(s.executions),  // how many there are
		"revisions N":                 count(s.revisions),   // how many there are of the service's family
		"told KIND N":                 two(s.toldOf),        // how many of Slipway's events of a kind were sent
		"mailed KIND N":               two(s.mailedOf),      // and how many messages to people
		"console TAG":                 one(s.deployTag),     // somebody deploys an image by hand
		"console-revision N":          one(s.runRevision),   // somebody tells ECS by hand to run revision N of the service's family
		"break TAG STATUS":            two(s.breakImage),    // the tasks of an image answer with that status from now on; 0 mends them
		"lose-pushes":                 none(s.losePushes),   // ECR's events are lost from now on
		"keep-pushes":                 none(s.keepPushes),   // and no more
		"repeat-pushes N":             one(s.repeatPushes),  // they come N times more often from now on
		"delay-pushes DURATION":       one(s.delayPushes),   // they come later by so much from now on
		"tag KEY VALUE":               two(s.tagService),    // changes a tag of the service
		"untag KEY":                   one(s.untagService),  // or takes it away
		"path":                        try(s.wentThePath),   // the states of the last ended execution are those of the archive's file "path"
	}
}

func (s *script) command(name string, args []string) error { return s.spoken(nil, name, args) }

// deliverPushes says what becomes of ECR's events from now on.
func (s *script) deliverPushes(d events.Delivery) {
	s.sim.Events.Fault = func(e events.Event) events.Delivery {
		if e.Source == "aws.ecr" {
			return d
		}
		return events.Delivery{}
	}
}

func (s *script) losePushes() { s.deliverPushes(events.Delivery{Lost: true}) }

func (s *script) keepPushes() { s.sim.Events.Fault = nil }

func (s *script) repeatPushes(times string) error {
	n, err := strconv.Atoi(times)
	s.deliverPushes(events.Delivery{Copies: n})
	return err
}

func (s *script) delayPushes(by string) error {
	d, err := time.ParseDuration(by)
	s.deliverPushes(events.Delivery{Delay: d})
	return err
}

func (s *script) runFor(duration string) error {
	d, err := time.ParseDuration(duration)
	s.sim.Clock.RunFor(d)
	return err
}

func (s *script) deployTag(tag string) error { return s.deployByHand(s.digests[tag]) }

func (s *script) runRevision(n string) error { return s.runByHand("web:" + n) }

func (s *script) pushes(args []string) error {
	s.pushed(args[0], pairs(args[1:]))
	return nil
}

// pushed pushes an image. Its labels are those of awssim/ecs/scripted without their prefix, and arch and to, which say what it is
// for and where it goes.
func (s *script) pushed(tag string, labels map[string]string) {
	repository, arch, scripted := "shop/web", "amd64", map[string]string{}
	for name, value := range labels {
		switch name {
		case "arch":
			arch = value
		case "to":
			repository = value
		default:
			scripted["awssim."+name] = value
		}
	}
	s.digests[tag] = s.push(repository, tag, arch, scripted)
}

func (s *script) ends(kind string) error {
	s.until(8*time.Hour, "the ending "+kind, func() bool { return len(s.endings) > s.awaited })
	s.awaited++
	execution := s.endings[s.awaited-1].Execution
	s.until(time.Hour, "the end of "+execution, func() bool { return slices.Contains(s.path[execution], s.endings[s.awaited-1].Kind) })
	if got := s.endings[s.awaited-1]; got.Kind != kind {
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
	if aws.ToString(out.Error) != "Rejected" || !strings.Contains(aws.ToString(out.Cause), words) || len(s.endings) > s.awaited {
		return fmt.Errorf("it is %s with error %s: %s; %d were told of", out.Status, aws.ToString(out.Error), aws.ToString(out.Cause), len(s.endings)-s.awaited)
	}
	return nil
}

// last is the ending that the script waited for last.
func (s *script) last() ending {
	if s.awaited == 0 {
		return ending{}
	}
	return s.endings[s.awaited-1]
}

func (s *script) says(words string) error {
	if got := s.last().Sentence; !strings.Contains(got, words) {
		return fmt.Errorf("it says: %s", got)
	}
	return nil
}

func (s *script) blamed() int { return len(s.last().Report) }

func (s *script) runs(tag string) error { return same(s.running(), s.digests[tag]) }

func (s *script) runsIn(container, image string) error {
	if digest, ok := s.digests[image]; ok {
		image = digest
	}
	return same(s.imageOf(container), image)
}

func (s *script) desired() int { return int(s.service().DesiredCount) }

func (s *script) steady(tasks string) error {
	v := s.service()
	got := strconv.Itoa(int(v.RunningCount))
	if v.PendingCount > 0 || len(v.Deployments) != 1 {
		got += fmt.Sprintf(" with %d pending and %d deployments", v.PendingCount, len(v.Deployments))
	}
	return same(got, tasks)
}

func (s *script) allAnswered() error {
	if s.sent == 0 || s.failed > 0 {
		return fmt.Errorf("%d of %d requests failed", s.failed, s.sent)
	}
	return nil
}

func (s *script) executions() int { return len(s.started) }

func (s *script) toldOf(kind, times string) error {
	n := 0
	for _, e := range s.told {
		if e.DetailType == "Slipway "+kind {
			n++
		}
	}
	return same(strconv.Itoa(n), times)
}

func (s *script) mailedOf(kind, times string) error {
	n := 0
	s.sim.Clock.Do("messages", func() {
		for _, m := range s.sim.SNS.Messages(s.sim.ID.ARN("sns", "slipway")) {
			if strings.HasPrefix(strings.TrimPrefix(m.Subject, "ACT NOW: "), kind+" ") {
				n++
			}
		}
	})
	return same(strconv.Itoa(n), times)
}

func (s *script) wentThePath() error {
	return same(loops(s.path[s.last().Execution]), strings.TrimSpace(s.file("path")))
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
