package simulated_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"slipway/awssim"
	"slipway/internal/wire/every"
	"slipway/internal/wire/simulated"
)

// Every verb calls as itself, once there is a stack, and a person as no verb.
func TestVerbsCallAsThemselves(t *testing.T) {
	sim, err := awssim.New(awssim.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	called := ""
	sim.Fault = func(c awssim.Call) *awssim.Fault {
		called = simulated.VerbOf(sim, c.Principal)
		return nil
	}
	early := ecs.NewFromConfig(simulated.As(sim, "push"))
	if _, err := early.ListClusters(t.Context(), &ecs.ListClustersInput{}); err == nil {
		t.Error("a call went out before the stack was there")
	}
	if _, err := sim.Deploy("slipway", "../../../template.yaml", nil); err != nil {
		t.Fatal(err)
	}
	for _, verb := range every.Names() {
		_, _ = ecs.NewFromConfig(simulated.As(sim, verb)).ListClusters(t.Context(), &ecs.ListClustersInput{}) // denied: no verb needs it
		if called != verb {
			t.Errorf("a call of %s counts as one of %q", verb, called)
		}
	}
	if _, err := ecs.NewFromConfig(sim.Config("person")).ListClusters(t.Context(), &ecs.ListClustersInput{}); err != nil || called != "" {
		t.Errorf("a call of a person counts as one of %q (%v)", called, err)
	}
}
