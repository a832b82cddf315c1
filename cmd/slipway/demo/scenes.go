package demo

import "slipway/internal/rollout"

// scene is one push and what must come of it.
type scene struct {
	title   string
	tag     string
	env     map[string]string // of the image
	ending  rollout.Ending
	runs    string // tag of the image that the service runs afterwards
	load    bool   // under continuous requests, none of which may fail
	because string // a part of the cause
}

func scenes() []scene {
	return []scene{
		{title: "The first image of a service that was created with 0 tasks", tag: "v1", env: map[string]string{}, ending: rollout.Deployed, runs: "v1"},
		{title: "A good push, under continuous load", tag: "v2", env: map[string]string{}, ending: rollout.Deployed, runs: "v2", load: true},
		{title: "A push that exits at start", tag: "v3", env: map[string]string{"REQUIRES": "DB_HOST"}, ending: rollout.RolledBackEnding, runs: "v2", load: true,
			because: "settings: DB_HOST is not set"},
		{title: "A push that starts, but never passes its health check", tag: "v4", env: map[string]string{"UNHEALTHY": "database unreachable"}, ending: rollout.RolledBackEnding, runs: "v2", load: true,
			because: "health checks"},
	}
}
