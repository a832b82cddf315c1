package elbv2

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// inbound is what rules see of a request.
type inbound struct {
	method string
	host   string // as in the Host header, with or without port
	path   string // escaped, without query
	query  string // without "?"
	header http.Header
}

// hostname is the host without its port.
func (in *inbound) hostname() string {
	if host, _, err := net.SplitHostPort(in.host); err == nil {
		return host
	}
	return in.host
}

// checkConditions refuses what awssim cannot test and completes the spelling (Values against ...Config) as the API answers it.
func checkConditions(conditions []types.RuleCondition) ([]types.RuleCondition, error) {
	if len(conditions) == 0 {
		return nil, invalid("A condition must be specified")
	}
	total, seen := 0, map[string]bool{}
	out := make([]types.RuleCondition, len(conditions))
	for i, c := range conditions {
		field := aws.ToString(c.Field)
		if len(c.RegexValues) > 0 || hasRegex(c) {
			return nil, invalid("awssim does not implement RegexValues of a condition; use Values with the wildcards * and ?")
		}
		if seen[field] && field != "http-header" && field != "query-string" {
			return nil, invalid("A rule can have at most one '%s' condition", field)
		}
		seen[field] = true
		full, n, err := complete(c, field)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, invalid("A condition value must be specified for the field '%s'", field)
		}
		total += n
		out[i] = full
	}
	if total > 5 {
		return nil, invalid("A rule can have at most 5 condition values, got %d", total)
	}
	return out, nil
}

func hasRegex(c types.RuleCondition) bool {
	return c.PathPatternConfig != nil && len(c.PathPatternConfig.RegexValues) > 0 ||
		c.HostHeaderConfig != nil && len(c.HostHeaderConfig.RegexValues) > 0 ||
		c.HttpHeaderConfig != nil && len(c.HttpHeaderConfig.RegexValues) > 0
}

// complete returns the condition in the spelling of the answers and how many values it compares with.
func complete(c types.RuleCondition, field string) (types.RuleCondition, int, error) {
	out := types.RuleCondition{Field: c.Field}
	switch field {
	case "path-pattern":
		if c.PathPatternConfig != nil {
			c.Values = c.PathPatternConfig.Values
		}
		out.Values, out.PathPatternConfig = c.Values, &types.PathPatternConditionConfig{Values: c.Values}
		return out, len(c.Values), nil
	case "host-header":
		if c.HostHeaderConfig != nil {
			c.Values = c.HostHeaderConfig.Values
		}
		out.Values, out.HostHeaderConfig = c.Values, &types.HostHeaderConditionConfig{Values: c.Values}
		return out, len(c.Values), nil
	case "http-request-method":
		out.HttpRequestMethodConfig = cmp.Or(c.HttpRequestMethodConfig, new(types.HttpRequestMethodConditionConfig))
		return out, len(out.HttpRequestMethodConfig.Values), nil
	case "http-header":
		out.HttpHeaderConfig = cmp.Or(c.HttpHeaderConfig, new(types.HttpHeaderConditionConfig))
		if aws.ToString(out.HttpHeaderConfig.HttpHeaderName) == "" || strings.EqualFold(*out.HttpHeaderConfig.HttpHeaderName, "host") {
			return out, 0, invalid("an http-header condition needs HttpHeaderName, which cannot be Host; use host-header for that")
		}
		return out, len(out.HttpHeaderConfig.Values), nil
	case "query-string":
		out.QueryStringConfig = cmp.Or(c.QueryStringConfig, new(types.QueryStringConditionConfig))
		return out, len(out.QueryStringConfig.Values), nil
	case "source-ip":
		return out, 0, invalid("awssim does not implement source-ip conditions: every client here is the loopback address")
	}
	return out, 0, invalid("Condition field '%s' must be one of '[path-pattern, host-header, http-request-method, http-header, query-string]'", field)
}

// matches tells whether a request meets all conditions, each with any of its values.
func matches(conditions []types.RuleCondition, in *inbound) bool {
	for _, c := range conditions {
		if !meets(c, in) {
			return false
		}
	}
	return true
}

func meets(c types.RuleCondition, in *inbound) bool {
	switch {
	case c.PathPatternConfig != nil:
		return slices.ContainsFunc(c.PathPatternConfig.Values, func(v string) bool { return like(v, in.path) })
	case c.HostHeaderConfig != nil:
		return slices.ContainsFunc(c.HostHeaderConfig.Values, func(v string) bool { return likeFold(v, in.hostname()) })
	case c.HttpRequestMethodConfig != nil:
		return slices.Contains(c.HttpRequestMethodConfig.Values, in.method)
	case c.HttpHeaderConfig != nil:
		sent := in.header.Values(*c.HttpHeaderConfig.HttpHeaderName)
		return slices.ContainsFunc(c.HttpHeaderConfig.Values, func(v string) bool {
			return slices.ContainsFunc(sent, func(text string) bool { return likeFold(v, text) })
		})
	case c.QueryStringConfig != nil:
		return slices.ContainsFunc(c.QueryStringConfig.Values, func(v types.QueryStringKeyValuePair) bool { return queryHas(in.query, v) })
	}
	return false
}

// queryHas looks for a pair in a query. Without a key any parameter may have the value.
func queryHas(query string, want types.QueryStringKeyValuePair) bool {
	for part := range strings.SplitSeq(query, "&") {
		key, text, _ := strings.Cut(part, "=")
		if k, err := url.QueryUnescape(key); err == nil {
			key = k
		}
		if t, err := url.QueryUnescape(text); err == nil {
			text = t
		}
		if (want.Key == nil || likeFold(*want.Key, key)) && likeFold(aws.ToString(want.Value), text) {
			return true
		}
	}
	return false
}

func likeFold(pattern, text string) bool {
	return like(strings.ToLower(pattern), strings.ToLower(text))
}

// like matches the wildcards of rule conditions: * is any text, also none; ? is one character; a backslash before either
// takes it as it is.
func like(pattern, text string) bool {
	star, mark := -1, 0 // where to go on when the text after the last * does not match
	p, t := 0, 0
	for t < len(text) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, t
			p++
			continue
		}
		if n := single(pattern[p:], text[t]); n > 0 {
			p, t = p+n, t+1
			continue
		}
		if star < 0 {
			return false
		}
		mark++
		p, t = star+1, mark
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// single is how many bytes of the pattern match the character c; 0 when they do not.
func single(pattern string, c byte) int {
	switch {
	case pattern == "":
		return 0
	case pattern[0] == '\\' && len(pattern) > 1 && (pattern[1] == '*' || pattern[1] == '?'):
		if pattern[1] == c {
			return 2
		}
		return 0
	case pattern[0] == '?' || pattern[0] == c:
		return 1
	}
	return 0
}
