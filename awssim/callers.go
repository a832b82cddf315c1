package awssim

import (
	"strings"

	"slipway/awssim/iam"
	"slipway/awssim/sts"
)

// AccessKey is the access key id with which a function that has a role calls: it is made of the role's ARN, so that whoever is
// called knows the role. Any other access key id belongs to the account's root user.
func AccessKey(roleARN string) string { return iam.AccessKey(roleARN) }

// RoleOf is the ARN of the role that an access key id belongs to.
func (s *Sim) RoleOf(accessKey string) (roleARN string, ok bool) {
	r, ok := s.IAM.RoleOf(accessKey)
	return r.ARN, ok
}

// caller answers sts GetCallerIdentity for the sessions of roles.
func (s *Sim) caller(accessKey string) (sts.Caller, bool) {
	r, ok := s.IAM.RoleOf(accessKey)
	if !ok {
		return sts.Caller{}, false
	}
	return sts.Caller{ARN: s.IAM.Session(r), UserID: accessKey + ":awssim"}, true
}

// kindOf is the resource type of an ARN as the tagging API names it: "ecs:service".
func kindOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	kind, _, _ := strings.Cut(parts[5], "/")
	return parts[2] + ":" + kind
}
