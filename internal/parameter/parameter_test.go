package parameter

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"

	"slipway/internal/fault"
	"slipway/internal/wiretest"
)

func TestPut(t *testing.T) {
	a := wiretest.New(t).On("PutParameter", func(wiretest.Call) wiretest.Answer { return wiretest.OK(`{"Version":1}`) })
	if err := New(ssm.NewFromConfig(a.Config())).Put(context.Background(), "/slipway/shop/web/image", "v"); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"Name": "/slipway/shop/web/image", "Value": "v", "Type": "String", "Overwrite": true}
	if diff := cmp.Diff(want, a.Calls("PutParameter")[0].JSON(t)); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestPutThrottled(t *testing.T) {
	a := wiretest.New(t).On("PutParameter", func(wiretest.Call) wiretest.Answer { return wiretest.Fault("TooManyUpdates", "") })
	if err := New(ssm.NewFromConfig(a.Config())).Put(context.Background(), "/x", "v"); !fault.IsThrottled(err) {
		t.Errorf("got %v, want *fault.Throttled", err)
	}
}
