package cloudformation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// meant asks whether a misspelt name stands for a known one: " (did you mean DesiredCount?)", "" if none is near enough to be meant.
func meant(name string, known ...[]string) string {
	all := nearest(name, slices.Concat(known...))
	if len(all) == 0 || distance(name, all[0]) > min(3, len(name)/3) {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", all[0])
}

// nearest sorts known names by how many letters must change to get there; those as near go by the alphabet. Capitals do not matter.
func nearest(name string, known []string) []string {
	sorted := slices.Clone(known)
	slices.SortFunc(sorted, func(a, b string) int {
		return cmp.Or(distance(name, a)-distance(name, b), strings.Compare(a, b))
	})
	return sorted
}

// distance is Levenshtein's, in bytes: names in templates are ASCII. Slipway's strictjson has its own: awssim imports nothing of Slipway.
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
