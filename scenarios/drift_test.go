package scenarios

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"slipway/awssim"
	"slipway/awssim/events"
	"slipway/cmd/slipway/driftcheck"
	"slipway/internal/drift"
	"slipway/internal/wire"
)

const operator = "operator"

// looked is what `slipway drift` reports of shop/web. It fails the test if that called anything but reads.
func (w *world) looked() drift.Service {
	w.t.Helper()
	w.sim.Fault = func(c awssim.Call) *awssim.Fault {
		reads := strings.HasPrefix(c.Operation, "Get") || strings.HasPrefix(c.Operation, "Describe") || strings.HasPrefix(c.Operation, "List") || c.Operation == "BatchGetImage"
		if c.Principal == operator && !reads {
			w.t.Errorf("slipway drift called %s %s", c.Service, c.Operation)
		}
		return nil
	}
	report, err := driftcheck.Find(context.Background(), &wire.Config{AWS: w.sim.Config(operator), Table: "slipway", Log: slog.New(slog.DiscardHandler)}, w.sim.Clock.Now())
	w.do("slipway drift", err)
	if len(report.Services) != 1 {
		w.t.Fatalf("got %+v, want one service", report)
	}
	return report.Services[0]
}

func (w *world) finds(state drift.State, kinds ...drift.Kind) drift.Service {
	w.t.Helper()
	got := w.looked()
	same := got.State == state && len(got.Findings) == len(kinds)
	for i := 0; same && i < len(kinds); i++ {
		same = got.Findings[i].Kind == kinds[i]
	}
	if !same {
		w.t.Fatalf("slipway drift found %+v, want %s %v\n%s", got, state, kinds, w.story())
	}
	return got
}

func (w *world) protect(minimum, grace int32) {
	_, err := w.ecs().UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"), HealthCheckGracePeriodSeconds: &grace,
		DeploymentConfiguration: &ecstypes.DeploymentConfiguration{MinimumHealthyPercent: &minimum, MaximumPercent: aws.Int32(200)}})
	w.do("change the service's protection", err)
}

func (w *world) toldOfDrift() (n int) {
	for _, e := range w.told {
		if e.DetailType == "Slipway Drift" {
			n++
		}
	}
	return n
}

// What `slipway drift` shows is what the scheduled check finds next, and it changes nothing.
func TestSlipwayDrift(t *testing.T) {
	w := newWorld(t, setting{seed: 1})
	w.push("shop/web", "v1", "amd64", nil)
	w.until(time.Hour, "the first execution", func() bool { return len(w.started) == 1 })
	w.sim.Clock.RunFor(time.Minute)
	w.finds(drift.Deploying)
	w.untilEnded(1)
	w.finds(drift.InSync)

	was := w.service()
	w.protect(0, 900)
	if got := w.finds(drift.Drifted, drift.Weakened); !got.Since.IsZero() || got.Findings[0].Severity != drift.Warning {
		t.Errorf("before any scheduled check: got %+v", got)
	}
	w.sim.Clock.RunFor(16 * time.Minute)
	if got := w.finds(drift.Drifted, drift.Weakened); got.Since.IsZero() || w.toldOfDrift() != 1 {
		t.Errorf("got %+v, and %d messages, want since when and one message", got, w.toldOfDrift())
	}
	w.protect(aws.ToInt32(was.DeploymentConfiguration.MinimumHealthyPercent), aws.ToInt32(was.HealthCheckGracePeriodSeconds))
	if b := was.DeploymentConfiguration.DeploymentCircuitBreaker; b != nil && b.Enable {
		_, err := w.ecs().UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"),
			DeploymentConfiguration: &ecstypes.DeploymentConfiguration{DeploymentCircuitBreaker: b, MinimumHealthyPercent: was.DeploymentConfiguration.MinimumHealthyPercent}})
		w.do("the circuit breaker again", err)
	}
	w.finds(drift.InSync)

	_, err := w.ecs().UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"), DesiredCount: aws.Int32(3)})
	w.do("scale", err)
	w.sim.Clock.RunFor(time.Minute)
	w.finds(drift.InSync)
}

func TestSlipwayDriftOfImages(t *testing.T) {
	w := newWorld(t, setting{seed: 1})
	w.push("shop/web", "v1", "amd64", nil)
	w.untilEnded(1)
	bad := w.push("shop/web", "v2", "amd64", map[string]string{"awssim.exit": "1"})
	w.untilEnded(2)
	w.finds(drift.InSync)
	w.do("deploy by hand", w.deployByHand(bad))
	w.sim.Clock.RunFor(10 * time.Second)
	if got := w.finds(drift.Drifted, drift.Quarantined); got.Findings[0].Severity != drift.Critical || got.Findings[0].Healed {
		t.Errorf("got %+v", got)
	}

	w = newWorld(t, setting{seed: 1})
	w.push("shop/web", "v1", "amd64", nil)
	w.untilEnded(1)
	w.sim.Events.Fault = func(e events.Event) events.Delivery { return events.Delivery{Lost: e.Source == "aws.ecr"} }
	// A push counts as lost after two minutes, and the scheduled check heals it within five more: it is seen in between.
	w.push("shop/web", "v2", "amd64", nil)
	w.sim.Clock.RunFor(150 * time.Second)
	if got := w.finds(drift.Drifted, drift.LostPush); !got.Findings[0].Healed || len(w.started) != 1 {
		t.Errorf("got %+v and %d executions, want a push to be healed and nothing started", got, len(w.started))
	}
	w.untilEnded(2)
	w.finds(drift.InSync)
}

// pushCache pushes what buildx keeps as a cache: a manifest of no image that a task can run.
func (w *world) pushCache(repository, tag string) {
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer([]byte("cache "+tag), types.OCILayer))
	w.do("make cache", err)
	img = mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), "application/vnd.buildkit.cacheconfig.v0")
	w.sim.Clock.Do("push cache", func() { _, err = w.sim.ECR.Push(repository, tag, img) })
	w.do("push cache", err)
}

// A build cache is pushed after its image, so it is always the newest of a repository. It hides neither a lost push nor the image that
// a person means who names the service only.
func TestBuildCacheIsPassedOver(t *testing.T) {
	w := newWorld(t, setting{seed: 1})
	w.push("shop/web", "v1", "amd64", nil)
	w.untilEnded(1)
	w.sim.Events.Fault = func(e events.Event) events.Delivery { return events.Delivery{Lost: e.Source == "aws.ecr"} }
	v2 := w.push("shop/web", "v2", "amd64", nil)
	w.sim.Clock.RunFor(time.Second)
	w.pushCache("shop/web", "buildcache")
	w.untilEnded(2)
	if got := w.running(); !strings.HasSuffix(got, v2) {
		t.Fatalf("the service runs %s, want v2\n%s", got, w.story())
	}
	w.do("start", w.startByHand(`{"service":"shop/web"}`))
	w.untilEnded(3)
	if got := w.endings[2]; got.Kind != "NothingToDo" {
		t.Fatalf("got %+v, want that v2 runs already", got)
	}
}

// A tag that cannot be followed is found before a push is rejected for it.
func TestBadTagIsFound(t *testing.T) {
	w := newWorld(t, setting{seed: 1})
	w.push("shop/web", "v1", "amd64", nil)
	w.untilEnded(1)
	w.do("tag", w.tagService("slipway:bake", "banana"))
	if got := w.finds(drift.Drifted, drift.BadTag); !strings.Contains(got.Findings[0].Words, `slipway:bake is "banana": write a duration`) {
		t.Errorf("it says: %s", got.Findings[0].Words)
	}
	w.sim.Clock.RunFor(20 * time.Minute)
	w.do("tag", w.tagService("slipway:bake", "1m"))
	w.finds(drift.InSync)
	w.sim.Clock.RunFor(20 * time.Minute)
	if n := w.toldOfDrift(); n != 2 {
		t.Errorf("%d drift messages, want one that it drifted and one that it is in sync again\n%s", n, w.story())
	}
}
