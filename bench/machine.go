package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"slipway/bench/tables"
)

// machine says where the figures come from.
func machine(s *settings) (*tables.Table, error) {
	load := "unknown"
	if content, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(content))[:3], ", ")
	}
	t := &tables.Table{Columns: []string{"Go", "machine", "processors", "load average (1, 5, 15 minutes)", "built with"}}
	t.Add(runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH, fmt.Sprint(runtime.NumCPU()), load, "`"+strings.Join(s.built.Command, " ")+"`")
	return t, nil
}
