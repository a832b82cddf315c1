package ids

import (
	"math/rand/v2"
	"regexp"
	"testing"
)

func TestUUID(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	for range 1000 {
		id := UUID(r)
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("got %s", id)
		}
		seen[id] = true
	}
}
