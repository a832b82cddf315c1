package events

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// checkInput refuses a target whose payload could not be made later.
func checkInput(t *types.Target) error {
	kinds := 0
	for _, set := range []bool{t.Input != nil, t.InputPath != nil, t.InputTransformer != nil} {
		if set {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		return fmt.Errorf("only one of Input, InputPath and InputTransformer can be given")
	case t.Input != nil && !json.Valid([]byte(*t.Input)):
		return fmt.Errorf("the JSON text in Input has a syntax error")
	case t.InputPath != nil:
		_, err := parsePath(*t.InputPath)
		return err
	case t.InputTransformer != nil:
		return checkTransformer(t.InputTransformer)
	}
	return nil
}

// checkTransformer accepts templates that are one JSON value whose placeholders stand for values or inside strings.
func checkTransformer(t *types.InputTransformer) error {
	for _, name := range slices.Sorted(maps.Keys(t.InputPathsMap)) {
		if _, err := parsePath(t.InputPathsMap[name]); err != nil {
			return fmt.Errorf("InputPathsMap %s: %w", name, err)
		}
	}
	var unknown []string
	filled := fill(aws.ToString(t.InputTemplate), func(name string) any {
		_, mapped := t.InputPathsMap[name]
		if !mapped && !slices.Contains(predefined, name) {
			unknown = append(unknown, name)
		}
		return "x"
	})
	if len(unknown) > 0 {
		return fmt.Errorf("the template uses <%s>, which InputPathsMap does not define", unknown[0])
	}
	if !json.Valid(filled) {
		return fmt.Errorf("awssim implements templates that are one JSON value (an object, or a string in quotes), and this one is not")
	}
	return nil
}

// predefined are the variables that every template may use.
var predefined = []string{"aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event", "aws.events.event.json"}

// targetInput is what the target of a rule gets for an event: the event, or what the target's input settings make of it.
func targetInput(t types.Target, r *rule, e Event, now time.Time) []byte {
	switch {
	case t.Input != nil:
		return []byte(*t.Input)
	case t.InputPath != nil:
		return encode(lookUp(e.tree(), *t.InputPath))
	case t.InputTransformer != nil:
		return transform(t.InputTransformer, r, e, now)
	}
	return e.body()
}

func transform(t *types.InputTransformer, r *rule, e Event, now time.Time) []byte {
	tree := e.tree()
	return fill(aws.ToString(t.InputTemplate), func(name string) any {
		if path, ok := t.InputPathsMap[name]; ok {
			return lookUp(tree, path)
		}
		switch name {
		case "aws.events.rule-arn":
			return r.arn
		case "aws.events.rule-name":
			return r.name
		case "aws.events.event.ingestion-time":
			return now.UTC().Format("2006-01-02T15:04:05Z")
		}
		return tree
	})
}

func (e Event) tree() any {
	var tree any
	d := json.NewDecoder(strings.NewReader(string(e.body())))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		panic(fmt.Sprintf("events: event %s: %v", e.ID, err))
	}
	return tree
}

var placeholder = regexp.MustCompile(`<([A-Za-z0-9_.\-]+)>`)

// fill puts values into a template: as JSON where a value stands alone, as text where it stands inside a string.
func fill(template string, value func(name string) any) []byte {
	var out strings.Builder
	quoted := false
	for i := 0; i < len(template); {
		if m := placeholder.FindStringSubmatchIndex(template[i:]); m != nil && m[0] == 0 {
			out.WriteString(render(value(template[i+m[2]:i+m[3]]), quoted))
			i += m[1]
			continue
		}
		switch {
		case template[i] == '\\' && i+1 < len(template):
			out.WriteByte(template[i])
			i++
		case template[i] == '"':
			quoted = !quoted
		}
		out.WriteByte(template[i])
		i++
	}
	return []byte(out.String())
}

func render(value any, quoted bool) string {
	if !quoted {
		return string(encode(value))
	}
	s, ok := value.(string)
	if !ok {
		s = string(encode(value))
	}
	inside := string(encode(s))
	return inside[1 : len(inside)-1]
}

func encode(value any) []byte {
	body, err := marshal(value)
	if err != nil { // values come out of JSON
		panic(fmt.Sprintf("events: %v", err))
	}
	return body
}

var step = regexp.MustCompile(`^(?:\.([A-Za-z0-9_\-]+)|\[(\d+)\]|\['([^']+)'\])`)

// parsePath reads the JSONPath that AWS allows here: $, .name, ['name'] and [index].
func parsePath(path string) ([]any, error) {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok {
		return nil, fmt.Errorf("the path %q must begin with $", path)
	}
	steps := []any{}
	for rest != "" {
		m := step.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("awssim reads paths of .name, ['name'] and [index], not %q in %q", rest, path)
		}
		if m[2] != "" {
			index, err := strconv.Atoi(m[2])
			if err != nil {
				return nil, fmt.Errorf("the index %s in %q is too large", m[2], path)
			}
			steps = append(steps, index)
		} else {
			steps = append(steps, m[1]+m[3])
		}
		rest = rest[len(m[0]):]
	}
	return steps, nil
}

// lookUp is the value at path, nil where there is none.
func lookUp(tree any, path string) any {
	steps, err := parsePath(path)
	if err != nil { // checked by putTargets
		return nil
	}
	for _, s := range steps {
		switch s := s.(type) {
		case string:
			object, _ := tree.(map[string]any)
			tree = object[s]
		case int:
			list, _ := tree.([]any)
			if s >= len(list) {
				return nil
			}
			tree = list[s]
		}
	}
	return tree
}
