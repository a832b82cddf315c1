// Package sts is the Security Token Service of awssim: it tells a caller who it is.
//
// What is not here: roles. AssumeRole and the other operations are unknown operations.
package sts

import (
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"slipway/awssim/protocol"
)

// Caller is who an access key belongs to: a user's ARN and unique id, or a role session's.
type Caller struct{ ARN, UserID string }

// Service answers for one account.
type Service struct {
	id  protocol.Identity
	who func(accessKey string) (Caller, bool)
	api *protocol.API
}

// New returns the service. who tells whose an access key is; nil, and keys that it does not know, mean the account's root
// user, so that any credentials will do.
func New(id protocol.Identity, who func(accessKey string) (Caller, bool)) *Service {
	s := &Service{id: id, who: who, api: &protocol.API{Service: "sts", Target: "2011-06-15", Format: protocol.Query, Invalid: "ValidationError"}}
	protocol.Handle(s.api, "GetCallerIdentity", s.getCallerIdentity)
	return s
}

// API is the service's wire interface.
func (s *Service) API() *protocol.API { return s.api }

func (s *Service) getCallerIdentity(c *protocol.Call, _ *awssts.GetCallerIdentityInput) (*awssts.GetCallerIdentityOutput, error) {
	caller := Caller{ARN: "arn:aws:iam::" + s.id.Account + ":root", UserID: s.id.Account}
	if s.who != nil {
		if known, ok := s.who(c.Principal); ok {
			caller = known
		}
	}
	return &awssts.GetCallerIdentityOutput{Account: &s.id.Account, Arn: &caller.ARN, UserId: &caller.UserID}, nil
}
