package laptop

import (
	"fmt"
	"os"
	"path/filepath"
)

// Verbs are Slipway's functions, in the order of the story.
var Verbs = []string{"push", "claim", "update", "probe", "rollback", "settle", "drift"}

// The functions and the tasks are real programs, and take their time however fast the clock runs: at more than maxSpeed health checks and
// polls pile up faster than anybody answers them, until memory ends. At less than minSpeed nobody waits for the end.
const minSpeed, maxSpeed = 0.1, 100

// CheckSpeed refuses what no local AWS can run at. The error is one sentence with the cure.
func CheckSpeed(speed float64) error {
	switch {
	case speed > maxSpeed:
		return fmt.Errorf("--speed %g: the functions are real programs and cannot follow; at most %d, such as --speed 10", speed, maxSpeed)
	case speed <= 0:
		return fmt.Errorf("--speed %g: time must go forward, such as --speed 10", speed)
	case speed >= minSpeed:
		return nil
	}
	return fmt.Errorf("--speed %g: at least %g, such as --speed 10", speed, minSpeed) // and what is no number
}

// CheckFunctions checks that all functions are built. The error says what to type: the make target that builds them.
func CheckFunctions(folder, target string) error {
	for _, verb := range Verbs {
		file := filepath.Join(folder, verb, "bootstrap")
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			return fmt.Errorf("%s is not built: type `make %s` in the repository's folder, which builds everything", file, target)
		}
	}
	return nil
}
