package arn

import "testing"

func TestParts(t *testing.T) {
	for arn, want := range map[string][4]string{
		"arn:aws:states:eu-west-1:123456789012:execution:slipway:web-v2-7": {"aws", "eu-west-1", "123456789012", "web-v2-7"},
		"arn:aws-cn:ecs:cn-north-1:123456789012:service/shop/web":          {"aws-cn", "cn-north-1", "123456789012", "service/shop/web"},
		"arn:aws:s3:::bucket":                {"aws", "", "", "bucket"},
		"arn:aws:ecs:eu-west-1:123456789012": {"", "", "", "123456789012"},
		"a:b:c:d:e:f":                        {"", "", "", "f"},
		"web-v2-7":                           {"", "", "", "web-v2-7"},
		"":                                   {},
	} {
		if got := [4]string{Partition(arn), Region(arn), Account(arn), Name(arn)}; got != want {
			t.Errorf("%q: got partition, region, account and name %q, want %q", arn, got, want)
		}
	}
}
