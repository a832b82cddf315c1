package process

import (
	"os"
	"testing"
	"time"

	"slipway/awssim/ecs"
)

func TestUnpackedImagesGoADayAfterTheirLastContainer(t *testing.T) {
	w := newWorld(t)
	folders := func() int {
		left, err := os.ReadDir(w.runtime.dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(left)
	}
	day := func() {
		for range unusedHours {
			w.clock.Do("forget", w.runtime.Forget)
		}
	}
	w.start("one", w.container())
	w.want(ecs.Started)
	day()
	if n := folders(); n != 1 {
		t.Fatalf("%d folders while a container runs, want its own", n)
	}
	w.clock.Do("stop", func() { w.runtime.Stop("one", time.Second) })
	w.want(ecs.Exited)
	day()
	until(t, "the end of the folder", func() bool { return folders() == 0 })
	w.start("two", w.container())
	w.want(ecs.Started) // unpacked again
}
