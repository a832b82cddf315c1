package deployer

import (
	"context"

	"slipway/internal/fault"
	"slipway/internal/rollout"
)

// announce tells people and machines, which never changes what happens. told is false if AWS was in trouble, so that it is worth
// another try later: then some of them may hear it twice. What AWS refuses is refused the next time too.
func (d *Deployer) announce(ctx context.Context, a rollout.Announcement) (told bool) {
	err := d.Announcer.Announce(ctx, a)
	if err != nil {
		d.Log.Warn("announce", "kind", a.Kind, "service", a.Service.String(), "why", err.Error())
	}
	return err == nil || fault.IsRefusal(err)
}
