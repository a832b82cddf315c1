package iam

import (
	"slices"
	"strconv"
	"strings"
)

// comparison is a condition operator without its prefix and suffix: how one value of the request is compared with one of the policy.
type comparison struct {
	meets   func(value, pattern string) bool
	negated bool // the value must meet none of the patterns
}

// comparisons are the operators that are evaluated. Dates, binary values and IP addresses are not.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var comparisons = map[string]comparison{
	"StringEquals":              {equal, false},
	"StringNotEquals":           {equal, true},
	"StringEqualsIgnoreCase":    {strings.EqualFold, false},
	"StringNotEqualsIgnoreCase": {strings.EqualFold, true},
	"StringLike":                {like, false},
	"StringNotLike":             {like, true},
	"ArnEquals":                 {arnLike, false},
	"ArnNotEquals":              {arnLike, true},
	"ArnLike":                   {arnLike, false},
	"ArnNotLike":                {arnLike, true},
	"Bool":                      {strings.EqualFold, false},
	"NumericEquals":             {numeric(func(a, b float64) bool { return a == b }), false},
	"NumericNotEquals":          {numeric(func(a, b float64) bool { return a == b }), true},
	"NumericLessThan":           {numeric(func(a, b float64) bool { return a < b }), false},
	"NumericLessThanEquals":     {numeric(func(a, b float64) bool { return a <= b }), false},
	"NumericGreaterThan":        {numeric(func(a, b float64) bool { return a > b }), false},
	"NumericGreaterThanEquals":  {numeric(func(a, b float64) bool { return a >= b }), false},
}

func equal(value, pattern string) bool { return value == pattern }

func like(value, pattern string) bool { return matches(pattern, value) }

// arnLike compares the six parts of an ARN each by itself: a wildcard does not reach over a colon of the first five.
func arnLike(value, pattern string) bool {
	values, patterns := strings.SplitN(value, ":", 6), strings.SplitN(pattern, ":", 6)
	if len(values) != 6 || len(patterns) != 6 {
		return false
	}
	for i := range values {
		if !matches(patterns[i], values[i]) {
			return false
		}
	}
	return true
}

func numeric(compare func(a, b float64) bool) func(value, pattern string) bool {
	return func(value, pattern string) bool {
		a, errA := strconv.ParseFloat(value, 64)
		b, errB := strconv.ParseFloat(pattern, 64)
		return errA == nil && errB == nil && compare(a, b)
	}
}

// known reports whether the condition can be evaluated: its operator is one of comparisons, and no value is a policy variable.
func (c Condition) known() bool {
	_, base, _ := c.operator()
	_, ok := comparisons[base]
	return (ok || base == "Null") && !slices.ContainsFunc(c.Values, func(v string) bool { return strings.Contains(v, "${") })
}

// operator takes a condition operator apart: ForAnyValue:StringLikeIfExists is "ForAnyValue", "StringLike", true.
func (c Condition) operator() (set, base string, ifExists bool) {
	base = c.Operator
	if before, after, ok := strings.Cut(base, ":"); ok {
		set, base = before, after
	}
	base, ifExists = strings.CutSuffix(base, "IfExists")
	return set, base, ifExists
}

// holds evaluates a known condition on the values that the request has for its key; none is an absent key.
func (c Condition) holds(values []string) bool {
	set, base, ifExists := c.operator()
	if base == "Null" {
		return slices.ContainsFunc(c.Values, func(v string) bool { return strings.EqualFold(v, "true") == (len(values) == 0) })
	}
	op := comparisons[base]
	if len(values) == 0 {
		return ifExists || set == "ForAllValues" || op.negated && set == ""
	}
	meets := func(value string) bool {
		return slices.ContainsFunc(c.Values, func(pattern string) bool { return op.meets(value, pattern) }) != op.negated
	}
	misses := func(value string) bool { return !meets(value) }
	if set == "ForAllValues" || set == "" && op.negated {
		return !slices.ContainsFunc(values, misses)
	}
	return slices.ContainsFunc(values, meets)
}
