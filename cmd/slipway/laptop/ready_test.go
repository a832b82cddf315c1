package laptop

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckSpeed(t *testing.T) {
	for _, speed := range []float64{0.1, 1, 25, 100} {
		if err := CheckSpeed(speed); err != nil {
			t.Errorf("%g: %v", speed, err)
		}
	}
	for speed, want := range map[float64]string{
		0: "time must go forward", -1: "time must go forward", math.Inf(-1): "time must go forward", 0.01: "at least 0.1",
		100.1: "at most 100", 1e9: "--speed 1e+09: the functions are real programs and cannot follow; at most 100", math.Inf(1): "at most 100",
	} {
		if err := CheckSpeed(speed); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%g: %v, want %q", speed, err, want)
		}
	}
	if err := CheckSpeed(math.NaN()); err == nil || !strings.Contains(err.Error(), "--speed NaN") {
		t.Errorf("NaN: %v", err)
	}
}

func TestCheckFunctions(t *testing.T) {
	dir := t.TempDir()
	for i, verb := range Verbs {
		err := CheckFunctions(dir, "local")
		if err == nil || !strings.Contains(err.Error(), verb+"/bootstrap is not built: type `make local`") {
			t.Errorf("%d are built, and yet: %v", i, err)
		}
		file := filepath.Join(dir, verb, "bootstrap")
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if err := CheckFunctions(dir, "local"); err != nil {
		t.Errorf("all are built, and yet: %v", err)
	}
}
