// Package taskdef adapts Amazon ECS task definitions: it describes them, finds and registers copies with other images, and
// says in words what differs between two.
//
// A copy is made of the raw JSON that ECS answered, never of the SDK's structs: a struct silently drops every member that is
// newer than the SDK it was generated for. raw.go holds the middleware for that, document.go the JSON, diff.go the
// comparison and words.go what people read. Nothing is kept between calls, and no content of a task definition but the
// names of things leaves the package.
package taskdef

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/internal/awsfault"
	"slipway/internal/drift"
	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/rollout"
)

// Definitions is the task definitions of one account and region.
type Definitions struct{ ecs *ecs.Client }

// New returns the task definitions that client sees.
func New(client *ecs.Client) *Definitions { return &Definitions{ecs: client} }

// candidates is how many of a family's newest revisions Find looks at. A lost registration is among the newest; looking at
// all would use up the account's budget of 20 descriptions a second.
const candidates = 10

// Describe returns what Slipway reads of a revision. An unknown one is *fault.Missing.
func (d *Definitions) Describe(ctx context.Context, arn string) (rollout.Definition, error) {
	out, _, err := d.read(ctx, arn)
	if err != nil {
		return rollout.Definition{}, err
	}
	return fromSDK(*out.TaskDefinition), nil
}

// Find looks through the newest ACTIVE revisions of base's family for one that equals base but for the images of the named
// containers.
func (d *Definitions) Find(ctx context.Context, base string, images map[string]string) (string, bool, error) {
	_, original, err := d.read(ctx, base)
	if err != nil {
		return "", false, err
	}
	want, err := original.withImages(images)
	if err != nil {
		return "", false, err
	}
	listed, err := d.ecs.ListTaskDefinitions(ctx, &ecs.ListTaskDefinitionsInput{
		FamilyPrefix: aws.String(want.text("family")), Status: types.TaskDefinitionStatusActive, Sort: types.SortOrderDesc, MaxResults: aws.Int32(candidates),
	})
	if err != nil {
		return "", false, awsfault.Of(err, "list revisions of family %s", want.text("family"))
	}
	for _, arn := range listed.TaskDefinitionArns {
		_, candidate, err := d.read(ctx, arn)
		if fault.IsMissing(err) {
			continue // deleted since it was listed
		}
		if err != nil {
			return "", false, err
		}
		if len(losses(want, candidate)) == 0 {
			return arn, true, nil
		}
	}
	return "", false, nil
}

// Copy registers base with other images in the named containers and no other difference, in one try: RegisterTaskDefinition
// takes no client token, so that a repetition after a lost answer would make a second revision. It then reads the new
// revision back and refuses it (*fault.Impossible) if anything but the images differs from base. One that cannot be read yet is
// *fault.Unavailable: look for it (Find) before trying again.
func (d *Definitions) Copy(ctx context.Context, base string, images map[string]string) (string, error) {
	_, original, err := d.read(ctx, base)
	if err != nil {
		return "", err
	}
	want, err := original.withImages(images)
	if err != nil {
		return "", err
	}
	arn, err := d.register(ctx, want)
	if err != nil {
		return "", err
	}
	_, registered, err := d.read(ctx, arn)
	if fault.IsMissing(err) { // ECS answers some reads from before the registration. Whoever tries again finds the revision.
		err = &fault.Unavailable{Words: err.Error()}
	}
	if err != nil {
		return "", fmt.Errorf("read registered revision back: %w", err)
	}
	if lost := losses(want, registered); len(lost) > 0 {
		return "", &fault.Impossible{Words: fmt.Sprintf("revision %s is not a true copy of %s, it differs in %s: do not deploy it, deregister %s",
			rollout.ShortRevision(arn), rollout.ShortRevision(base), strings.Join(lost, ", "), arn)}
	}
	return arn, nil
}

// Changed says in words what differs between two revisions: names, and values only of images, cpu and memory.
func (d *Definitions) Changed(ctx context.Context, from, to string) ([]string, error) {
	_, before, err := d.read(ctx, from)
	if err != nil {
		return nil, err
	}
	_, after, err := d.read(ctx, to)
	if err != nil {
		return nil, err
	}
	return inWords(compare(before.content(), after.content())), nil
}

// Newest is the newest ACTIVE revision of the family that a revision is of, compared with nothing. The error is *fault.Missing when
// the family has none.
func (d *Definitions) Newest(ctx context.Context, revision string) (drift.Revision, error) {
	family, _, _ := strings.Cut(rollout.ShortRevision(revision), ":")
	out, _, err := d.read(ctx, family) // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html: "family for the latest ACTIVE revision"
	if err != nil {
		return drift.Revision{}, err
	}
	return beside(out.TaskDefinition), nil
}

// Compare compares revisions with the one that a service runs. Those that were deleted are left out.
func (d *Definitions) Compare(ctx context.Context, runs string, revisions []string) ([]drift.Revision, error) {
	_, base, err := d.read(ctx, runs)
	if err != nil {
		return nil, err
	}
	var list []drift.Revision
	for _, arn := range revisions {
		out, doc, err := d.read(ctx, arn)
		if fault.IsMissing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r := beside(out.TaskDefinition)
		r.Changed = inWords(slices.DeleteFunc(compare(base.content(), doc.content()), ofImage))
		list = append(list, r)
	}
	return list, nil
}

func beside(t *types.TaskDefinition) drift.Revision {
	return drift.Revision{ARN: aws.ToString(t.TaskDefinitionArn), RegisteredAt: aws.ToTime(t.RegisteredAt),
		Active: t.Status == types.TaskDefinitionStatusActive, Own: own(aws.ToString(t.RegisteredBy))}
}

// own reports whether a principal is a function of Slipway that registers revisions: the session of a function's role has the
// name of the function.
func own(principal string) bool {
	return strings.Contains(principal, ":assumed-role/") && (strings.HasSuffix(principal, "/slipway-push") || strings.HasSuffix(principal, "/slipway-claim"))
}

func (d *Definitions) read(ctx context.Context, arn string) (*ecs.DescribeTaskDefinitionOutput, document, error) {
	var raw []byte
	out, err := d.ecs.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: &arn, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
	}, capture(&raw))
	if err != nil {
		return nil, document{}, awsfault.Of(err, "describe task definition %s", rollout.ShortRevision(arn))
	}
	doc, err := parse(raw)
	if err != nil || out.TaskDefinition == nil {
		return nil, document{}, &fault.Impossible{Words: fmt.Sprintf("describe task definition %s: cannot read what ECS answered: %v", rollout.ShortRevision(arn), err)}
	}
	return out, doc, nil
}

func (d *Definitions) register(ctx context.Context, doc document) (string, error) {
	body, err := doc.body()
	if err != nil {
		return "", err
	}
	// The SDK checks only that these two are there; what is sent is body.
	in := &ecs.RegisterTaskDefinitionInput{Family: aws.String(doc.text("family")), ContainerDefinitions: []types.ContainerDefinition{}}
	out, err := d.ecs.RegisterTaskDefinition(ctx, in, send(body), func(o *ecs.Options) { o.Retryer = aws.NopRetryer{} })
	if err != nil {
		return "", awsfault.Of(err, "register a revision of family %s", doc.text("family"))
	}
	if out.TaskDefinition == nil || aws.ToString(out.TaskDefinition.TaskDefinitionArn) == "" {
		return "", &fault.Impossible{Words: "register a revision of family " + doc.text("family") + ": ECS answered without its ARN"}
	}
	return *out.TaskDefinition.TaskDefinitionArn, nil
}

func fromSDK(t types.TaskDefinition) rollout.Definition {
	d := rollout.Definition{
		ARN:      aws.ToString(t.TaskDefinitionArn),
		Family:   aws.ToString(t.Family),
		Active:   t.Status == types.TaskDefinitionStatusActive,
		Platform: platform(t),
	}
	for _, c := range t.ContainerDefinitions {
		d.Containers = append(d.Containers, container(c))
	}
	return d
}

func container(c types.ContainerDefinition) rollout.ContainerDefinition {
	out := rollout.ContainerDefinition{
		Name:        aws.ToString(c.Name),
		Image:       aws.ToString(c.Image),
		Essential:   c.Essential == nil || *c.Essential,
		HealthCheck: c.HealthCheck != nil && len(c.HealthCheck.Command) > 0 && c.HealthCheck.Command[0] != "NONE",
	}
	if log := c.LogConfiguration; log != nil && log.LogDriver == types.LogDriverAwslogs {
		out.LogGroup, out.LogPrefix, out.LogRegion = log.Options["awslogs-group"], log.Options["awslogs-stream-prefix"], log.Options["awslogs-region"]
	}
	return out
}

// platform is what the task's images must be built for. Fargate runs linux/amd64 unless told otherwise; on EC2 a definition
// that does not say leaves it to the instances, and the platform is not known: the zero Platform.
func platform(t types.TaskDefinition) image.Platform {
	if t.RuntimePlatform == nil && !slices.Contains(t.RequiresCompatibilities, types.CompatibilityFargate) {
		return image.Platform{}
	}
	p := image.Platform{OS: "linux", Architecture: "amd64"}
	if r := t.RuntimePlatform; r != nil {
		if strings.HasPrefix(string(r.OperatingSystemFamily), "WINDOWS") {
			p.OS = "windows"
		}
		if r.CpuArchitecture == types.CPUArchitectureArm64 {
			p.Architecture = "arm64"
		}
	}
	return p
}

// text is a string member of the definition, "" if there is none.
func (d document) text(member string) string {
	var s string
	_ = json.Unmarshal(d.definition[member], &s) // absent or of another type: ""
	return s
}
