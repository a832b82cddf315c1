package announce

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/google/go-cmp/cmp"

	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
	"slipway/internal/wiretest"
)

const topic = "arn:aws:sns:eu-west-1:123456789012:slipway"

func rolledBack() rollout.Announcement {
	return rollout.Announcement{
		Kind: "RolledBack", Service: record.ServiceName{Cluster: "shop", Service: "web"},
		Execution: "arn:aws:states:eu-west-1:123456789012:execution:slipway:web-v2-1",
		Image:     image.Reference{Registry: "r", Repository: "shop/web", Tag: "v2", Digest: "sha256:1"},
		Revision:  "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:43",
		Sentence:  "web v2 rolled back to web:42 in 1 m 51 s - container \"web\" exited 1: \x1b[31mno DB_HOST\nüber",
		Report:    []string{"x web  v2  ROLLED BACK", "  why    exited 1\x07"}, At: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
	}
}

func answering(t *testing.T) *wiretest.AWS {
	a := wiretest.New(t)
	a.On("PutEvents", func(wiretest.Call) wiretest.Answer {
		return wiretest.OK(`{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`)
	})
	a.On("Publish", func(wiretest.Call) wiretest.Answer {
		return wiretest.OK(`<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`)
	})
	return a
}

func over(a *wiretest.AWS, topic string) *Announcer {
	return New(eventbridge.NewFromConfig(a.Config()), sns.NewFromConfig(a.Config()), topic)
}

func TestEvent(t *testing.T) {
	a := answering(t)
	if _, err := over(a, topic).Announce(context.Background(), rolledBack(), record.Told{}); err != nil {
		t.Fatal(err)
	}
	entry := a.Calls("PutEvents")[0].JSON(t)["Entries"].([]any)[0].(map[string]any)
	var detail map[string]any
	if err := json.Unmarshal([]byte(entry["Detail"].(string)), &detail); err != nil {
		t.Fatal(err)
	}
	delete(entry, "Detail")
	wantEntry := map[string]any{"Source": "slipway", "DetailType": "Slipway RolledBack", "Time": 1795176000.0,
		"Resources": []any{"arn:aws:ecs:eu-west-1:123456789012:service/shop/web"}}
	if diff := cmp.Diff(wantEntry, entry); diff != "" {
		t.Errorf("entry, want -, got +\n%s", diff)
	}
	wantDetail := map[string]any{
		"service": "shop/web", "execution": rolledBack().Execution, "revision": rolledBack().Revision, "page": false, "at": "2026-11-20T12:00:00Z",
		"image":    map[string]any{"registry": "r", "repository": "shop/web", "tag": "v2", "digest": "sha256:1"},
		"sentence": "web v2 rolled back to web:42 in 1 m 51 s - container \"web\" exited 1: [31mno DB_HOST über",
		"report":   []any{"x web  v2  ROLLED BACK", "  why    exited 1"},
	}
	if diff := cmp.Diff(wantDetail, detail); diff != "" {
		t.Errorf("detail, want -, got +\n%s", diff)
	}
}

func TestMessage(t *testing.T) {
	a := answering(t)
	if _, err := over(a, topic).Announce(context.Background(), rolledBack(), record.Told{}); err != nil {
		t.Fatal(err)
	}
	form := a.Calls("Publish")[0].Form(t)
	if got, want := form.Get("Subject"), `RolledBack shop/web: web v2 rolled back to web:42 in 1 m 51 s - container "web" exited 1: [31mno...`; got != want {
		t.Errorf("subject: got %q, want %q", got, want)
	}
	want := `web v2 rolled back to web:42 in 1 m 51 s - container "web" exited 1: [31mno DB_HOST über

x web  v2  ROLLED BACK
  why    exited 1

service    shop/web
image      r/shop/web@sha256:1
execution  https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/arn:aws:states:eu-west-1:123456789012:execution:slipway:web-v2-1
at         2026-11-20T12:00:00Z
`
	if diff := cmp.Diff(want, form.Get("Message")); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestSubject(t *testing.T) {
	for _, test := range []struct {
		a    rollout.Announcement
		want string
	}{
		{rollout.Announcement{Kind: "Drift", Sentence: "two\nlines: ü"}, "Drift: two?lines: ?"},
		{rollout.Announcement{Kind: "Stuck", Page: true, Sentence: "look"}, "ACT NOW: Stuck: look"},
		{rollout.Announcement{Kind: "Stuck", Sentence: strings.Repeat("x", 200)}, "Stuck: " + strings.Repeat("x", 89) + "..."},
	} {
		got := subject(test.a)
		if got != test.want || len(got) > 99 {
			t.Errorf("got %q (%d), want %q", got, len(got), test.want)
		}
	}
}

func TestQuietAndWithoutTopic(t *testing.T) {
	quiet := rolledBack()
	quiet.Quiet = true
	for name, test := range map[string]struct {
		topic string
		a     rollout.Announcement
	}{"quiet": {topic, quiet}, "no topic": {"", rolledBack()}} {
		a := answering(t)
		told, err := over(a, test.topic).Announce(context.Background(), test.a, record.Told{})
		if err != nil || !told.Everywhere() {
			t.Fatalf("%s: told %+v, %v", name, told, err)
		}
		if len(a.Calls("PutEvents")) != 1 || len(a.Calls("Publish")) != 0 {
			t.Errorf("%s: got %d events and %d messages, want 1 and 0", name, len(a.Calls("PutEvents")), len(a.Calls("Publish")))
		}
	}
}

// What each channel answers is its own: one that fails is to be told again, one that refuses is not, and what was told is not sent.
func TestEveryChannelIsToldApart(t *testing.T) {
	const works, fails, refuses = "works", "fails", "refuses"
	all := record.Told{Event: true, Mail: true}
	for _, test := range []struct {
		event, mail      string
		before, want     record.Told
		events, messages int
	}{
		{works, works, record.Told{}, all, 1, 1},
		{fails, works, record.Told{}, record.Told{Mail: true}, 1, 1},
		{fails, works, record.Told{Mail: true}, record.Told{Mail: true}, 1, 0},
		{works, works, record.Told{Mail: true}, all, 1, 0},
		{works, fails, record.Told{}, record.Told{Event: true}, 1, 1},
		{works, works, record.Told{Event: true}, all, 0, 1},
		{refuses, fails, record.Told{}, record.Told{Event: true}, 1, 1},
		{fails, refuses, record.Told{}, record.Told{Mail: true}, 1, 1},
		{refuses, refuses, record.Told{}, all, 1, 1},
	} {
		a := answering(t)
		switch test.event {
		case fails:
			a.On("PutEvents", func(wiretest.Call) wiretest.Answer {
				return wiretest.OK(`{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure","ErrorMessage":"later"}]}`)
			})
		case refuses:
			a.On("PutEvents", func(wiretest.Call) wiretest.Answer {
				return wiretest.Answer{Status: 400, Body: `{"__type":"AccessDeniedException","message":"no"}`}
			})
		}
		switch test.mail {
		case fails:
			a.On("Publish", func(wiretest.Call) wiretest.Answer {
				return wiretest.Answer{Status: 500, Body: `<ErrorResponse><Error><Code>InternalError</Code><Message>later</Message></Error></ErrorResponse>`}
			})
		case refuses:
			a.On("Publish", func(wiretest.Call) wiretest.Answer {
				return wiretest.Answer{Status: 404, Body: `<ErrorResponse><Error><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>`}
			})
		}
		got, err := over(a, topic).Announce(context.Background(), rolledBack(), test.before)
		if wrong := test.event != works || test.mail != works && !test.before.Mail; got != test.want || (err != nil) != wrong {
			t.Errorf("%+v: told %+v, %v", test, got, err)
		}
		if test.mail == refuses && !strings.Contains(err.Error(), "Topic does not exist") {
			t.Errorf("%+v: the error leaves out the topic: %v", test, err)
		}
		events, messages := len(a.Calls("PutEvents")), len(a.Calls("Publish"))
		if min(events, 1) != test.events || min(messages, 1) != test.messages {
			t.Errorf("%+v: %d events and %d messages were tried", test, events, messages)
		}
	}
}
