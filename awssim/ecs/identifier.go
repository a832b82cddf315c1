package ecs

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// within is the name or id that a reference has in a cluster: of "web", "shop/web", "service/shop/web", "service/web" (as ARNs
// were before they had the cluster) and of ARNs that end so. It is "" for what is in another account, which nobody finds here. A
// reference into another region or cluster is an error, so that a right ARN beside a wrong cluster is not taken for a
// namesake; the sentences are those that users of AWS quote, the API reference has none.
func (s *Service) within(cl *cluster, kind, ref string) (string, error) {
	parts := strings.Split(ref, "/")
	if strings.HasPrefix(ref, "arn:") {
		arn := strings.SplitN(ref, ":", 6)
		switch {
		case len(arn) < 6 || arn[2] != "ecs":
			return "", invalid("Invalid identifier: %s is not an ARN of Amazon ECS.", ref)
		case arn[3] != s.id.Region:
			return "", invalid("Invalid Region in ARN")
		case arn[4] != s.id.Account:
			return "", nil
		}
		if parts = strings.Split(arn[5], "/"); parts[0] != kind {
			return "", invalid("Unsupported resource type: %s", parts[0])
		}
	}
	if len(parts) > 1 && parts[0] == kind {
		parts = slices.Delete(parts, 0, 1)
	}
	switch {
	case len(parts) == 1:
		return parts[0], nil
	case len(parts) > 2:
		return "", invalid("Invalid identifier: %s.", ref)
	case parts[0] != cl.name:
		return "", invalid("Invalid identifier: Identifier is for cluster %s. Your cluster is %s", parts[0], cl.name)
	}
	return parts[1], nil
}

// missing is the failure of a describe call for a reference that is not there: an ARN as it came, a name made into one.
func (s *Service) missing(cl *cluster, kind, ref string) types.Failure {
	if !strings.HasPrefix(ref, "arn:") {
		ref = s.id.ARN("ecs", kind+"/"+cl.name+"/"+lastPart(ref))
	}
	return missing(ref)
}
