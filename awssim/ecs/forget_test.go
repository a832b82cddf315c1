package ecs_test

import (
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
)

func TestADeletedServiceCanBeDescribedForADay(t *testing.T) {
	w := newWorld(t, 48)
	w.create(w.register(w.image("v1"), nil), 0, nil)
	w.do(func() error {
		_, err := w.client.DeleteService(ctx, &sdk.DeleteServiceInput{Cluster: new("shop"), Service: new("web"), Force: new(true)})
		return err
	})
	for _, tt := range []struct {
		after  time.Duration
		status string
	}{{23 * time.Hour, "INACTIVE"}, {2 * time.Hour, ""}} {
		w.clock.RunFor(tt.after)
		w.clock.Do("forget", w.ecs.Forget)
		var out *sdk.DescribeServicesOutput
		w.do(func() (err error) {
			out, err = w.client.DescribeServices(ctx, &sdk.DescribeServicesInput{Cluster: new("shop"), Services: []string{"web"}})
			return err
		})
		status := ""
		if len(out.Services) > 0 {
			status = *out.Services[0].Status
		}
		if status != tt.status {
			t.Errorf("%s later got status %q, want %q", tt.after, status, tt.status)
		}
	}
}
