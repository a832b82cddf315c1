// Command bench measures Slipway: `make bench` prints one table per subject, `make bench UPDATE=1` also writes them into
// docs/performance.md. What is compared is built and run in the same minute on the same machine, because nothing else is
// comparable on a shared one.
//
// main.go chooses the subjects; functions.go, deployments.go and laptop.go are the subjects. Below: binaries builds, starts times
// starts, world plays deployments in virtual time and counts, costs has the prices, processes uses real processes, tables prints.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"slipway/bench/binaries"
	"slipway/bench/tables"
	"slipway/internal/wire/every"
)

// settings are the command line.
type settings struct {
	verbs  []string
	rounds int // of everything that is timed
	update string
	only   string
	built  *binaries.Builder
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	s := &settings{}
	build := flag.String("build", `go build -tags lambda.norpc -trimpath -ldflags "-s -w"`, "how functions are built for AWS")
	verbs := flag.String("verbs", strings.Join(every.Names(), " "), "the functions")
	flag.IntVar(&s.rounds, "rounds", 41, "how often each function is started")
	flag.StringVar(&s.update, "update", "", "write the tables into this document")
	flag.StringVar(&s.only, "only", "", "measure only this subject: "+strings.Join(names(), ", "))
	flag.Parse()
	s.verbs = strings.Fields(*verbs)
	out, err := os.MkdirTemp("", "slipway-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	if s.built, err = binaries.New(*build, ".", out); err != nil {
		return err
	}
	return s.measure()
}

func (s *settings) measure() error {
	var all []*tables.Table
	for _, subject := range subjects {
		if s.only != "" && s.only != subject.name {
			continue
		}
		t, err := subject.measure(s)
		if err != nil {
			return fmt.Errorf("%s: %w", subject.name, err)
		}
		t.Name = subject.name
		fmt.Printf("%s\n\n%s\n", subject.title, t.Markdown())
		all = append(all, t)
	}
	if len(all) == 0 {
		return fmt.Errorf("there is no subject %s; there are %s", s.only, strings.Join(names(), ", "))
	}
	if s.update == "" {
		return nil
	}
	return tables.Write(s.update, all)
}

type subject struct {
	name, title string
	measure     func(*settings) (*tables.Table, error)
}

var subjects []subject

func init() {
	subjects = []subject{
		{"machine", "The machine", machine},
		{"size", "Size of the functions (linux/arm64)", size},
		{"ready", "Time to ready", ready},
		{"cost", "What a deployment calls and costs", cost},
		{"laptop", "On this machine, with real processes", laptop},
		{"speed", "Simulated deployments", speed},
	}
}

func names() []string {
	list := make([]string, len(subjects))
	for i, s := range subjects {
		list[i] = s.name
	}
	return list
}
