package drift

import (
	"strings"
	"testing"

	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

func TestRunning(t *testing.T) {
	const arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:"
	ref := func(c string) image.Reference {
		return image.Reference{Registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", Repository: "shop/web", Tag: "v" + c, Digest: image.Digest("sha256:" + strings.Repeat(c, 64))}
	}
	runs := func(revision string, r image.Reference) rollout.Definition {
		return rollout.Definition{ARN: arn + revision, Containers: []rollout.ContainerDefinition{{Name: "web", Image: r.Pinned()}}}
	}
	dual := runs("3", ref("1"))
	dual.Containers[0].Image = strings.Replace(dual.Containers[0].Image, ".dkr.ecr.eu-west-1.amazonaws.com", ".dkr-ecr.eu-west-1.on.aws", 1)
	good := record.Entry{LastGood: &record.Good{Revision: arn + "1", Image: ref("1")}}
	wished := record.Entry{LastGood: good.LastGood, Wish: &record.Wish{Revision: arn + "2", Image: ref("2")}, Deployed: arn + "2"}
	failed := wished
	failed.Isolate(record.Failure{Digest: ref("2").Digest, Revision: arn + "2"})
	back := failed
	back.Abandon(arn + "2")
	rejected := failed
	rejected.Wish, rejected.Deployed = &record.Wish{Image: ref("1")}, arn+"2"
	unproven := wished
	unproven.Wish, unproven.Deployed = &record.Wish{Image: ref("1")}, arn+"2"
	isolated := good
	isolated.Isolate(record.Failure{Digest: ref("3").Digest, Name: "v3"})
	for name, c := range map[string]struct {
		entry  record.Entry
		runs   rollout.Definition
		repair bool
		want   Kind
		healed bool
	}{
		"in sync":                       {good, runs("1", ref("1")), false, "", false},
		"nothing known":                 {record.Entry{}, runs("1", ref("1")), false, "", false},
		"foreign image":                 {good, runs("3", ref("3")), false, ForeignImage, false},
		"quarantined, by hand":          {isolated, runs("3", ref("3")), false, Quarantined, false},
		"quarantined, to be repaired":   {isolated, runs("3", ref("3")), true, Quarantined, true},
		"foreign image, to be repaired": {good, runs("3", ref("3")), true, ForeignImage, true},
		"configuration change":          {good, runs("3", ref("1")), false, ConfigurationChange, true},
		"another endpoint":              {good, dual, false, ConfigurationChange, true},
		"deployed and not recorded":     {wished, runs("2", ref("2")), false, Unproven, true},
		"deployed, failed, still there": {failed, runs("2", ref("2")), true, Quarantined, false},

		"rolled back, deployed again by hand":                     {back, runs("2", ref("2")), false, Quarantined, false},
		"rolled back, deployed again, to be repaired":             {back, runs("2", ref("2")), true, Quarantined, true},
		"of the failed revision, whatever its image":              {failed, runs("2", ref("4")), false, Quarantined, false},
		"deployed, failed, and something else was rejected":       {rejected, runs("2", ref("2")), true, Quarantined, false},
		"deployed, not recorded, and something else was rejected": {unproven, runs("2", ref("2")), false, Unproven, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := Running(c.entry, c.runs, c.repair)
			if got == nil {
				got = &Finding{}
			}
			if got.Kind != c.want || got.Healed != c.healed || c.want != "" && got.Words == "" {
				t.Fatalf("got %+v, want %q, healed %v", got, c.want, c.healed)
			}
		})
	}
}
