package awssim

import (
	"testing"

	"slipway/awssim/cloudformation"
)

// Every type that a template may have can be created, in one way.
func TestEveryTypeCanBeCreated(t *testing.T) {
	for _, typ := range cloudformation.Types() {
		_, active := creators[typ]
		_, still := inert[typ]
		if active == still {
			t.Errorf("%s: with behaviour %v, without %v, want one of them", typ, active, still)
		}
	}
	if n := len(creators) + len(inert); n != len(cloudformation.Types()) {
		t.Errorf("%d types can be created, the loader knows %d", n, len(cloudformation.Types()))
	}
}

func TestGeneratedNames(t *testing.T) {
	p := &provider{sim: &Sim{}, stack: "shop"}
	name := p.name("", "Targets", 32)
	if len(name) != len("shop-Targets-")+12 || name != p.name("", "Targets", 32) {
		t.Errorf("name %s", name)
	}
	p.stack = "a-stack-with-a-name-that-is-long"
	if name := p.name("", "Targets", 32); len(name) > 32 {
		t.Errorf("name %s has %d characters", name, len(name))
	}
	if p.name("", "A", 32) == p.name("", "B", 32) || p.name("mine", "A", 32) != "mine" {
		t.Error("names do not follow the logical id, or a given name is not kept")
	}
}
