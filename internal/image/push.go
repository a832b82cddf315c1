package image

import (
	"encoding/json"
	"fmt"
	"time"

	"slipway/internal/strictjson"
)

// Push is an ECR "Image Action" event of a tagged, successful push.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
type Push struct {
	ID         string
	Account    string // 12 digits
	Region     string
	At         time.Time
	Repository string
	Tag        string
	Digest     Digest
}

// Reference is the pushed image.
func (p Push) Reference() Reference {
	return Reference{Registry: Registry(p.Account, p.Region), Repository: p.Repository, Tag: p.Tag, Digest: p.Digest}
}

// Ignored is why an event that is well formed is none of Slipway's business: an untagged child of an index, a delete, a
// failed push.
type Ignored struct{ Why string }

func (e *Ignored) Error() string { return "ignored: " + e.Why }

var (
	accountForm = form{pattern: `^[0-9]{12}$`}
	regionForm  = form{pattern: `^[a-z]{2}(-[a-z]+)+-[0-9]$`}
)

// ParsePush decodes an event strictly: keys exact and never twice, every value of its form. Fields that AWS may add are
// tolerated. It returns *Ignored for a sound event that asks for nothing.
func ParsePush(event []byte) (Push, error) {
	envelope, err := strictjson.Object(event, "version", "id", "detail-type", "source", "account", "time", "region", "detail")
	if err != nil {
		return Push{}, err
	}
	detail, err := strictjson.Object(orEmpty(envelope["detail"]), "result", "repository-name", "image-digest", "action-type", "image-tag")
	if err != nil {
		return Push{}, fmt.Errorf("detail: %w", err)
	}
	var e struct{ id, kind, source, account, at, region, result, repository, digest, action, tag string }
	for _, f := range []struct {
		from map[string]json.RawMessage
		key  string
		into *string
	}{
		{envelope, "id", &e.id}, {envelope, "detail-type", &e.kind}, {envelope, "source", &e.source}, {envelope, "account", &e.account},
		{envelope, "time", &e.at}, {envelope, "region", &e.region}, {detail, "result", &e.result}, {detail, "repository-name", &e.repository},
		{detail, "image-digest", &e.digest}, {detail, "action-type", &e.action}, {detail, "image-tag", &e.tag},
	} {
		if err := text(f.from, f.key, f.into); err != nil {
			return Push{}, err
		}
	}
	switch {
	case e.source != "aws.ecr" || e.kind != "ECR Image Action":
		return Push{}, fmt.Errorf("this is %q from %q, not an ECR Image Action", clip(e.kind), clip(e.source))
	case e.action != "PUSH" || e.result != "SUCCESS":
		return Push{}, &Ignored{Why: fmt.Sprintf("action %q with result %q", clip(e.action), clip(e.result))}
	case e.tag == "":
		return Push{}, &Ignored{Why: "the manifest has no tag: a part of an index"}
	case !accountForm.get().MatchString(e.account):
		return Push{}, fmt.Errorf("account %q is not 12 digits", clip(e.account))
	case !regionForm.get().MatchString(e.region):
		return Push{}, fmt.Errorf("region %q is not an AWS region", clip(e.region))
	}
	p := Push{ID: clip(e.id), Account: e.account, Region: e.region, Repository: e.repository, Tag: e.tag}
	if p.At, err = time.Parse(time.RFC3339, e.at); err != nil {
		return Push{}, fmt.Errorf("time %q is not RFC 3339", clip(e.at))
	}
	if p.Digest, err = ParseDigest(e.digest); err != nil {
		return Push{}, err
	}
	if err := CheckRepository(e.repository); err != nil {
		return Push{}, err
	}
	return p, CheckTag(e.tag)
}

// text reads an optional string member; a member of another type is an error.
func text(from map[string]json.RawMessage, key string, into *string) error {
	raw, ok := from[key]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s must be text", key)
	}
	return nil
}

func orEmpty(raw json.RawMessage) []byte {
	if raw == nil {
		return []byte("null")
	}
	return raw
}
