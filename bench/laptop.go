package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"slipway/bench/binaries"
	"slipway/bench/processes"
	"slipway/bench/tables"
)

// laptop measures real processes on this machine.
func laptop(s *settings) (*tables.Table, error) {
	functions, err := installed(s)
	if err != nil {
		return nil, err
	}
	var cold, warm [2]tables.Sample
	const starts, rounds, speed = 7, 7, 20
	for seed := range uint64(starts) {
		// A new account, and so new processes, for each.
		if err := pushes(functions, 1, seed+1, 1, &cold); err != nil {
			return nil, err
		}
	}
	// The first deployments warm the functions up. Faster than the wall clock, because in between a service bakes.
	var first [2]tables.Sample
	if err := pushes(functions, speed, 1, rounds+1, &first); err != nil {
		return nil, err
	}
	warm[1] = first[1][1:]
	t := &tables.Table{Columns: []string{"", "measured", "unit"}}
	t.Add("push event to UpdateService, all functions cold", cold[0].Spread("%.0f"), "ms")
	t.Add("- from the invocation of push on, cold", cold[1].Spread("%.0f"), "ms")
	t.Add("- from the invocation of push on, warm", warm[1].Spread("%.0f"), "ms")
	return t, local(s, functions, t)
}

// pushes deploys images and adds what each took in milliseconds: from the event on, and from the first invocation on.
func pushes(functions string, speed float64, seed uint64, n int, into *[2]tables.Sample) (err error) {
	p, err := processes.NewPushes(".", functions, speed, seed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	for i := range n {
		took, err := p.Deploy(fmt.Sprint("v", i+1))
		if err != nil {
			return err
		}
		into[0] = append(into[0], milliseconds(took.Event))
		into[1] = append(into[1], milliseconds(took.Function))
		if i+1 == n {
			break
		}
		if err := p.Settle(); err != nil {
			return err
		}
	}
	return nil
}

// local measures the command slipway local.
func local(s *settings, functions string, t *tables.Table) error {
	slipway, err := s.built.Tool("./cmd/slipway")
	if err != nil {
		return err
	}
	var memory, processor, start tables.Sample
	for range 3 {
		idle, err := processes.Local(slipway, ".", functions, 10*time.Second)
		if err != nil {
			return err
		}
		memory, processor = append(memory, idle.Memory), append(processor, idle.Processor)
		start = append(start, milliseconds(idle.Start))
	}
	t.Add("slipway local: start until it prints where it listens", start.Spread("%.0f"), "ms")
	t.Add("slipway local: resident memory", memory.Spread("%.0f"), "MB")
	t.Add("slipway local: processor while idle for 10 s", processor.Spread("%.1f"), "% of a core")
	return nil
}

// installed builds the functions for this machine into a folder with VERB/bootstrap.
func installed(s *settings) (string, error) {
	dir := filepath.Join(s.built.Out, "functions")
	for _, verb := range s.verbs {
		binary, err := s.built.Function(verb, binaries.Target{})
		if err != nil {
			return "", err
		}
		if err := os.MkdirAll(filepath.Join(dir, verb), 0o755); err != nil {
			return "", err
		}
		if err := os.Rename(binary, filepath.Join(dir, verb, "bootstrap")); err != nil {
			return "", err
		}
	}
	return dir, nil
}
