package scenarios

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
)

// TestMain lets the heap grow further between collections: a world is a few megabytes that live as long as it does, and
// collecting them at every doubling took a fifth of the time. Allocations are sampled only where a profile of them was asked
// for: each sample walks the whole stack, which is sixty frames deep in a call of the SDK.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.memprofile").Value.String() == "" {
		runtime.MemProfileRate = 0
	}
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
