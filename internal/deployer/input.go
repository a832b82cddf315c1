package deployer

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"slipway/internal/image"
	"slipway/internal/oneline"
	"slipway/internal/record"
	"slipway/internal/strictjson"
)

// Input is what starts an execution. A person needs Service only: {"service":"shop/web"} deploys the newest image that the
// service follows. It never holds results of an earlier run, so that a copied input asks for the same again.
type Input struct {
	Service  string `json:"service"`            // CLUSTER/SERVICE
	Image    string `json:"image,omitempty"`    // tag, digest or full URI; default: the newest followed image
	Revision string `json:"revision,omitempty"` // run this task definition revision (family:revision or ARN) as it is
	Action   string `json:"action,omitempty"`   // "deploy" (default) or "rollback"
	Force    bool   `json:"force,omitempty"`    // lifts quarantine and hold
	Reason   string `json:"reason,omitempty"`   // for the record
	Wish     int    `json:"wish,omitempty"`     // the wish this execution serves; set by push and drift
	Stopped  string `json:"stopped,omitempty"`  // the execution whose open deployment is to be undone; set by settle and drift
}

// revisionForm is a task definition's family and revision, or its ARN.
var revisionForm = regexp.MustCompile(`^(arn:[^/]{1,80}:task-definition/)?[A-Za-z0-9_-]{1,255}:[1-9][0-9]{0,8}$`)

// maxReason bounds what a person writes for the record.
const maxReason = 500

// parseInput reads an execution's input strictly. Errors say what to type; the service is returned with them if it can be made
// out, so that its people are told.
func parseInput(data []byte) (Input, record.ServiceName, error) {
	const example = `; type for example {"service":"shop/web"}`
	name := serviceIn(data)
	members, err := strictjson.Exactly(data, "service", "image", "revision", "action", "force", "reason", "wish", "stopped")
	if err != nil {
		return Input{}, name, fmt.Errorf("input: %w%s", err, example)
	}
	var in Input
	for _, f := range []struct {
		key  string
		into any
		kind string
	}{
		{"service", &in.Service, "text"}, {"image", &in.Image, "text"}, {"revision", &in.Revision, "text"}, {"action", &in.Action, "text"},
		{"force", &in.Force, "true or false"}, {"reason", &in.Reason, "text"}, {"wish", &in.Wish, "a whole number"}, {"stopped", &in.Stopped, "text"},
	} {
		if raw, ok := members[f.key]; ok && json.Unmarshal(raw, f.into) != nil {
			return Input{}, name, fmt.Errorf("input: %q must be %s%s", f.key, f.kind, example)
		}
		if text, ok := f.into.(*string); ok && *text == "" && members[f.key] != nil && f.key != "reason" { // a variable that was not set
			return Input{}, name, fmt.Errorf("input: %q is empty: leave it out, or give it a value%s", f.key, example)
		}
	}
	if in.Service == "" {
		return Input{}, name, fmt.Errorf(`input: "service" is missing%s`, example)
	}
	if name, err = record.ParseServiceName(in.Service); err != nil {
		return Input{}, record.ServiceName{}, fmt.Errorf("input: %w", err)
	}
	switch in.Action {
	case "":
		in.Action = string(record.Deploy)
	case string(record.Deploy), string(record.Rollback):
	default:
		return in, name, fmt.Errorf(`input: "action" is %q; it can be "deploy" or "rollback"`, in.Action)
	}
	if in.Image != "" && in.Revision != "" {
		return in, name, fmt.Errorf(`input: give "image" or "revision", not both`)
	}
	if in.Revision != "" && !revisionForm.MatchString(in.Revision) {
		return in, name, fmt.Errorf(`input: "revision" is %q; write FAMILY:NUMBER, such as web:41, or the ARN of a task definition`, oneline.Clip(in.Revision, 80))
	}
	in.Reason = clipReason(in.Reason)
	return in, name, nil
}

// serviceIn is the service that a faulty input names, the zero name if it names none.
func serviceIn(data []byte) record.ServiceName {
	var in struct {
		Service record.ServiceName `json:"service"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return record.ServiceName{}
	}
	return in.Service
}

// clipReason makes what a person wrote fit for sentences: bounded, on one line, without control characters.
func clipReason(s string) string { return oneline.Clip(s, maxReason) }

// reference reads the image of an input: a full URI of the followed repository, a digest, or a tag. own is the service's
// registry and repository.
func reference(text string, own image.Reference) (image.Reference, error) {
	switch {
	case strings.Contains(text, "/"):
		r, err := image.Parse(text)
		if err != nil {
			return r, err
		}
		if r.Registry != own.Registry || r.Repository != own.Repository {
			return r, fmt.Errorf("image %s is not from %s/%s, which the service follows", text, own.Registry, own.Repository)
		}
		if r.Tag == "" && r.Digest == "" {
			return r, fmt.Errorf("image %s has neither tag nor digest", text)
		}
		return r, nil
	case strings.HasPrefix(text, "sha256:"):
		digest, err := image.ParseDigest(text)
		own.Digest = digest
		return own, err
	}
	own.Tag = text
	return own, image.CheckTag(text)
}
