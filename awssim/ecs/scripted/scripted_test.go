package scripted

import (
	"strings"
	"testing"
	"time"

	"slipway/awssim/clock"
	"slipway/awssim/ecr"
	"slipway/awssim/ecs"
)

func TestContainerAnswersOnceItIsReady(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	r := New(c)
	var events []string
	c.Do("start", func() {
		r.Start(ecs.Task{ID: "t1", Address: "10.0.0.1", OS: "linux", Architecture: "amd64", Containers: []ecs.Container{{
			Name: "app", Log: func(...string) {}, PortMappings: []ecs.PortMapping{{ContainerPort: 80, HostPort: 8080}},
			Image: ecr.Image{Architecture: "amd64", Digest: "sha256:1", Labels: map[string]string{"awssim.start": "2s", "awssim.ready": "5s", "awssim.status": "204"}},
		}}}, func(rep ecs.Report) { events = append(events, c.Now().Sub(clock.Epoch).String()+" "+rep.Event) })
	})
	ask := func(port int) (status int, err error) {
		r.Request("10.0.0.1", port, "GET", "/", time.Second, func(s int, e error) { status, err = s, e })
		c.RunFor(10 * time.Millisecond)
		return status, err
	}
	c.RunFor(6 * time.Second)
	if _, err := ask(8080); err != ErrRefused {
		t.Errorf("before it is ready: got %v, want ErrRefused", err)
	}
	c.RunFor(2 * time.Second)
	if status, err := ask(8080); status != 204 || err != nil {
		t.Errorf("got %d, %v, want 204", status, err)
	}
	if _, err := ask(80); err != ErrRefused {
		t.Errorf("on the container's own port: got %v, want ErrRefused", err)
	}
	r.Break("sha256:1", 500)
	if status, _ := ask(8080); status != 500 {
		t.Errorf("broken: got %d, want 500", status)
	}
	r.Stop("t1", 30*time.Second)
	c.RunFor(2 * time.Second)
	if _, err := ask(8080); err != ErrRefused {
		t.Errorf("after SIGTERM: got %v, want ErrRefused", err)
	}
	if got := strings.Join(events, ", "); !strings.HasPrefix(got, "2s started, ") || !strings.HasSuffix(got, "exited") {
		t.Errorf("got reports %s", got)
	}
}

func TestLabelsThatCannotBeRead(t *testing.T) {
	for _, labels := range []map[string]string{{"awssim.start": "soon"}, {"awssim.exit": "one"}, {"awssim.ready": "-1s"}} {
		if _, err := read(labels); err == nil {
			t.Errorf("%v was read without an error", labels)
		}
	}
}
