package ecs

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// hexID is an id as tasks and container instances have it: 32 hexadecimal digits.
func (s *Service) hexID() string {
	r := s.clock.Rand()
	return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
}

// number is an id of 19 digits, as deployments and service revisions have it.
func (s *Service) number() string {
	return fmt.Sprint(int64(1e18) + s.clock.Rand().Int64N(8e18))
}

// shortID is an id as service deployments have it: 21 characters.
func (s *Service) shortID() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, 21)
	for i := range b {
		b[i] = alphabet[s.clock.Rand().IntN(len(alphabet))]
	}
	return string(b)
}

// lastPart is what follows the last slash of an ARN, or the whole name.
func lastPart(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// opt is nil for "": a member that AWS leaves out.
func opt(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func optTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func intOr(p *int32, otherwise int) int {
	if p == nil {
		return otherwise
	}
	return int(*p)
}

// invalid is ECS's usual answer to a request that cannot be right.
func invalid(format string, args ...any) *protocol.Error {
	return protocol.Errorf("InvalidParameterException", format, args...)
}

// client is ECS's answer to a request that asks for something that is not there or not allowed.
func client(format string, args ...any) *protocol.Error {
	return protocol.Errorf("ClientException", format, args...)
}

func missing(arn string) types.Failure { return types.Failure{Arn: &arn, Reason: new("MISSING")} }

// page cuts a list of names or ARNs, in the order of the text, to one page.
func page(names []string, size *int32, standard, most int, token *string) ([]string, *string, error) {
	return pageBy(names, func(name string) string { return name }, strings.Compare, size, standard, most, token)
}

// pageBy cuts a list to one page. See paging.By for key and order; a token is the key of the last item that was handed out.
func pageBy[T any](items []T, key func(T) string, order func(a, b string) int, size *int32, standard, most int, token *string) ([]T, *string, error) {
	n := intOr(size, standard)
	if n < 1 || n > most {
		return nil, nil, invalid("maxResults must be from 1 to %d, not %d.", most, n)
	}
	if token != nil {
		last, err := base64.RawURLEncoding.DecodeString(*token)
		if err != nil || len(last) == 0 {
			return nil, nil, invalid("Invalid token %q: use the nextToken of the previous page.", *token)
		}
		token = new(string(last))
	}
	items, next := paging.By(items, key, order, token, n)
	if next != nil {
		next = new(base64.RawURLEncoding.EncodeToString([]byte(*next)))
	}
	return items, next, nil
}
