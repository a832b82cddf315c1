package sts_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"slipway/awssim/protocol"
	"slipway/awssim/sts"
)

// wire is an HTTP client whose other end is the API.
type wire struct{ api *protocol.API }

func (w wire) Do(r *http.Request) (*http.Response, error) {
	body, err := protocol.ReadBody(r, 1<<20)
	if err != nil {
		return nil, err
	}
	answer := httptest.NewRecorder()
	w.api.Serve(answer, r, body, "test")
	return answer.Result(), nil
}

func client(s *sts.Service, key string) *awssts.Client {
	return awssts.New(awssts.Options{Region: "eu-west-1", HTTPClient: wire{s.API()}, Credentials: credentials.NewStaticCredentialsProvider(key, "secret", "")})
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
