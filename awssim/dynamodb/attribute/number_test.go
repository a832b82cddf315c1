package attribute

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCanonicalNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "0.00": "0", "007": "7", "+5": "5", "1.50": "1.5", "-1.50": "-1.5", ".5": "0.5", "5.": "5", "1e3": "1000", "1.5E+1": "15", "12e-3": "0.012",
		"99999999999999999999999999999999999999": "99999999999999999999999999999999999999", "1E125": "1" + strings.Repeat("0", 125), "1E-130": "0." + strings.Repeat("0", 129) + "1",
	} {
		n, err := ParseNumber(text)
		if err != nil || n.String() != want {
			t.Errorf("%s: got %s, %v, want %s", text, n, err, want)
		}
	}
}

func TestRefusedNumbers(t *testing.T) {
	const numeric, overflow, underflow = "cannot be converted", "Number overflow", "Number underflow"
	for text, want := range map[string]string{
		"": numeric, "-": numeric, ".": numeric, "1 ": numeric, "0x1": numeric, "1e": numeric, "--1": numeric, "+-1": numeric, "NaN": numeric, "1_0": numeric, "1.2.3": numeric,
		"1E126": overflow, "-9E999999999": overflow, "1E-131": underflow, "1e9999999999999999999999": numeric,
		"1.00000000000000000000000000000000000001": "38 significant digits",
	} {
		if _, err := ParseNumber(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// decimals draws the text of a number in any of its spellings.
var decimals = rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,12})?([eE][+-]?[0-9])?`)

func TestNumbersAgreeWithRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := decimals.Draw(t, "a"), decimals.Draw(t, "b")
		x, errX := ParseNumber(a)
		y, errY := ParseNumber(b)
		ratX, okX := new(big.Rat).SetString(a)
		ratY, okY := new(big.Rat).SetString(b)
		if errX != nil || errY != nil || !okX || !okY {
			t.Fatalf("%v %v", errX, errY)
		}
		if got, want := x.Cmp(y), ratX.Cmp(ratY); got != want {
			t.Fatalf("compare %s with %s: got %d, want %d", a, b, got, want)
		}
		sum, err := x.Add(y.Neg())
		if err != nil {
			t.Fatal(err)
		}
		got, _ := new(big.Rat).SetString(sum.String())
		if want := new(big.Rat).Sub(ratX, ratY); got.Cmp(want) != 0 {
			t.Fatalf("%s - %s: got %s, want %s", a, b, sum, want.RatString())
		}
		again, err := ParseNumber(x.String())
		if err != nil || again.String() != x.String() {
			t.Fatalf("%s is not canonical: %s, %v", x, again, err)
		}
	})
}
