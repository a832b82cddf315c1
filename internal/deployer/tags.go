package deployer

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/internal/image"
	"slipway/internal/oneline"
	"slipway/internal/rollout"
	"slipway/internal/strictjson"
)

// deployable says why Slipway cannot deploy to the service at all, "" if it can.
func deployable(s rollout.Service) string {
	switch {
	case s.Status != "ACTIVE":
		return fmt.Sprintf("service %s is %s", s.Name, s.Status)
	case s.Tags[rollout.TagRepository] == "":
		return fmt.Sprintf("service %s did not opt in: tag it %s=REPOSITORY, the ECR repository whose pushes it shall follow", s.Name, rollout.TagRepository)
	case s.Controller != "" && s.Controller != "ECS":
		return fmt.Sprintf("service %s has the deployment controller %s; Slipway deploys to services with the controller ECS", s.Name, s.Controller)
	case s.Strategy != "" && s.Strategy != "ROLLING":
		return fmt.Sprintf("service %s has the deployment strategy %s; Slipway deploys to services with the strategy ROLLING", s.Name, s.Strategy)
	}
	return ""
}

// defaultPolicy is that of a service without tags.
func defaultPolicy() rollout.Policy {
	return rollout.Policy{Bake: rollout.Seconds(rollout.DefaultBake / time.Second), Timeout: rollout.Seconds(rollout.DefaultTimeout / time.Second)}
}

// policyOf reads the service's tags. An unusable value is an error that says what to write.
func policyOf(tags map[string]string) (rollout.Policy, error) {
	if err := spelt(tags); err != nil {
		return rollout.Policy{}, err
	}
	bake, err := duration(tags, rollout.TagBake, rollout.DefaultBake, rollout.MaxBake)
	if err != nil {
		return rollout.Policy{}, err
	}
	timeout, err := duration(tags, rollout.TagTimeout, rollout.DefaultTimeout, rollout.MaxTimeout)
	if err != nil {
		return rollout.Policy{}, err
	}
	p := rollout.Policy{Bake: bake, Timeout: timeout}
	if text, ok := tags[rollout.TagInitialCount]; ok {
		p.InitialCount, err = strconv.Atoi(text)
		if err != nil || p.InitialCount < 1 || p.InitialCount > 5000 {
			return rollout.Policy{}, fmt.Errorf("tag %s is %q: write a number from 1 to 5000", rollout.TagInitialCount, text)
		}
	}
	if _, err := image.ParseFollow(tags[rollout.TagFollow]); err != nil {
		return rollout.Policy{}, fmt.Errorf("tag %w", err)
	}
	if v := tags[rollout.TagDrift]; v != "" && v != "report" && v != "repair" {
		return rollout.Policy{}, fmt.Errorf("tag %s is %q: write report or repair", rollout.TagDrift, v)
	}
	return p, nil
}

// spelt refuses a tag of Slipway's that does not exist: with slipway:folow every push would be deployed.
func spelt(tags map[string]string) error {
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		if !strings.HasPrefix(strings.ToLower(tag), "slipway:") || slices.Contains(rollout.Tags(), tag) {
			continue
		}
		if near := strictjson.Near(tag, rollout.Tags()); near != "" {
			return fmt.Errorf("tag %s is none of Slipway's: write %s", oneline.Clip(tag, 80), near)
		}
		return fmt.Errorf("tag %s is none of Slipway's: remove it, or write one of %s", oneline.Clip(tag, 80), strings.Join(rollout.Tags(), ", "))
	}
	return nil
}

// CheckTags says what is wrong with a service's tags before any push finds it out. The error says what to write.
func CheckTags(tags map[string]string) error {
	_, err := policyOf(tags)
	return err
}

func duration(tags map[string]string, tag string, otherwise, most time.Duration) (rollout.Seconds, error) {
	text, ok := tags[tag]
	if !ok {
		return rollout.Seconds(otherwise / time.Second), nil
	}
	v, err := time.ParseDuration(text)
	if err != nil || v < time.Second || v > most {
		return 0, fmt.Errorf("tag %s is %q: write a duration such as 90s or 5m, from 1s to %s", tag, text, rollout.Elapsed(most))
	}
	return rollout.Seconds(v / time.Second), nil
}
