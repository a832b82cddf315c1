package sts_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
	"slipway/awssim/sts"
)

func client(s *sts.Service, key string) *awssts.Client {
	cfg := protocoltest.Inline(s.API())
	cfg.Credentials = credentials.NewStaticCredentialsProvider(key, "secret", "")
	return awssts.NewFromConfig(cfg)
}

func TestGetCallerIdentity(t *testing.T) {
	role := sts.Caller{ARN: "arn:aws:sts::123456789012:assumed-role/probe/slipway-probe", UserID: "AROAEXAMPLE:slipway-probe"}
	s := sts.New(protocol.Default, func(key string) (sts.Caller, bool) { return role, key == "ASIAPROBE" })
	for key, want := range map[string]sts.Caller{
		"ASIAPROBE": role,
		"anything":  {ARN: "arn:aws:iam::123456789012:root", UserID: "123456789012"},
	} {
		out, err := client(s, key).GetCallerIdentity(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := (sts.Caller{ARN: *out.Arn, UserID: *out.UserId}); got != want || *out.Account != "123456789012" {
			t.Errorf("key %s: got %+v of account %s, want %+v", key, got, *out.Account, want)
		}
	}
}

func TestOtherOperationsAreRefused(t *testing.T) {
	arn, session := "arn:aws:iam::123456789012:role/any", "any"
	s := sts.New(protocol.Default, nil)
	if _, err := client(s, "key").AssumeRole(context.Background(), &awssts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: &session}); err == nil {
		t.Fatal("AssumeRole is not implemented and must be an error")
	}
}
