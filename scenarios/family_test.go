package scenarios

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim"
	"slipway/awssim/protocol"
	"slipway/internal/drift"
)

// family plays scripts in which somebody registers revisions of the service's task definition.
type family struct{ *script }

func TestFamily(t *testing.T) {
	for _, file := range scripts(t, "testdata/family/*.txtar") {
		t.Run(titleOf(file), func(t *testing.T) {
			t.Parallel()
			f := family{scripted(t, file)}
			f.perform(t, file, f.command)
			for _, d := range f.sim.IAM.Denials() {
				t.Errorf("denied: %s", d.Message)
			}
			for _, e := range f.told {
				if strings.Contains(string(e.Detail), "hush") {
					t.Errorf("a value of a variable left the task definition: %s", e.Detail)
				}
			}
		})
	}
}

// words are those beside a scenario's.
func (f family) words() words {
	return words{
		"register NAME=VALUE ...":  f.register,   // a copy of the revision that runs: image=TAG, cpu=N and memory=N, the others are variables
		"update":                   f.update,     // the service gets the newest ACTIVE revision
		"deregister REVISION":      f.deregister, // which becomes INACTIVE
		"drift [KIND [WORDS ...]]": f.drift,      // `slipway drift` finds that and says so, or nothing
		"throttle OPERATION":       f.throttle,   // the functions' calls of an operation are throttled from now on
		"allow":                    f.allow,      // and no more
		"drift-failures N":         f.failures,   // invocations of drift that failed
	}
}

func (f family) command(name string, args []string) error { return f.spoken(f.words(), name, args) }

func (f family) register(args []string) error {
	d := f.definition(aws.ToString(f.service().TaskDefinition))
	web := &d.ContainerDefinitions[0]
	for name, value := range pairs(args) {
		switch name {
		case "image":
			web.Image = aws.String(f.sim.ECR.Host() + "/shop/web@" + f.digests[value])
		case "cpu":
			d.Cpu = &value
		case "memory":
			d.Memory = &value
		default:
			web.Environment = append(web.Environment, ecstypes.KeyValuePair{Name: &name, Value: &value})
		}
	}
	_, err := f.ecs().RegisterTaskDefinition(context.Background(), &ecs.RegisterTaskDefinitionInput{Family: d.Family, ContainerDefinitions: d.ContainerDefinitions,
		Cpu: d.Cpu, Memory: d.Memory, NetworkMode: d.NetworkMode, RequiresCompatibilities: d.RequiresCompatibilities, RuntimePlatform: d.RuntimePlatform, ExecutionRoleArn: d.ExecutionRoleArn})
	return err
}

func (f family) update([]string) error {
	_, err := f.ecs().UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"), TaskDefinition: aws.String("web")})
	return err
}

func (f family) deregister(args []string) error {
	_, err := f.ecs().DeregisterTaskDefinition(context.Background(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &args[0]})
	return err
}

func (f family) drift(args []string) error {
	got := f.looked()
	if len(args) == 0 {
		if got.State != drift.InSync {
			return fmt.Errorf("got %+v, want it in sync", got)
		}
		return nil
	}
	if len(got.Findings) != 1 || string(got.Findings[0].Kind) != args[0] {
		return fmt.Errorf("got %+v, want one finding", got)
	}
	for _, words := range args[1:] {
		if !strings.Contains(got.Findings[0].Words, words) {
			return fmt.Errorf("it says: %s", got.Findings[0].Words)
		}
	}
	return nil
}

func (f family) throttle(args []string) error {
	f.sim.Fault = func(c awssim.Call) *awssim.Fault {
		if _, function := f.sim.RoleOf(c.Principal); !function || c.Operation != args[0] {
			return nil
		}
		return &awssim.Fault{Error: &protocol.Error{Code: "ThrottlingException", Message: "Rate exceeded", Status: 400}}
	}
	return nil
}

func (f family) allow([]string) error {
	f.sim.Fault = nil
	return nil
}

// failures counts those of drift: each leaves a message.
func (f family) failures(args []string) error {
	if got := fmt.Sprint(f.deadLetters()); got != args[0] {
		return fmt.Errorf("got %s", got)
	}
	return nil
}

// In silence a service's family costs a description and a write an hour, and the sweeps between them nothing more than before.
func TestFamilyInSilence(t *testing.T) {
	w := newWorld(t, setting{seed: 1})
	w.push("shop/web", "v1", "amd64", nil)
	w.untilEnded(1)
	w.sim.Clock.RunFor(2 * time.Hour)
	before := w.counted()
	w.sim.Clock.RunFor(24 * time.Hour)
	after := w.counted()
	for operation, want := range map[string]int{"ecs DescribeTaskDefinition": 24, "dynamodb PutItem": 24, "ecs DescribeServices": 24 * 12, "dynamodb GetItem": 2 * 24 * 12} {
		if got := after[operation] - before[operation]; got != want {
			t.Errorf("%s: %d calls in a day, want %d", operation, got, want)
		}
	}
}
