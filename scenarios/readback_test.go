package scenarios

import (
	"strings"
	"testing"

	"slipway/awssim"
	"slipway/awssim/protocol"
)

// ECS may answer the first read of a revision from before it was registered, whoever registered it. The push is deployed all the same,
// and its revision is registered once.
func TestARevisionThatCannotBeReadYet(t *testing.T) {
	for _, verb := range []string{"push", "claim"} {
		t.Run(verb, func(t *testing.T) {
			s := newScript(newWorld(t, setting{seed: 1}), nil)
			s.pushed("v1", nil)
			s.settled(t)
			before, registered, unread := s.revisions(), false, 0
			s.sim.Fault = func(c awssim.Call) *awssim.Fault {
				role, _ := s.sim.RoleOf(c.Principal)
				switch {
				case c.Operation == "RegisterTaskDefinition" && verb == "claim" && strings.Contains(role, "-PushRole-"):
					return &awssim.Fault{Error: &protocol.Error{Code: "ThrottlingException", Message: "Rate exceeded", Status: 400}}
				case c.Operation == "RegisterTaskDefinition":
					registered = strings.Contains(strings.ToLower(role), "-"+verb+"role-")
				case c.Operation == "DescribeTaskDefinition" && registered && unread == 0:
					unread++
					return &awssim.Fault{Error: &protocol.Error{Code: "ClientException", Message: "Unable to describe task definition.", Status: 400}}
				}
				return nil
			}
			s.pushed("v2", nil)
			s.settled(t)
			if got := s.endings[len(s.endings)-1]; got.Kind != "Deployed" || unread != 1 {
				t.Fatalf("ended %s after %d such answers: %s\n%s", got.Kind, unread, got.Sentence, s.story())
			}
			if got := s.revisions() - before; got != 1 {
				t.Errorf("%d revisions were registered, want 1", got)
			}
		})
	}
}
