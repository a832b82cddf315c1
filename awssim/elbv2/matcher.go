package elbv2

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// statuses are the ranges of HTTP statuses that a health check accepts, both ends included.
type statuses [][2]int

// parseMatcher reads "200", "200,202" and "200-299,404" (type Matcher of the API reference: 200 to 499).
func parseMatcher(m *types.Matcher) (statuses, error) {
	if m == nil || aws.ToString(m.HttpCode) == "" || m.GrpcCode != nil {
		return nil, invalid("a health check of protocol HTTP needs Matcher with HttpCode, such as 200 or 200-299, and no GrpcCode")
	}
	var ranges statuses
	for part := range strings.SplitSeq(*m.HttpCode, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		low, err1 := strconv.Atoi(from)
		high, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || low > high || low < 200 || high > 499 {
			return nil, invalid("Health check matcher HTTP code '%s' must be within '200-499' inclusive", *m.HttpCode)
		}
		ranges = append(ranges, [2]int{low, high})
	}
	return ranges, nil
}

func (r statuses) accept(status int) bool {
	for _, bounds := range r {
		if status >= bounds[0] && status <= bounds[1] {
			return true
		}
	}
	return false
}
