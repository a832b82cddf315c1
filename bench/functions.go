package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"slipway/bench/binaries"
	"slipway/bench/starts"
	"slipway/bench/tables"
)

const mostOfBare, mostOfHello = 1.05, 2.2

// size compares what the functions weigh.
func size(s *settings) (*tables.Table, error) {
	linked, err := s.built.Generate(s.verbs)
	if err != nil {
		return nil, err
	}
	hello, err := weigh(s.built.Bare("hello", binaries.AWS))
	if err != nil {
		return nil, err
	}
	t := &tables.Table{Columns: []string{"function", "MB", "x bare", "x hello", "zipped MB", "bare zipped MB", "clients", "operations", "goals"}}
	t.Add("hello", mb(hello.Binary), "", "1.00", mb(hello.Deflated), "", "0", "0", "")
	for _, verb := range s.verbs {
		function, err := weigh(s.built.Function(verb, binaries.AWS))
		if err != nil {
			return nil, err
		}
		bare, err := weigh(s.built.Bare(verb, binaries.AWS))
		if err != nil {
			return nil, err
		}
		ofBare, ofHello := ratio(function, bare), ratio(function, hello)
		t.Add(verb, mb(function.Binary), fmt.Sprintf("%.3f", ofBare), fmt.Sprintf("%.2f", ofHello), mb(function.Deflated), mb(bare.Deflated),
			fmt.Sprint(clients(linked[verb])), fmt.Sprint(len(linked[verb])), verdict(ofBare <= mostOfBare, ofHello <= mostOfHello))
	}
	return t, nil
}

func weigh(path string, err error) (binaries.Size, error) {
	if err != nil {
		return binaries.Size{}, err
	}
	return binaries.Weigh(path)
}

func mb(bytes int64) string { return fmt.Sprintf("%.2f", float64(bytes)/1e6) }

func ratio(a, b binaries.Size) float64 { return float64(a.Binary) / float64(b.Binary) }

func clients(list []binaries.Operation) int {
	var services []string
	for _, o := range list {
		services = append(services, o.Service)
	}
	return len(slices.Compact(services))
}

func verdict(met ...bool) string {
	if !slices.Contains(met, false) {
		return "met"
	}
	if !slices.Contains(met, true) || len(met) == 1 {
		return "missed"
	}
	words := make([]string, len(met))
	for i, ok := range met {
		words[i] = verdict(ok)
	}
	return fmt.Sprint(words)
}

// slowest is how much longer than the bare one a function may take to be ready.
const slowest = 3 * time.Millisecond

// starting is a binary and its starts.
type starting struct {
	path       string
	ready, cpu tables.Sample // milliseconds
}

// ready compares how long the functions take to be ready. The binaries take turns, so that the machine's moods hit all of them.
func ready(s *settings) (t *tables.Table, err error) {
	if _, err := s.built.Generate(s.verbs); err != nil {
		return nil, err
	}
	list, err := startings(s)
	if err != nil {
		return nil, err
	}
	api, err := starts.NewAPI()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, api.Close()) }()
	for range s.rounds {
		for _, one := range list {
			start, err := api.Time(one.path)
			if err != nil {
				return nil, err
			}
			one.ready = append(one.ready, milliseconds(start.Ready))
			one.cpu = append(one.cpu, milliseconds(start.CPU))
		}
	}
	return readyTable(s.verbs, list), nil
}

// startings are hello, and for each verb the bare one and the function.
func startings(s *settings) ([]*starting, error) {
	hello, err := s.built.Bare("hello", binaries.Target{})
	list := []*starting{{path: hello}}
	for _, verb := range s.verbs {
		for _, build := range []func(string, binaries.Target) (string, error){s.built.Bare, s.built.Function} {
			path, failed := build(verb, binaries.Target{})
			err = errors.Join(err, failed)
			list = append(list, &starting{path: path})
		}
	}
	return list, err
}

func readyTable(verbs []string, list []*starting) *tables.Table {
	t := &tables.Table{Columns: []string{"function", "ms to ready", "bare ms", "later than bare, ms", "x hello", "CPU ms", "bare CPU ms", "goal"}}
	hello := list[0].ready.Median()
	t.Add("hello", list[0].ready.Spread("%.1f"), "", "", "1.00", list[0].cpu.Spread("%.0f"), "", "")
	for i, verb := range verbs {
		bare, function := list[1+2*i], list[2+2*i]
		var later tables.Sample
		for round := range function.ready {
			later = append(later, function.ready[round]-bare.ready[round])
		}
		t.Add(verb, function.ready.Spread("%.1f"), bare.ready.Spread("%.1f"), later.Spread("%.1f"), fmt.Sprintf("%.2f", function.ready.Median()/hello),
			function.cpu.Spread("%.0f"), bare.cpu.Spread("%.0f"), verdict(later.Median() <= milliseconds(slowest)))
	}
	return t
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
