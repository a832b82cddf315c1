package demo

import (
	"context"
	"fmt"
	"net"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// scene is one thing that people do, or that happens, and what must come of it.
type scene struct {
	title   string
	short   string // in the table at the end
	play    func(context.Context, *stage) (over, error)
	ending  string // "Deployed", ..., or "Drift": reported and left alone
	runs    string // a tag of the image that the service runs afterwards
	load    bool   // under continuous requests, none of which may fail
	because string // a part of what is said
	silent  bool   // no execution may start
}

// over finds in what was heard since the scene began what ends it.
type over func(heard) (rollout.Announcement, bool)

// heard is what Slipway told people, and how often it checked for drift.
type heard struct {
	told   []rollout.Announcement
	checks []laptop.DriftCheck
}

// drifted is how many of the checks found something.
func (h heard) drifted() (n int) {
	for _, c := range h.checks {
		if c.Drifted > 0 {
			n++
		}
	}
	return n
}

func scenes() []scene {
	deployed, rolledBack := string(record.EndingDeployed), string(record.EndingRolledBack)
	return []scene{
		{title: "1. The first image of a service that was created with 0 tasks", short: "1. push v1, service with 0 tasks",
			play: push("v1", nil), ending: deployed, runs: "v1"},
		{title: "2. A good push, under continuous load", short: "2. push v2, good",
			play: push("v2", nil), ending: deployed, runs: "v2", load: true},
		{title: "3. A push that exits at start", short: "3. push v3, exits at start",
			play: push("v3", map[string]string{"REQUIRES": "DB_HOST"}), ending: rolledBack, runs: "v2", load: true, because: "settings: DB_HOST is not set"},
		{title: "4. A push that starts but never passes its health check: its database is down", short: "4. push v4, never healthy",
			play: pushWithoutDatabase, ending: rolledBack, runs: "v2", load: true, because: "database unreachable"},
		{title: "5. The same bad image under another tag", short: "5. push the same as v4-again",
			play: pushAgain, ending: string(record.EndingRejected), runs: "v2", load: true, because: "is quarantined: it failed on"},
		{title: "   The database is back, and a person forces the image through", short: "   start v4 with force",
			play: forceWithDatabase, ending: deployed, runs: "v4", load: true},
		{title: "6. A manual re-run with as little as can be typed", short: "6. start with the service only",
			play: start(`{"service":"shop/web"}`), ending: string(record.EndingNothingToDo), runs: "v4", load: true, because: "already runs and is good"},
		{title: "   An older image by hand", short: "   start v1",
			play: start(`{"service":"shop/web","image":"v1"}`), ending: deployed, runs: "v1", load: true},
		{title: "7. Somebody changes the service by hand, past Slipway", short: "7. UpdateService to v2 by hand",
			play: changeByHand, ending: rollout.KindDrift, runs: "v2", load: true, because: "Slipway did not deploy the change", silent: true},
		{title: "   A push whose event is lost", short: "   push v5, its event is lost",
			play: losePush, ending: deployed, runs: "v5", load: true},
	}
}

// push pushes an image; its ending ends the scene.
func push(tag string, env map[string]string) func(context.Context, *stage) (over, error) {
	return func(ctx context.Context, s *stage) (over, error) { return s.push(ctx, tag, tag, env) }
}

// pushWithoutDatabase pushes an image whose tasks find nothing at the address of their database.
func pushWithoutDatabase(ctx context.Context, s *stage) (over, error) {
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	s.database = reserved.Addr().String()
	if err := reserved.Close(); err != nil {
		return nil, err
	}
	return s.push(ctx, "v4", "v4", map[string]string{"DATABASE": s.database})
}

func pushAgain(ctx context.Context, s *stage) (over, error) {
	return s.push(ctx, "v4", "v4-again", map[string]string{"DATABASE": s.database})
}

// forceWithDatabase lets the database run again, and starts the execution that the failure block of v4 names.
func forceWithDatabase(ctx context.Context, s *stage) (over, error) {
	database, err := net.Listen("tcp", s.database)
	if err != nil {
		return nil, fmt.Errorf("start the database: another program took its port meanwhile, start the demo again: %w", err)
	}
	s.later(database.Close)
	go func() {
		for {
			connection, err := database.Accept()
			if err != nil {
				return
			}
			_ = connection.Close()
		}
	}()
	s.screen.says("database", "listens on "+s.database)
	return start(`{"service":"shop/web","image":"v4","force":true}`)(ctx, s)
}

// start starts an execution as typed; its ending ends the scene.
func start(input string) func(context.Context, *stage) (over, error) {
	return func(ctx context.Context, s *stage) (over, error) {
		s.screen.says("person", "starts "+input)
		execution, err := s.aws.StartExecution(ctx, input)
		if err != nil {
			return nil, err
		}
		return func(h heard) (rollout.Announcement, bool) {
			return find(h.told, func(a rollout.Announcement) bool { return a.Execution == execution && isEnding(a) })
		}, nil
	}
}

// changeByHand deploys the revision of v2 with ECS alone. The scene ends when two drift checks saw it: the first reports it, the second
// has nothing new to say.
func changeByHand(ctx context.Context, s *stage) (over, error) {
	revision := s.revisionOf("v2")
	if revision == "" {
		return nil, fmt.Errorf("no revision of v2 was seen")
	}
	s.screen.says("person", "UpdateService shop/web to "+revision+" (v2)")
	if err := s.aws.UpdateService(ctx, cluster, service, revision); err != nil {
		return nil, err
	}
	s.idle = "none; the drift check runs every 5 m"
	return func(h heard) (rollout.Announcement, bool) {
		drift, told := find(h.told, func(a rollout.Announcement) bool { return a.Kind == rollout.KindDrift })
		return drift, told && h.drifted() > 1
	}, nil
}

// losePush pushes an image whose event never arrives.
func losePush(ctx context.Context, s *stage) (over, error) {
	s.aws.LosePushes(true)
	defer s.aws.LosePushes(false)
	over, err := s.push(ctx, "v5", "v5", nil)
	s.screen.says("AWS", "loses the event of this push")
	s.idle = "none; the drift check runs every 5 m"
	return over, err
}

func find(told []rollout.Announcement, is func(rollout.Announcement) bool) (rollout.Announcement, bool) {
	for _, a := range told {
		if is(a) {
			return a, true
		}
	}
	return rollout.Announcement{}, false
}

func isEnding(a rollout.Announcement) bool {
	for _, known := range record.Endings() {
		if a.Kind == string(known) {
			return true
		}
	}
	return false
}
