package awssim

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"slipway/awssim/sts"
)

// AccessKey is the access key id with which a function that has a role calls: it is made of the role's ARN, so that whoever is
// called knows the role. Any other access key id belongs to the account's root user.
func AccessKey(roleARN string) string {
	sum := sha256.Sum256([]byte(roleARN))
	return "ASIA" + base32.StdEncoding.EncodeToString(sum[:])[:16]
}

// RoleOf is the ARN of the role that an access key id belongs to.
func (s *Sim) RoleOf(accessKey string) (roleARN string, ok bool) {
	for _, r := range s.IAM.Roles() {
		if AccessKey(r.ARN) == accessKey {
			return r.ARN, true
		}
	}
	return "", false
}

// caller answers sts GetCallerIdentity for the sessions of roles.
func (s *Sim) caller(accessKey string) (sts.Caller, bool) {
	arn, ok := s.RoleOf(accessKey)
	if !ok {
		return sts.Caller{}, false
	}
	name := arn[strings.LastIndex(arn, "/")+1:]
	return sts.Caller{ARN: "arn:aws:sts::" + s.ID.Account + ":assumed-role/" + name + "/awssim", UserID: accessKey + ":awssim"}, true
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
