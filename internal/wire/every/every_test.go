package every_test

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/wire/every"
)

// A verb that is not in the table would be in no test that ranges over it.
func TestEveryFunctionIsThere(t *testing.T) {
	names := every.Names()
	if diff := cmp.Diff(laptop.Verbs, names); diff != "" {
		t.Errorf("(-the laptop's +the table's)\n%s", diff)
	}
	folders, err := os.ReadDir("../../../functions")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !slices.Contains(names, folder.Name()) {
			t.Errorf("functions/%s is not in the table", folder.Name())
		}
	}
	if len(folders) != len(names) {
		t.Errorf("there are %d functions and %d verbs", len(folders), len(names))
	}
}
