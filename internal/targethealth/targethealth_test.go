package targethealth

import (
	"context"
	"testing"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/google/go-cmp/cmp"

	"slipway/internal/fault"
	"slipway/internal/rollout"
	"slipway/internal/wiretest"
)

func TestHealth(t *testing.T) {
	a := wiretest.New(t).On("DescribeTargetHealth", func(c wiretest.Call) wiretest.Answer {
		if c.Form(t).Get("TargetGroupArn") == "arn:b" {
			return wiretest.OK(`<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions/></DescribeTargetHealthResult></DescribeTargetHealthResponse>`)
		}
		return wiretest.OK(`<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions>
			<member><Target><Id>10.0.0.1</Id><Port>8080</Port></Target><TargetHealth><State>unhealthy</State><Reason>Target.ResponseCodeMismatch</Reason><Description>Health checks failed with these codes: [500]</Description></TargetHealth></member>
			<member><Target><Id>10.0.0.2</Id><Port>8080</Port></Target><TargetHealth><State>unused</State><Reason>Target.NotInUse</Reason></TargetHealth></member>
			<member><Target><Id>2600:1F18:0:0:0:0:0:5</Id><Port>8080</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member>
		</TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`)
	})
	got, err := New(elb.NewFromConfig(a.Config())).Health(context.Background(), []string{"arn:b", "arn:a", "arn:a"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]rollout.SeenTarget{
		"arn:a": {
			{ID: "10.0.0.1", Port: 8080, State: "unhealthy", Reason: "Health checks failed with these codes: [500]"},
			{ID: "10.0.0.2", Port: 8080, State: "unused", Reason: "Target.NotInUse"},
			{ID: "2600:1f18::5", Port: 8080, State: "healthy"},
		},
		"arn:b": {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if n := len(a.Calls("")); n != 2 {
		t.Errorf("got %d calls, want one for each target group", n)
	}
}

func TestHealthOfAMissingGroup(t *testing.T) {
	a := wiretest.New(t).On("DescribeTargetHealth", func(wiretest.Call) wiretest.Answer {
		return wiretest.Answer{Status: 400, Body: `<ErrorResponse><Error><Type>Sender</Type><Code>TargetGroupNotFound</Code><Message>One or more target groups not found</Message></Error></ErrorResponse>`}
	})
	if _, err := New(elb.NewFromConfig(a.Config())).Health(context.Background(), []string{"arn:a"}); !fault.IsMissing(err) {
		t.Errorf("got %v, want *fault.Missing", err)
	}
}
