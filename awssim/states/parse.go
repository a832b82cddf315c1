package states

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"slipway/awssim/protocol"
)

// maxDefinition is the largest definition AWS takes, in bytes.
const maxDefinition = 1024 * 1024

// Validate reads a definition in the Amazon States Language and reports everything that is wrong with it, or that awssim
// does not run, as one InvalidDefinition error that names each state and field. nil means that CreateStateMachine takes it.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
func Validate(definition string) error {
	_, err := parseMachine(definition)
	return err
}

// problems collects what is wrong with a definition, each with its place in it.
type problems struct {
	list  []string
	names map[string]string // state name -> where it was defined, across the whole machine
	lang  string            // the machine's query language
	found bool              // a JSONata state was seen
}

func (p *problems) add(code, path, format string, args ...any) {
	p.list = append(p.list, code+": "+fmt.Sprintf(format, args...)+" at "+cmp.Or(path, "/"))
}

func (p *problems) schema(path, format string, args ...any) {
	p.add("SCHEMA_VALIDATION_FAILED", path, format, args...)
}

// refuse is for what AWS would take and awssim does not run.
func (p *problems) refuse(path, format string, args ...any) {
	p.add("NOT_IN_AWSSIM", path, format, args...)
}

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	return protocol.Errorf("InvalidDefinition", "Invalid State Machine Definition: '%s'", strings.Join(p.list, ", "))
}

// sound are machines by their definitions: hundreds of worlds of a test are given the same one, and reading it was two fifths of
// making a world. Nothing changes a machine that was read, so executions of all of them may share it.
var sound struct {
	sync.Mutex
	machines map[string]*machine
}

// maxSound bounds them; at one more they are forgotten.
const maxSound = 16

func parseMachine(definition string) (*machine, error) {
	sound.Lock()
	defer sound.Unlock()
	if m := sound.machines[definition]; m != nil {
		return m, nil
	}
	m, err := readMachine(definition)
	if err != nil {
		return nil, err
	}
	if sound.machines == nil || len(sound.machines) == maxSound {
		sound.machines = map[string]*machine{}
	}
	sound.machines[definition] = m
	return m, nil
}

func readMachine(definition string) (*machine, error) {
	p := &problems{names: map[string]string{}}
	if len(definition) > maxDefinition {
		p.schema("", "The definition has %d bytes, the most is %d", len(definition), maxDefinition)
		return nil, p.err()
	}
	if err := checkJSON([]byte(definition)); err != nil {
		p.add("INVALID_JSON_DESCRIPTION", "", "%v", err)
		return nil, p.err()
	}
	r := newReader(p, "", json.RawMessage(definition))
	if r == nil {
		return nil, p.err()
	}
	m := &machine{}
	r.text("Comment")
	r.text("Version")
	p.lang = r.oneOf("QueryLanguage", "JSONPath", "JSONata")
	if v, ok := r.number("TimeoutSeconds"); ok {
		m.timeout = int64(v)
		if v != float64(m.timeout) || m.timeout < 1 || m.timeout > maxSeconds {
			p.schema("/TimeoutSeconds", "The machine's timeout must be an integer from 1 to %d", maxSeconds)
		}
	}
	r.flow(&m.flow)
	r.rest("a state machine")
	p.shadowed(&m.flow, map[string]bool{})
	if !p.found && len(p.list) == 0 {
		p.refuse("", "The state machine uses JSONPath and awssim runs JSONata only: set \"QueryLanguage\": \"JSONata\"")
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return m, nil
}

// checkJSON reports text that is not JSON, and keys that an object has twice: of two states with one name, all but the last
// would be lost without a word.
func checkJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := checkValue(d, ""); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("there is text after the definition's closing brace")
	}
	return nil
}

func checkValue(d *json.Decoder, path string) error {
	token, err := d.Token()
	if err != nil {
		return fmt.Errorf("the definition is not JSON: %v", err)
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for i := 0; d.More(); i++ {
		at := fmt.Sprintf("%s[%d]", path, i)
		if delim == '{' {
			key, err := d.Token()
			if err != nil {
				return fmt.Errorf("the definition is not JSON: %v", err)
			}
			name := key.(string)
			if seen[name] {
				return fmt.Errorf("%q stands twice in %s", name, path+"/")
			}
			seen[name], at = true, path+"/"+name
		}
		if err := checkValue(d, at); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("the definition is not JSON: %v", err)
	}
	return nil
}

// flow reads StartAt and States and checks the graph that they make.
func (r *reader) flow(f *flow) {
	f.startAt = r.required("StartAt")
	raw, ok := r.take("States")
	if !ok {
		r.p.schema(r.path, "The field 'States' is required")
		return
	}
	states := newReader(r.p, r.path+"/States", raw)
	if states == nil {
		return
	}
	f.states = map[string]*state{}
	for _, name := range states.names() {
		raw, _ := states.take(name)
		if s := r.p.state(name, states.path+"/"+name, raw); s != nil {
			f.states[name] = s
		}
	}
	if len(f.states) == len(states.order) {
		r.p.graph(f, r.path)
	}
}

// graph checks that every transition leads to a state and that every state can be reached.
func (p *problems) graph(f *flow, path string) {
	if f.states[f.startAt] == nil {
		p.add("MISSING_TRANSITION_TARGET", path+"/StartAt", "Missing 'StartAt' target: %s", f.startAt)
		return
	}
	reached := map[string]bool{f.startAt: true}
	for queue := []string{f.startAt}; len(queue) > 0; queue = queue[1:] {
		s := f.states[queue[0]]
		for _, name := range s.successors() {
			if f.states[name] == nil {
				p.add("MISSING_TRANSITION_TARGET", path+"/States/"+s.name, "Missing 'Next' target: %s", name)
			} else if !reached[name] {
				reached[name] = true
				queue = append(queue, name)
			}
		}
	}
	for _, name := range sortedKeys(f.states) {
		if !reached[name] {
			p.add("MISSING_TRANSITION_TARGET", path+"/States/"+name, "State %q is not reachable.", name)
		}
	}
}

// shadowed notes variables of an inner workflow that have the name of one outside, which AWS does not allow.
func (p *problems) shadowed(f *flow, outer map[string]bool) {
	names := map[string]bool{}
	for _, at := range sortedKeys(f.states) {
		s := f.states[at]
		for _, name := range s.assigned() {
			names[name] = true
			if outer[name] {
				p.schema(p.names[at]+"/Assign", "The variable %q is already defined in an outer scope", name)
			}
		}
	}
	for name := range outer {
		names[name] = true
	}
	for _, at := range sortedKeys(f.states) {
		s := f.states[at]
		if s.processor != nil {
			p.shadowed(s.processor, names)
		}
		for _, branch := range s.branches {
			p.shadowed(branch, names)
		}
	}
}
