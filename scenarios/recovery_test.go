package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"slipway/awssim"
	"slipway/awssim/events"
	"slipway/awssim/protocol"
	"slipway/internal/wire"
)

// recovery plays scripts in which executions die, are stopped and redriven, and AWS refuses.
type recovery struct{ *script }

func TestRecovery(t *testing.T) {
	for _, file := range scripts(t, "testdata/recovery/*.txtar") {
		t.Run(titleOf(file), func(t *testing.T) {
			t.Parallel()
			playRecovery(t, file)
		})
	}
}

// playRecovery plays a script and returns its world.
func playRecovery(t *testing.T, file string) *world {
	t.Helper()
	r := recovery{scripted(t, file)}
	r.perform(t, file, r.command)
	return r.world
}

// words are those beside a scenario's.
func (r recovery) words() words {
	return words{
		"stop N":                r.stop,       // the N-th execution that was started, as in the console
		"redrive N":             r.redrive,    // as in the console
		"stop-at N STATE":       r.stopAt,     // the N-th execution will be stopped as it enters the state for the first time
		"until N STATE":         r.untilState, // the N-th execution has entered the state
		"ends ENDING":           r.ends,       // waits for the next ending, whoever settles it: an execution that died enters no state of that name
		"refuse OPERATION CODE": r.refuse,     // the functions' calls of an operation are refused from now on
		"down OPERATION":        r.down,       // they fail on AWS's side
		"hang OPERATION OTHER":  r.hang,       // the functions' calls of two operations get no answer
		"allow":                 r.allow,      // and no more
		"lose-status":           r.loseStatus, // Step Functions' events are lost from now on; keep-pushes ends it
		"retag TAG NEW":         r.retag,      // the image of a tag gets another one, which is a push
		"by-tag TAG":            r.byTag,      // somebody deploys the image of a tag by hand, by its tag
		"loosely TAG":           r.loosely,    // and ECS resolves it anew for every task
		"scale N":               r.scale,      // somebody changes the count,
		"force":                 r.force,      // forces a new deployment,
		"delete":                r.delete,     // or deletes the service,
		"create N":              r.create,     // and creates it again as it was, with so many tasks
		"deregister REVISION":   r.deregister, // which becomes INACTIVE
		"breaker":               r.breaker,    // ECS's circuit breaker is enabled with rollback, after one failed task
		"free":                  r.free,       // nobody holds the service, nothing is left to be undone or to be deployed
		"good TAG":              r.good,       // last good is the image of that tag
	}
}

func (r recovery) command(name string, args []string) error { return r.spoken(r.words(), name, args) }

func (r recovery) nth(text string) *string {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(r.started) {
		r.t.Fatalf("there is no execution %s of %d", text, len(r.started))
	}
	return &r.started[n-1]
}

func (r recovery) stop(args []string) error {
	_, err := r.sfn().StopExecution(context.Background(), &sfn.StopExecutionInput{ExecutionArn: r.nth(args[0])})
	return err
}

func (r recovery) stopAt(args []string) error {
	n, err := strconv.Atoi(args[0])
	stopped := false
	r.sim.States.Watch(func(execution, state string) {
		if !stopped && len(r.started) >= n && execution == r.started[n-1] && state == args[1] {
			stopped = true
			r.do("stop", r.stop(args[:1]))
		}
	})
	return err
}

func (r recovery) redrive(args []string) error {
	_, err := r.sfn().RedriveExecution(context.Background(), &sfn.RedriveExecutionInput{ExecutionArn: r.nth(args[0])})
	return err
}

func (r recovery) untilState(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	r.until(time.Hour, "state "+args[1], func() bool { return len(r.started) >= n && slices.Contains(r.path[r.started[n-1]], args[1]) })
	return nil
}

func (r recovery) ends(args []string) error {
	r.until(8*time.Hour, "the ending "+args[0], func() bool { return len(r.endings) > r.awaited })
	r.awaited++
	r.sim.Clock.RunFor(5 * time.Second)
	if got := r.endings[r.awaited-1]; got.Kind != args[0] {
		return fmt.Errorf("got %s: %s", got.Kind, got.Sentence)
	}
	return nil
}

func (r recovery) refuse(args []string) error {
	return r.fail(args[:1], &awssim.Fault{Error: &protocol.Error{Code: args[1], Message: "refused for the test", Status: 400}})
}

func (r recovery) down(args []string) error {
	return r.fail(args, &awssim.Fault{Error: &protocol.Error{Code: "InternalFailure", Message: "down for the test", Status: 500}})
}

func (r recovery) hang(args []string) error {
	return r.fail(args, &awssim.Fault{Broken: true, Delay: wire.AttemptTimeout})
}

func (r recovery) fail(operations []string, how *awssim.Fault) error {
	r.sim.Fault = func(c awssim.Call) *awssim.Fault {
		if _, function := r.sim.RoleOf(c.Principal); !function || !slices.Contains(operations, c.Operation) {
			return nil
		}
		return how
	}
	return nil
}

func (r recovery) allow([]string) error {
	r.sim.Fault = nil
	return nil
}

func (r recovery) loseStatus([]string) error {
	r.sim.Events.Fault = func(e events.Event) events.Delivery { return events.Delivery{Lost: e.Source == "aws.states"} }
	return nil
}

func (r recovery) retag(args []string) error {
	registry := ecr.NewFromConfig(r.sim.Config("person"))
	out, err := registry.BatchGetImage(context.Background(), &ecr.BatchGetImageInput{RepositoryName: aws.String("shop/web"), ImageIds: []ecrtypes.ImageIdentifier{{ImageTag: &args[0]}}})
	if err != nil || len(out.Images) != 1 {
		return fmt.Errorf("get image %s: %v", args[0], err)
	}
	r.digests[args[1]] = r.digests[args[0]]
	_, err = registry.PutImage(context.Background(), &ecr.PutImageInput{RepositoryName: aws.String("shop/web"), ImageManifest: out.Images[0].ImageManifest,
		ImageManifestMediaType: out.Images[0].ImageManifestMediaType, ImageTag: &args[1]})
	return err
}

func (r recovery) byTag(args []string) error {
	return r.deployImage(r.sim.ECR.Host()+"/shop/web:"+args[0], "")
}

func (r recovery) loosely(args []string) error {
	return r.deployImage(r.sim.ECR.Host()+"/shop/web:"+args[0], ecstypes.VersionConsistencyDisabled)
}

func (r recovery) scale(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	_, err = r.ecs().UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"), DesiredCount: aws.Int32(int32(n))})
	return err
}

func (r recovery) delete([]string) error {
	_, err := r.ecs().DeleteService(context.Background(), &ecs.DeleteServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"), Force: aws.Bool(true)})
	return err
}

func (r recovery) create(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	was := r.service()
	tags, err := r.ecs().ListTagsForResource(context.Background(), &ecs.ListTagsForResourceInput{ResourceArn: was.ServiceArn})
	if err != nil {
		return err
	}
	own := slices.DeleteFunc(tags.Tags, func(t ecstypes.Tag) bool { return strings.HasPrefix(*t.Key, "aws:") })
	if err := r.delete(nil); err != nil {
		return err
	}
	r.until(time.Hour, "the deletion", func() bool { return aws.ToString(r.service().Status) == "INACTIVE" })
	_, err = r.ecs().CreateService(context.Background(), &ecs.CreateServiceInput{Cluster: aws.String("shop"), ServiceName: aws.String("web"), TaskDefinition: was.TaskDefinition,
		DesiredCount: aws.Int32(int32(n)), LaunchType: was.LaunchType, NetworkConfiguration: was.NetworkConfiguration, LoadBalancers: was.LoadBalancers,
		HealthCheckGracePeriodSeconds: was.HealthCheckGracePeriodSeconds, Tags: own})
	return err
}

func (r recovery) deregister(args []string) error { return family(r).deregister(args) }

func (r recovery) force([]string) error {
	_, err := r.ecs().UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"), ForceNewDeployment: true})
	return err
}

func (r recovery) breaker([]string) error {
	_, err := r.ecs().UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"),
		DeploymentConfiguration: &ecstypes.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(100), MaximumPercent: aws.Int32(200),
			DeploymentCircuitBreaker: &ecstypes.DeploymentCircuitBreaker{Enable: true, Rollback: true,
				ThresholdConfiguration: &ecstypes.ThresholdConfiguration{Type: ecstypes.ThresholdTypeCount, Value: 1}}}})
	return err
}

func (r recovery) free([]string) error {
	e := r.entry()
	if !e.Free(r.sim.Clock.Now()) || e.Intent != nil || e.Open() {
		return fmt.Errorf("lease %+v, intent %+v, wish %+v, handled %d", e.Lease, e.Intent, e.Wish, e.Handled)
	}
	return nil
}

func (r recovery) good(args []string) error {
	if e := r.entry(); e.LastGood == nil || string(e.LastGood.Image.Digest) != r.digests[args[0]] {
		return fmt.Errorf("last good is %+v", e.LastGood)
	}
	return nil
}
