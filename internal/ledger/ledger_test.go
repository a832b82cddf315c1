package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/dynamodb"
	"slipway/awssim/protocol"
	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/record"
)

var (
	background = context.Background()
	web        = record.ServiceName{Cluster: "shop", Service: "web"}
	noon       = time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.UTC)
)

const execution = "arn:aws:states:eu-west-1:123456789012:execution:slipway:"

// database is a simulated DynamoDB that a test can make lose answers.
type database struct {
	clock  *clock.Clock
	api    *protocol.API
	writes int
	before func(operation int) // called before every PutItem, nil for nothing
	lose   int                 // the number of the PutItem whose answer is lost, 0 for none
	mu     sync.Mutex
}

func (d *database) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	number := 0
	if r.Header.Get("X-Amz-Target") == "DynamoDB_20120810.PutItem" {
		d.mu.Lock()
		d.writes++
		number = d.writes
		before := d.before
		d.mu.Unlock()
		if before != nil {
			before(number)
		}
	}
	answer := httptest.NewRecorder()
	d.mu.Lock() // a virtual clock is driven by one goroutine at a time
	d.clock.Do("request", func() { d.api.Serve(answer, r, body, "request-1") })
	d.mu.Unlock()
	if number > 0 && number == d.lose {
		return nil, errors.New("connection reset by peer")
	}
	return answer.Result(), nil
}

// twice sends a request again at once when its connection broke.
func twice() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 2
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

func start(t *testing.T) (*database, *Ledger, *sdk.Client) {
	t.Helper()
	c := clock.New(clock.Epoch, 1)
	d := &database{clock: c, api: dynamodb.New(c, protocol.Default).API()}
	client := sdk.New(sdk.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://awssim"), HTTPClient: d, Retryer: twice(),
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	})
	_, err := client.CreateTable(background, &sdk.CreateTableInput{
		TableName: aws.String("slipway"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: "S"}, {AttributeName: aws.String("sk"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}, {AttributeName: aws.String("sk"), KeyType: "RANGE"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d, New(client, "slipway"), client
}

// fullEntry has every member set.
func fullEntry() record.Entry {
	ref := image.Reference{Registry: "r", Repository: "shop/web", Tag: "v2", Digest: "sha256:1"}
	outcome := fullOutcome("web-v2-7")
	return record.Entry{
		Service: web, Fence: 7, Handled: 3, SeenAt: noon,
		Wish:       &record.Wish{Number: 4, Action: record.Deploy, Origin: record.FromPush, Image: ref, PushedAt: noon, AskedAt: noon, Force: true},
		Lease:      &record.Holding{Owner: execution + "a", Fence: 7, Until: noon},
		Intent:     &record.Intent{Action: record.Deploy, Wish: 4, Digest: "sha256:1", Revision: "arn:43", Baseline: "arn:42", Count: 2, At: noon},
		LastGood:   &record.Good{Revision: "arn:42", Image: ref, At: noon, Adopted: true},
		Quarantine: []record.Failure{{Digest: "sha256:0", Name: "", Revision: "arn:41", Reason: "exit 1", At: noon}},
		Hold:       &record.Hold{Reason: "a person", Revision: "arn:9", At: noon},
		Findings:   []string{"one"}, Last: &outcome,
		Family: &record.Family{LookedAt: noon, Runs: "arn:42", Judged: 43, Edit: &record.Edit{Revision: "arn:43", RegisteredAt: noon, Changed: []string{"cpu 256 -> 512"}}},
	}
}

func fullOutcome(name string) record.Outcome {
	return record.Outcome{Execution: execution + name, Service: web, Wish: 4, Ending: "RolledBack", Cause: "it failed", Revision: "arn:43",
		Report: []string{"x web", "  why"}, StartedAt: noon, EndedAt: noon.Add(time.Minute)}
}

func TestLoadOfAServiceNeverSeen(t *testing.T) {
	_, l, _ := start(t)
	got, err := l.Load(background, web)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(record.Entry{Service: web}, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestUpdateRoundTrip(t *testing.T) {
	_, l, client := start(t)
	want := fullEntry()
	if _, err := l.Update(background, web, func(e *record.Entry) error { *e = fullEntry(); return nil }); err != nil {
		t.Fatal(err)
	}
	got, err := l.Load(background, web)
	if err != nil {
		t.Fatal(err)
	}
	want.Version = 1
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	item, err := client.GetItem(background, &sdk.GetItemInput{TableName: aws.String("slipway"), Key: key(web, "entry")})
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := item.Item["version"].(*types.AttributeValueMemberN); !ok || v.Value != "1" {
		t.Errorf("got version %v, want the number 1", item.Item["version"])
	}
	if wish, ok := item.Item["wish"].(*types.AttributeValueMemberM); !ok || wish.Value["origin"].(*types.AttributeValueMemberS).Value != "push" {
		t.Errorf("got wish %v, want readable attributes", item.Item["wish"])
	}
}

func TestUpdateWritesOnlyWhatChanged(t *testing.T) {
	d, l, _ := start(t)
	refused := errors.New("no")
	for _, change := range []func(*record.Entry) error{
		func(*record.Entry) error { return nil },
		func(e *record.Entry) error { e.Handled = 9; return refused },
		func(e *record.Entry) error { e.Version = 99; return nil },
	} {
		got, err := l.Update(background, web, change)
		if err != nil && err != refused {
			t.Fatal(err)
		}
		if got.Handled != 0 || got.Version != 0 {
			t.Errorf("got %+v, want the entry as it was", got)
		}
	}
	if d.writes != 0 {
		t.Errorf("got %d writes, want none", d.writes)
	}
}

func TestUpdateStartsOverWithWhatTheRivalWrote(t *testing.T) {
	d, l, _ := start(t)
	d.before = func(n int) {
		if n == 1 { // a rival takes the lease between our read and our write
			_, err := l.Update(background, web, func(e *record.Entry) error { return e.Take(execution+"rival", 1, noon, record.Death{}) })
			if err != nil {
				t.Error(err)
			}
		}
	}
	runs := 0
	_, err := l.Update(background, web, func(e *record.Entry) error {
		runs++
		return e.Take(execution+"ours", 1, noon, record.Death{})
	})
	var busy *record.Busy
	if !errors.As(err, &busy) || busy.Owner != execution+"rival" || runs != 2 {
		t.Errorf("got %v after %d runs, want *record.Busy after 2", err, runs)
	}
}

func TestUpdateDoesNotReviveADeletedEntry(t *testing.T) {
	d, l, client := start(t)
	if _, err := l.Update(background, web, func(e *record.Entry) error { e.Handled = 5; return nil }); err != nil {
		t.Fatal(err)
	}
	d.before = func(n int) {
		if n == 2 {
			if _, err := client.DeleteItem(background, &sdk.DeleteItemInput{TableName: aws.String("slipway"), Key: key(web, "entry")}); err != nil {
				t.Error(err)
			}
		}
	}
	got, err := l.Update(background, web, func(e *record.Entry) error { e.Fence++; return nil })
	if err != nil || got.Handled != 0 || got.Fence != 1 || got.Version != 1 {
		t.Errorf("got %+v, %v, want a service never seen before", got, err)
	}
}

func TestUpdateKnowsItsOwnWrite(t *testing.T) {
	d, l, _ := start(t)
	d.lose = 1 // it has its effect, the SDK sends it again and its condition fails
	runs := 0
	got, err := l.Update(background, web, func(e *record.Entry) error { runs++; e.Handled++; return nil })
	if err != nil || got.Handled != 1 || runs != 1 || d.writes != 2 {
		t.Errorf("got %+v, %v after %d runs and %d writes, want one run and handled 1", got, err, runs, d.writes)
	}
	if stored, err := l.Load(background, web); err != nil || stored.Handled != 1 || stored.Version != 1 {
		t.Errorf("got %+v, %v stored", stored, err)
	}
}

func TestUpdateGivesUp(t *testing.T) {
	d, l, _ := start(t)
	inside := false
	d.before = func(int) {
		if inside {
			return
		}
		inside = true
		if _, err := l.Update(background, web, func(e *record.Entry) error { e.Fence++; return nil }); err != nil {
			t.Error(err)
		}
		inside = false
	}
	if _, err := l.Update(background, web, func(e *record.Entry) error { e.Handled++; return nil }); !fault.IsThrottled(err) {
		t.Errorf("got %v, want *fault.Throttled", err)
	}
}

func TestRivalWriters(t *testing.T) {
	_, l, _ := start(t)
	const writers, each = 8, 10
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for done := 0; done < each; {
				_, err := l.Update(background, web, func(e *record.Entry) error {
					e.Findings = append(e.Findings, fmt.Sprintf("%d-%d", writer, done))
					return nil
				})
				switch {
				case err == nil:
					done++
				case !fault.IsThrottled(err):
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	got, err := l.Load(background, web)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got.Findings)
	if n := len(slices.Compact(got.Findings)); n != writers*each || got.Version != writers*each {
		t.Errorf("got %d different findings at version %d, want %d each: no write may be lost or doubled", n, got.Version, writers*each)
	}
}

func TestOneHolderAmongRivals(t *testing.T) {
	_, l, _ := start(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	holders := 0
	for i := range 8 {
		all.Go(func() {
			for {
				_, err := l.Update(background, web, func(e *record.Entry) error { return e.Take(fmt.Sprint(execution, i), 1, noon, record.Death{}) })
				if fault.IsThrottled(err) {
					continue
				}
				var busy *record.Busy
				if err == nil {
					mu.Lock()
					holders++
					mu.Unlock()
				} else if !errors.As(err, &busy) {
					t.Error(err)
				}
				return
			}
		})
	}
	all.Wait()
	if holders != 1 {
		t.Errorf("got %d holders of one lease", holders)
	}
}

func TestMissingTable(t *testing.T) {
	_, l, _ := start(t)
	l.table = "other"
	_, err := l.Load(background, web)
	var refused *fault.Impossible
	if !errors.As(err, &refused) {
		t.Errorf("got %v, want *fault.Impossible: it must not read as a missing service", err)
	}
}
