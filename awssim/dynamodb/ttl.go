package dynamodb

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
	"slipway/awssim/protocol"
)

// DynamoDB deletes expired items "typically within 48 hours" and shows them until then. Code that takes expired for gone is
// wrong, so an item stays for the whole 48 hours and a seeded part of a further day.
const (
	ttlGrace  = 48 * time.Hour
	ttlSpread = 24 * time.Hour
	ttlTooOld = 5 * 365 * 24 * time.Hour // an older time is taken for a mistake and never expires
	sweepStep = time.Minute
)

// expire removes the items whose time has come. It is called before every use of the table and looks once a minute.
func (t *table) expire() {
	now := t.clock.Now()
	if t.ttl == "" || now.Sub(t.swept) < sweepStep {
		return
	}
	t.swept = now
	var gone []attribute.Item
	for _, p := range t.partitions {
		for _, item := range p.items {
			if at, ok := t.removal(item, now); ok && !at.After(now) {
				gone = append(gone, t.keyOf(item))
			}
		}
	}
	for _, key := range gone { // in any order: they only vanish
		t.remove(key)
	}
}

// removal is when an item is to be deleted; ok is false for one that does not expire.
func (t *table) removal(item attribute.Item, now time.Time) (at time.Time, ok bool) {
	n, ok := item[t.ttl].(*types.AttributeValueMemberN)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil || seconds <= 0 {
		return time.Time{}, false
	}
	expiry := time.Unix(seconds, 0)
	if now.Sub(expiry) > ttlTooOld {
		return time.Time{}, false
	}
	key := attribute.Text(item[t.key.Hash]) + "/" + attribute.Text(item[t.key.Range])
	extra := time.Duration(hash64(t.seed, key+n.Value) % uint64(ttlSpread))
	return expiry.Add(ttlGrace + extra), true
}

func (s *Service) updateTimeToLive(_ *protocol.Call, in *dynamodb.UpdateTimeToLiveInput) (*dynamodb.UpdateTimeToLiveOutput, error) {
	t, err := s.describe(in.TableName)
	if err != nil {
		return nil, err
	}
	spec := in.TimeToLiveSpecification
	if spec == nil || spec.Enabled == nil || aws.ToString(spec.AttributeName) == "" {
		return nil, invalid("TimeToLiveSpecification needs Enabled and AttributeName")
	}
	switch name := *spec.AttributeName; {
	case *spec.Enabled && t.ttl == name:
		return nil, invalid("TimeToLive is already enabled")
	case *spec.Enabled && t.ttl != "":
		return nil, invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.ttl)
	case !*spec.Enabled && t.ttl == "":
		return nil, invalid("TimeToLive is already disabled")
	case !*spec.Enabled && t.ttl != name:
		return nil, invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.ttl)
	case *spec.Enabled:
		t.ttl = name
	default:
		t.ttl = ""
	}
	return &dynamodb.UpdateTimeToLiveOutput{TimeToLiveSpecification: spec}, nil
}

func (s *Service) describeTimeToLive(_ *protocol.Call, in *dynamodb.DescribeTimeToLiveInput) (*dynamodb.DescribeTimeToLiveOutput, error) {
	t, err := s.describe(in.TableName)
	if err != nil {
		return nil, err
	}
	d := &types.TimeToLiveDescription{TimeToLiveStatus: types.TimeToLiveStatusDisabled}
	if t.ttl != "" {
		d = &types.TimeToLiveDescription{TimeToLiveStatus: types.TimeToLiveStatusEnabled, AttributeName: new(t.ttl)}
	}
	return &dynamodb.DescribeTimeToLiveOutput{TimeToLiveDescription: d}, nil
}
