// Package arn takes ARNs apart: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE, where a resource may have colons of its own.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
package arn

import "strings"

// Name is what follows the last colon: the name of an execution, for one. What is no ARN is a name already.
func Name(arn string) string { return arn[strings.LastIndex(arn, ":")+1:] }

// Partition is "aws", "aws-cn" and so on, "" of what is no ARN.
func Partition(arn string) string { return part(arn, 1) }

// Region is "" of what is no ARN.
func Region(arn string) string { return part(arn, 3) }

// Account has 12 digits; it is "" of what is no ARN.
func Account(arn string) string { return part(arn, 4) }

func part(arn string, i int) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	return parts[i]
}
