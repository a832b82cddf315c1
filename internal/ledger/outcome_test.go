package ledger

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"slipway/internal/arn"
	"slipway/internal/record"
)

func TestConcludeOnce(t *testing.T) {
	_, l, client := start(t)
	first := fullOutcome("web-v2-7")
	got, err := l.Conclude(background, first)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	second := first
	second.Ending, second.EndedAt = "Stuck", noon.Add(time.Hour)
	if got, err = l.Conclude(background, second); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, got); diff != "" {
		t.Errorf("the execution has an outcome; want -, got +\n%s", diff)
	}
	item, err := client.GetItem(background, &sdk.GetItemInput{TableName: aws.String("slipway"), Key: key(web, "outcome#web-v2-7")})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint(first.EndedAt.Add(400 * 24 * time.Hour).Unix())
	if v, ok := item.Item["expires"].(*types.AttributeValueMemberN); !ok || v.Value != want {
		t.Errorf("got expires %v, want the number %s", item.Item["expires"], want)
	}
}

func TestConcludeAgainAfterALostAnswer(t *testing.T) {
	d, l, _ := start(t)
	d.lose = 1
	want := fullOutcome("web-v2-7")
	got, err := l.Conclude(background, want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestHistory(t *testing.T) {
	_, l, _ := start(t)
	if _, err := l.Update(background, web, func(e *record.Entry) error { e.Handled = 1; return nil }); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"c", "a", "b"} {
		o := fullOutcome(name)
		o.EndedAt = noon.Add(time.Duration(i) * time.Minute)
		if _, err := l.Conclude(background, o); err != nil {
			t.Fatal(err)
		}
	}
	other := fullOutcome("x")
	other.Service.Service = "api"
	if _, err := l.Conclude(background, other); err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int][]string{1: {"b"}, 2: {"b", "a"}, 9: {"b", "a", "c"}} {
		got, err := l.History(background, web, limit)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, o := range got {
			names = append(names, arn.Name(o.Execution))
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("limit %d: want -, got +\n%s", limit, diff)
		}
	}
}
