package attribute

import (
	"math/big"
	"strconv"
	"strings"

	"slipway/awssim/protocol"
)

// The range of a DynamoDB number, from "Supported data types and naming rules" of the DynamoDB developer guide.
const (
	maxDigits   = 38
	maxExponent = 125  // of the first digit: 9.99...E+125
	minExponent = -130 // of the first digit: 1E-130
)

// Number is a decimal of arbitrary precision: coefficient * 10^exponent, the coefficient without trailing zeros.
type Number struct {
	coefficient *big.Int
	exponent    int
}

// ParseNumber reads the text of an N attribute. The error is a ValidationException in DynamoDB's words: not a number, more
// than 38 significant digits, or outside 1E-130 to 9.99E+125.
func ParseNumber(text string) (Number, error) {
	mantissa, exponent, ok := splitExponent(text)
	if !ok {
		return Number{}, notNumeric(text)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole, "+-")
	if len(whole)-len(digits) > 1 || digits+fraction == "" || strings.Trim(digits+fraction, "0123456789") != "" {
		return Number{}, notNumeric(text)
	}
	coefficient, ok := new(big.Int).SetString(digits+fraction, 10)
	if !ok {
		return Number{}, notNumeric(text)
	}
	if strings.HasPrefix(whole, "-") {
		coefficient.Neg(coefficient)
	}
	n := normal(coefficient, exponent-len(fraction))
	return n, n.check()
}

func splitExponent(text string) (mantissa string, exponent int, ok bool) {
	at := strings.IndexAny(text, "eE")
	if at < 0 {
		return text, 0, len(text) < 1000
	}
	exponent, err := strconv.Atoi(text[at+1:])
	// An exponent beyond any legal number would only make the arithmetic slow before it is refused.
	return text[:at], max(min(exponent, 5000), -5000), err == nil && at < 1000
}

func notNumeric(text string) error {
	return protocol.Errorf("ValidationException", "The parameter cannot be converted to a numeric value: %s", text)
}

func normal(coefficient *big.Int, exponent int) Number {
	digits := coefficient.String()
	trimmed := strings.TrimRight(digits, "0")
	if trimmed == "" || trimmed == "-" {
		return Number{new(big.Int), 0}
	}
	if zeros := len(digits) - len(trimmed); zeros > 0 {
		coefficient, _ = new(big.Int).SetString(trimmed, 10)
		exponent += zeros
	}
	return Number{coefficient, exponent}
}

func (n Number) check() error {
	if n.coefficient.Sign() == 0 {
		return nil
	}
	digits := len(strings.TrimPrefix(n.coefficient.String(), "-"))
	switch first := n.exponent + digits - 1; {
	case first > maxExponent:
		return protocol.Errorf("ValidationException", "Number overflow. Attempting to store a number with magnitude larger than supported range")
	case first < minExponent:
		return protocol.Errorf("ValidationException", "Number underflow. Attempting to store a number with magnitude smaller than supported range")
	case digits > maxDigits:
		return protocol.Errorf("ValidationException", "Attempting to store more than %d significant digits in a Number", maxDigits)
	}
	return nil
}

// String is the canonical text, as DynamoDB gives numbers back: no exponent, no superfluous zeros.
func (n Number) String() string {
	text := n.coefficient.String()
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	if n.exponent >= 0 {
		if text == "0" {
			return "0"
		}
		return sign + text + strings.Repeat("0", n.exponent)
	}
	point := len(text) + n.exponent
	if point <= 0 {
		return sign + "0." + strings.Repeat("0", -point) + text
	}
	return sign + text[:point] + "." + text[point:]
}

// Cmp orders numbers by value: -1, 0 or +1.
func (n Number) Cmp(m Number) int {
	a, b, _ := align(n, m)
	return a.Cmp(b)
}

// Add is n+m. A result that a Number cannot hold is the same error as for ParseNumber.
func (n Number) Add(m Number) (Number, error) {
	a, b, exponent := align(n, m)
	sum := normal(a.Add(a, b), exponent)
	return sum, sum.check()
}

// Neg is -n.
func (n Number) Neg() Number { return Number{new(big.Int).Neg(n.coefficient), n.exponent} }

// align writes both numbers with one exponent. The results are fresh.
func align(n, m Number) (a, b *big.Int, exponent int) {
	exponent = min(n.exponent, m.exponent)
	return scale(n, exponent), scale(m, exponent), exponent
}

func scale(n Number, exponent int) *big.Int {
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n.exponent-exponent)), nil)
	return factor.Mul(factor, n.coefficient)
}
