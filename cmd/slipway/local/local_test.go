package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/image"
	"slipway/internal/rollout"
)

// screen is what the command prints; it is read while it prints.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// defaults is the command as `slipway local` parses it, on a free port and with functions that do nothing: nothing is pushed here.
func defaults(t *testing.T) *Command {
	t.Helper()
	t.Chdir("../../..")
	functions := t.TempDir()
	for _, verb := range laptop.Verbs {
		file := filepath.Join(functions, verb, "bootstrap")
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	return &Command{Template: "template.yaml", Functions: functions, Speed: 20, App: "bin/pingpong"}
}

// started runs the command until what it prints holds all there is to know. stop ends it and returns its error.
func started(t *testing.T, c *Command) (out *screen, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out = &screen{}
	ended := make(chan error, 1)
	go func() { ended <- c.run(ctx, out) }()
	stop = func() error { cancel(); return <-ended }
	deadline := time.After(20 * time.Second)
	for !strings.Contains(out.String(), "Ctrl-C ends it") {
		select {
		case err := <-ended:
			cancel()
			t.Fatalf("ended at the start: %v\n%s", err, out)
		case <-deadline:
			t.Fatalf("nothing was started in 20 s:\n%s", out)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return out, stop
}

func TestLocal(t *testing.T) {
	c := defaults(t)
	out, stop := started(t, c)
	for _, want := range []string{
		"repositories: shop/web\n", "shop/web deploys what is pushed to shop/web\n", "(port 80 of shop)", "20 times faster",
		"AWS_ACCESS_KEY_ID=test", "aws ecs describe-services --cluster shop --services web", "image bin/pingpong",
		"arn:aws:states:eu-west-1:123456789012:stateMachine:slipway",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	found := regexp.MustCompile(`AWS_ENDPOINT_URL=(http://127\.0\.0\.1:(\d+)) `).FindStringSubmatch(out.String())
	if found == nil {
		t.Fatalf("no endpoint in\n%s", out)
	}
	cfg := aws.Config{Region: region, BaseEndpoint: &found[1], Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	services, err := ecs.NewFromConfig(cfg).DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: aws.String("shop"), Services: []string{"web"}})
	if err != nil || len(services.Services) != 1 {
		t.Errorf("services %+v, error %v", services, err)
	}

	second := *c
	if _, err := fmt.Sscan(found[2], &second.Port); err != nil {
		t.Fatal(err)
	}
	err = second.run(t.Context(), &screen{})
	use := "use it, at AWS_ENDPOINT_URL=" + found[1] + ", or take another port"
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("local --port %d", second.Port+1)) || !strings.Contains(err.Error(), use) {
		t.Errorf("a second start: %v, want %q", err, use)
	}
	if _, noProc := os.Stat("/proc/net/tcp"); noProc == nil && !strings.Contains(err.Error(), fmt.Sprintf("process %d (", os.Getpid())) {
		t.Errorf("a second start does not say who has the port: %v", err)
	}

	if err := stop(); err != nil {
		t.Errorf("Ctrl-C: %v", err)
	}
	if !strings.HasSuffix(out.String(), "every task and function has stopped\n") {
		t.Errorf("the end is not told:\n%s", out)
	}
	if l, err := net.Listen("tcp", c.addressAt(second.Port)); err != nil {
		t.Errorf("the port is still held: %v", err)
	} else {
		l.Close()
	}
}

func (c Command) addressAt(port int) string {
	c.Port = port
	return c.address()
}

func TestStacks(t *testing.T) {
	c := defaults(t)
	got, err := c.stacks()
	if err != nil || len(got) != 1 || got[0].name != "shop" || got[0].parameters["VpcId"] == "" || got[0].parameters["InitialCount"] != "" {
		t.Fatalf("the sample: %+v, error %v", got, err)
	}
	c.Stack = []string{"b=" + sampleFile, "a=" + sampleFile}
	c.Parameter = []string{"b.Bake=3m", "b.InitialCount=1"}
	got, err = c.stacks()
	if err != nil || len(got) != 2 || got[0].name != "a" || got[1].parameters["Bake"] != "3m" || got[1].parameters["InitialCount"] != "1" || got[0].parameters["Bake"] != "1m" {
		t.Fatalf("two stacks: %+v, error %v", got, err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*Command)
	}{
		{"functions are not built", "type `make local`", func(c *Command) { c.Functions = "none" }},
		{"one function is not built", "probe/bootstrap is not built: type `make local`", func(c *Command) { _ = os.Remove(filepath.Join(c.Functions, "probe", "bootstrap")) }},
		{"another folder", "run slipway in the repository's folder", func(c *Command) { c.Template = "none.yaml" }},
		{"no speed", "--speed 10", func(c *Command) { c.Speed = 0 }},
		{"no number", "--speed NaN", func(c *Command) { c.Speed = math.NaN() }},
		{"no bound", "at most 100", func(c *Command) { c.Speed = math.Inf(1) }},
		{"no template of a stack", "--stack shop=none.yaml: there is no such file: write --stack shop=FILE", func(c *Command) { c.Stack = []string{"shop=none.yaml"} }},
		{"Slipway's own name", "choose another name", func(c *Command) { c.Stack = []string{"slipway=" + sampleFile} }},
		{"no name of a stack", "write --stack NAME=a.yaml", func(c *Command) { c.Stack = []string{"a.yaml"} }},
		{"no template at all", "write --stack NAME=a", func(c *Command) { c.Stack = []string{"a="} }},
		{"a stack twice", "--stack a is given twice, with x and y", func(c *Command) { c.Stack = []string{"a=x", "a=y"} }},
		{"two stacks that make the same", "--stack b=" + sampleFile + " makes what another stack has made", func(c *Command) { c.Stack = []string{"a=" + sampleFile, "b=" + sampleFile} }},
		{"a parameter twice", "--parameter shop.Bake is given twice", func(c *Command) { c.Parameter = []string{"shop.Bake=1m", "shop.Bake=2m"} }},
		{"a parameter without value", "write --parameter STACK.Bake=VALUE", func(c *Command) { c.Parameter = []string{"shop.Bake"} }},
		{"no port", "--port 99999: a port is 0 to 65535", func(c *Command) { c.Port = 99999 }},
		{"parameter of nothing", "write --parameter STACK.Bake=1m", func(c *Command) { c.Parameter = []string{"Bake=1m"} }},
		{"parameter of another stack", "there is no stack web; there are shop", func(c *Command) { c.Parameter = []string{"web.Bake=1m"} }},
		{"a parameter without a default", "parameter Colour has no default and was not given: write --parameter api.Colour=VALUE", func(c *Command) {
			file := filepath.Join(c.Functions, "api.yaml")
			_ = os.WriteFile(file, []byte("Parameters: {Colour: {Type: String}}\nResources: {Topic: {Type: AWS::SNS::Topic}}\n"), 0o600)
			c.Stack = []string{"api=" + file}
		}},
		{"a misspelt property", "stack api: FOLDER/api.yaml:1:57: awssim knows no property", func(c *Command) {
			file := filepath.Join(c.Functions, "api.yaml")
			_ = os.WriteFile(file, []byte("Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {Name: x}}}\n"), 0o600)
			c.Stack = []string{"api=" + file}
		}},
		{"unknown parameter", "Colour", func(c *Command) { c.Parameter = []string{"shop.Colour=red"} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			command := defaults(t)
			c.change(command)
			want := strings.Replace(c.want, "FOLDER", command.Functions, 1)
			if err := command.run(t.Context(), &screen{}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one with %q", err, want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	at := time.Date(2026, 1, 5, 9, 0, 7, 0, time.Local)
	v1 := image.Reference{Repository: "shop/web", Tag: "v1"}
	for _, c := range []struct {
		told rollout.Announcement
		want string
	}{
		{rollout.Announcement{Kind: "Deployed", Image: v1, Sentence: "web v1 deployed in 5 s as web:2, 2/2 healthy"}, "ok shop/web v1: Deployed: web v1 deployed in 5 s as web:2, 2/2 healthy"},
		{rollout.Announcement{Kind: "Rejected", Sentence: "no"}, "x  shop/web: Rejected: no"},
		{rollout.Announcement{Kind: "Delayed", Image: v1, Sentence: "web v1 is delayed: no room"}, "-  shop/web v1: Delayed: web v1 is delayed: no room"},
		{rollout.Announcement{Kind: "RolledBack", Image: v1, Sentence: "s", Report: []string{"x web  v1  ROLLED BACK", "  why    it crashed"}}, "x  shop/web v1: ROLLED BACK\n               why    it crashed"},
		{rollout.Announcement{Kind: "Drift", Image: v1, Sentence: "shop/web drifted: somebody was here", Report: []string{"somebody was here"}}, "-  shop/web: drifted: somebody was here"},
		{rollout.Announcement{Kind: "Drift", Sentence: "shop/web drifted: a", Report: []string{"a", "and b"}}, "-  shop/web: drifted: a\n             and b"},
	} {
		c.told.At, c.told.Service = at, web
		if got, want := line(c.told), "09:00:07  "+c.want+"\n"; got != want {
			t.Errorf("%s:\n%swant\n%s", c.told.Kind, got, want)
		}
	}
}

// A program of one's own that holds a port is found; a folder without the files of Linux tells nothing.
func TestHolder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	if _, ok := holderOf(t.TempDir(), port); ok {
		t.Error("a holder was found where the system tells nothing")
	}
	if _, err := os.Stat("/proc/net/tcp"); err != nil {
		return // not Linux: there is no more to find
	}
	h, ok := holderOf("/proc", port)
	if !ok || h.pid != os.Getpid() || !strings.HasPrefix(h.name, filepath.Base(os.Args[0])) {
		t.Errorf("holder %+v, %t", h, ok)
	}
}

// A port that another program has is not offered for use.
func TestAnotherProgramHasThePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Listener.Close()
	server.Listener = l
	server.Start()
	defer server.Close()
	c := defaults(t)
	c.Port = l.Addr().(*net.TCPAddr).Port
	if err := c.run(t.Context(), &screen{}); err == nil || !strings.Contains(err.Error(), "end that, or take another port") {
		t.Errorf("error %v", err)
	}
}

func TestMovedPortsAreTold(t *testing.T) {
	const note = "You may not bind ports below 1024"
	if page := (welcome{ports: note}).String(); !strings.Contains(page, note) {
		t.Errorf("the page does not say where privileged ports are:\n%s", page)
	}
}
