package scenarios

import (
	"context"
	"errors"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/internal/marked"
	"slipway/statemachine"
)

var updateDocuments = flag.Bool("update", false, "write the tables of docs/buttons.md that the tests here make")

const (
	buttonsPage = "../docs/buttons.md"
	minimal     = `{"service":"shop/web"}`
)

// button is what a person presses in the console: at the moment itself, and a while later.
type button struct {
	name  string
	now   func(b *pressed) error
	then  func(b *pressed) error // nil: nothing more
	pause time.Duration
}

const redriveLater = "Stop, Redrive a second later"

var duringButtons = []button{
	{"Stop", (*pressed).stop, nil, 0},
	{"Stop, Redrive at once", (*pressed).stop, (*pressed).redrive, 0},
	{redriveLater, (*pressed).stop, (*pressed).redrive, time.Second},
	{"Stop, New execution a second later, old input", (*pressed).stop, (*pressed).startAgain, time.Second},
	{"New execution, old input", (*pressed).startAgain, nil, 0},
	{"New execution, `" + minimal + "`", (*pressed).startMinimal, nil, 0},
}

var afterButtons = []button{
	{"Redrive", (*pressed).redrive, nil, 0},
	{"New execution, old input", (*pressed).startAgain, nil, 0},
	{"New execution, `" + minimal + "`", (*pressed).startMinimal, nil, 0},
}

// moment is when a button is pressed: as an execution enters a state, or a little later, when its function runs.
type moment struct {
	name      string
	state     string
	execution int           // in the order of their starts; v1's is 0
	into      time.Duration // how long after the state was entered
	nth       int           // which stay in the state, from 1; -1 is the first one on the way back
	before    func(b *pressed)
}

const inFlight = 30 * time.Millisecond

// during are moments of a deployment. The image v2 of the first ones is good, that of the "going back" ones crashes.
var during = []moment{
	{"Claim", "Claim", 1, 0, 1, (*pressed).good},
	{"Claim, its function runs", "Claim", 1, inFlight, 1, (*pressed).good},
	{"Claimed?", "Claimed?", 1, 0, 1, (*pressed).good},
	{"Wait for a turn", "Wait for a turn", 2, 0, 1, (*pressed).two},
	{"Update", "Update", 1, 0, 1, (*pressed).good},
	{"Update, its function runs", "Update", 1, inFlight, 1, (*pressed).good},
	{"Updated?", "Updated?", 1, 0, 1, (*pressed).good},
	{"Wait to probe", "Wait to probe", 1, 0, 1, (*pressed).good},
	{"Probe", "Probe", 1, 0, 2, (*pressed).good},
	{"Healthy?", "Healthy?", 1, 0, 2, (*pressed).good},
	{"Tell", "Tell", 1, 0, 1, (*pressed).delayed},
	{"Settle", "Settle", 1, 0, 1, (*pressed).good},
	{"Settle, its function runs", "Settle", 1, inFlight, 1, (*pressed).good},
	{"Wait to settle", "Wait to settle", 1, 0, 1, (*pressed).outage},
	{"Ending?", "Ending?", 1, 0, 1, (*pressed).good},
	{"Roll back", "Roll back", 1, 0, 1, (*pressed).bad},
	{"Roll back, its function runs", "Roll back", 1, inFlight, 1, (*pressed).bad},
	{"Going back?", "Going back?", 1, 0, 1, (*pressed).bad},
	{"Wait to probe, going back", "Wait to probe", 1, 0, -1, (*pressed).bad},
	{"Settle, gone back", "Settle", 1, 0, 1, (*pressed).bad},
	{"Ending?, gone back", "Ending?", 1, 0, 1, (*pressed).bad},
}

// after are the endings, each brought about in another way.
var after = []moment{
	{"Deployed", "Deployed", 1, time.Minute, 1, (*pressed).good},
	{"NothingToDo", "NothingToDo", 1, time.Minute, 1, func(b *pressed) { b.do(b.startByHand(minimal)) }},
	{"Superseded", "Superseded", 2, time.Minute, 1, (*pressed).three},
	{"Held", "Held", 1, time.Minute, 1, func(b *pressed) {
		b.good()
		b.sim.Clock.RunFor(30 * time.Second)
		b.do(b.deployByHand(b.digests["v1"]))
	}},
	{"Rejected", "Rejected", 1, time.Minute, 1, func(b *pressed) { b.do(b.startByHand(`{"service":"shop/web","image":"v9"}`)) }},
	{"RolledBack", "RolledBack", 1, time.Minute, 1, (*pressed).bad},
	{"Stuck", "Stuck", 1, time.Minute, 1, (*pressed).stuck},
}

// pressed is a world in which a button is pressed.
type pressed struct {
	*script
	it       string   // the execution whose button it is
	new      []string // what the button started
	refused  string   // AWS's error code
	happened bool     // the button was pressed
	taken    bool     // the moment has come
	crashes  bool     // v2 does
}

func (b *pressed) do(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *pressed) good() { b.pushed("v2", nil) }

// bad is a push of an image that crashes.
func (b *pressed) bad() {
	b.crashes = true
	b.pushed("v2", map[string]string{"exit": "1", "after": "1s"})
}

// delayed is a push of a good image while what both images need is gone, for two minutes.
func (b *pressed) delayed() {
	b.good()
	b.sim.Clock.RunFor(time.Second)
	for _, tag := range []string{"v1", "v2"} {
		b.do(b.breakImage(tag, "500"))
		b.sim.Clock.After(2*time.Minute, "mend "+tag, func() { b.do(b.breakImage(tag, "0")) })
	}
}

// outage is a push of a good image whose ending the ledger does not take, for ten minutes.
func (b *pressed) outage() {
	b.good()
	b.until(time.Hour, "the last step", func() bool { return len(b.started) > 1 && slices.Contains(b.path[b.started[1]], "Settle") })
	b.do(recovery{b.script}.down([]string{"PutItem"}))
	b.sim.Clock.After(10*time.Minute, "the ledger is back", func() { b.do(recovery{b.script}.allow(nil)) })
}

// two are pushes of which the second waits for its turn.
func (b *pressed) two() {
	b.good()
	b.sim.Clock.RunFor(30 * time.Second)
	b.pushed("v3", nil)
}

// three are pushes of which the third supersedes the second.
func (b *pressed) three() {
	b.two()
	b.sim.Clock.RunFor(10 * time.Second)
	b.pushed("v4", nil)
}

// stuck is a bad push whose rollback AWS refuses, for a minute.
func (b *pressed) stuck() {
	b.bad()
	b.until(time.Hour, "the rollback", func() bool { return len(b.started) > 1 && slices.Contains(b.path[b.started[1]], "Roll back") })
	b.do(recovery{b.script}.refuse([]string{"UpdateService", "AccessDeniedException"}))
	b.until(time.Hour, "the ending Stuck", func() bool { return slices.Contains(b.path[b.started[1]], "Stuck") })
	b.do(recovery{b.script}.allow(nil))
}

func (b *pressed) stop() error {
	_, err := b.sfn().StopExecution(context.Background(), &sfn.StopExecutionInput{ExecutionArn: &b.it})
	return err
}

func (b *pressed) redrive() error {
	_, err := b.sfn().RedriveExecution(context.Background(), &sfn.RedriveExecutionInput{ExecutionArn: &b.it})
	var no *sfntypes.ExecutionNotRedrivable
	if errors.As(err, &no) {
		b.refused, err = "refused by AWS", nil
	}
	return err
}

func (b *pressed) startAgain() error {
	out, err := b.sfn().DescribeExecution(context.Background(), &sfn.DescribeExecutionInput{ExecutionArn: &b.it})
	if err != nil {
		return err
	}
	return b.start(aws.ToString(out.Input))
}

func (b *pressed) startMinimal() error { return b.start(minimal) }

func (b *pressed) start(input string) error {
	out, err := b.sfn().StartExecution(context.Background(), &sfn.StartExecutionInput{StateMachineArn: aws.String(b.sim.ID.ARN("states", "stateMachine:slipway")), Input: &input})
	if err == nil {
		b.new = append(b.new, *out.ExecutionArn)
	}
	return err
}

// at presses when the moment comes. A watcher runs inside the turn in which the state is entered, so even a Choice is caught.
func (b *pressed) at(m moment, press button) {
	b.sim.States.Watch(func(execution, state string) {
		if b.taken || state != m.state || len(b.started) <= m.execution || execution != b.started[m.execution] || !m.reached(b.path[execution]) {
			return
		}
		b.taken, b.it = true, execution
		if m.into == 0 {
			b.do(press.now(b))
			b.happened = true
			return
		}
		b.sim.Clock.Go("press", func() {
			b.sim.Clock.Sleep(m.into)
			if at := b.path[execution]; at[len(at)-1] != m.state {
				b.t.Errorf("%s is over before the button is pressed", m.state)
			}
			b.do(press.now(b))
			b.happened = true
		})
	})
}

// reached reports whether the path's last state is the stay that is meant.
func (m moment) reached(path []string) bool {
	if m.nth < 0 {
		return slices.Contains(path, "Going back?")
	}
	n := 0
	for _, state := range path {
		if state == m.state {
			n++
		}
	}
	return n == m.nth
}

// play deploys v1, presses the button at the moment, lets everything come to rest and says how the executions ended.
func (m moment) play(t *testing.T, press button) string {
	b := &pressed{script: newScript(newWorld(t, setting{seed: 1}), nil)}
	b.do(b.tagService("slipway:bake", "1m")) // for the speed of the test
	b.pushed("v1", nil)
	b.do(b.script.ends("Deployed"))
	b.sim.Clock.RunFor(time.Minute)
	b.at(m, press)
	m.before(b)
	b.until(time.Hour, m.name, func() bool { return b.happened })
	b.sim.Clock.RunFor(press.pause)
	if press.then != nil {
		b.do(press.then(b))
	}
	b.rest()
	outcome := b.outcome()
	if m.state == "Stuck" {
		b.wayOut()
	}
	b.safe(m.state == "Stuck")
	return outcome
}

// outcome is how the execution, what the button started and what Slipway started by itself ended, in the order of their starts.
func (b *pressed) outcome() string {
	var parts []string
	from := slices.Index(b.started, b.it)
	for _, execution := range b.started[from:] {
		who := "Slipway's"
		switch {
		case execution == b.it:
			who = "it"
		case slices.Contains(b.new, execution):
			who = "new"
		}
		parts = append(parts, who+": "+b.end(execution))
	}
	if b.refused != "" {
		parts = append(parts, "Redrive "+b.refused)
	}
	for tag, digest := range b.digests {
		if digest == b.running() {
			parts = append(parts, "runs "+tag)
		}
	}
	return strings.Join(parts, "; ")
}

// end is how an execution ended, and beside it the ending that was told where that is another one.
func (b *pressed) end(execution string) string {
	out, err := b.sfn().DescribeExecution(context.Background(), &sfn.DescribeExecutionInput{ExecutionArn: &execution})
	b.do(err)
	var ends []string
	if out.Status == sfntypes.ExecutionStatusAborted {
		ends = []string{"stopped"}
	} else {
		path := b.path[execution]
		ends = []string{path[len(path)-1]}
	}
	for _, e := range b.endings {
		if e.Execution == execution && e.Kind != ends[0] {
			ends = append(ends, "told "+e.Kind)
		}
	}
	return strings.Join(ends, ", ")
}

// wayOut is what a person does about Stuck: an image that is known to be good is deployed.
func (b *pressed) wayOut() {
	b.do(b.startByHand(`{"service":"shop/web","image":"v1"}`))
	b.rest()
}

// rest lets time pass until nothing is open, and then the time of one more check for drift; at most three quarters of an hour.
func (b *pressed) rest() {
	for range 15 {
		b.sim.Clock.RunFor(3 * time.Minute)
		if e := b.entry(); e.Free(b.sim.Clock.Now()) && !e.Open() && e.Intent == nil && !b.busy() {
			break
		}
	}
	b.sim.Clock.RunFor(6 * time.Minute)
}

// busy reports whether an execution is running.
func (b *pressed) busy() bool {
	out, err := b.sfn().ListExecutions(context.Background(), &sfn.ListExecutionsInput{StateMachineArn: aws.String(b.sim.ID.ARN("states", "stateMachine:slipway")),
		StatusFilter: sfntypes.ExecutionStatusRunning})
	b.do(err)
	return len(out.Executions) > 0
}

// safe checks the world for what every button must leave behind. stuck says that an ending Stuck is what the row is about.
func (b *pressed) safe(stuck bool) {
	b.t.Helper()
	e := b.entry()
	if !e.Free(b.sim.Clock.Now()) || e.Intent != nil || e.Open() {
		b.t.Errorf("lease %+v, intent %+v, wish %+v, handled %d\n%s", e.Lease, e.Intent, e.Wish, e.Handled, b.story())
	}
	bad := ""
	if b.crashes {
		bad = b.digests["v2"]
	}
	runs := b.running()
	if runs == bad || !slices.Contains(slices.Collect(maps.Values(b.digests)), runs) {
		b.t.Errorf("runs %s of %v\n%s", runs, b.digests, b.story())
	}
	if v := b.service(); v.RunningCount != 2 || v.PendingCount != 0 || len(v.Deployments) != 1 {
		b.t.Errorf("%d tasks run, %d are pending, %d deployments\n%s", v.RunningCount, v.PendingCount, len(v.Deployments), b.story())
	}
	if e.LastGood == nil || string(e.LastGood.Image.Digest) != runs {
		b.t.Errorf("%s runs, last good is %+v\n%s", runs, e.LastGood, b.story())
	}
	for _, f := range e.Quarantine {
		if string(f.Digest) != bad {
			b.t.Errorf("a good image is quarantined: %+v\n%s", f, b.story())
		}
	}
	for _, end := range b.endings {
		if end.Kind == "Stuck" && !stuck {
			b.t.Errorf("a person is called: %s\n%s", end.Sentence, b.story())
		}
	}
}

// left out are states without a row, and why.
var leftOut = map[string]string{
	"Impossible": "no step leads there",
}

// TestButtons presses every button of the console at every state of the workflow and after every ending, and holds what comes
// of it against the tables in docs/buttons.md.
func TestButtons(t *testing.T) {
	machine, err := statemachine.Parse(statemachine.Definition)
	if err != nil {
		t.Fatal(err)
	}
	for name := range machine.States {
		has := slices.ContainsFunc(slices.Concat(during, after), func(m moment) bool { return m.state == name })
		if _, out := leftOut[name]; has == out {
			t.Errorf("state %s: a row %t, left out %t", name, has, out)
		}
	}
	first, second := cells(during, duringButtons), cells(after, afterButtons)
	t.Run("press", func(t *testing.T) {
		pressAll(t, during, duringButtons, first)
		pressAll(t, after, afterButtons, second)
	})
	document(t, "while in", table("the execution enters", during, duringButtons, first))
	document(t, "after", table("it ended", after, afterButtons, second))
}

func cells(moments []moment, buttons []button) [][]string {
	rows := make([][]string, len(moments))
	for i := range rows {
		rows[i] = make([]string, len(buttons))
	}
	return rows
}

func pressAll(t *testing.T, moments []moment, buttons []button, into [][]string) {
	for i, m := range moments {
		for j, press := range buttons {
			t.Run(m.name+": "+press.name, func(t *testing.T) {
				t.Parallel()
				into[i][j] = m.play(t, press)
			})
		}
	}
}

func table(head string, moments []moment, buttons []button, rows [][]string) string {
	var b strings.Builder
	b.WriteString("| " + head)
	for _, press := range buttons {
		b.WriteString(" | " + press.name)
	}
	b.WriteString(" |\n|" + strings.Repeat("---|", len(buttons)+1) + "\n")
	for i, m := range moments {
		b.WriteString("| " + m.name + " | " + strings.Join(rows[i], " | ") + " |\n")
	}
	return b.String()
}

// document compares a table with the one in the document, or writes it there.
func document(t *testing.T, name, table string) {
	t.Log("\n" + table)
	if err := marked.Compare(buttonsPage, "buttons "+name, table, *updateDocuments); err != nil {
		t.Errorf("%v\nRead the difference, then run go test ./scenarios -run TestButtons -update", err)
	}
}
