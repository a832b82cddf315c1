package rollout

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// codecVersion is the version of the states' JSON. Data of the version before must still be understood: an execution that
// a previous release started may be at any step when a stack is updated.
const codecVersion = 1

// header is what every encoded state begins with.
type header struct {
	Version int   `json:"version"`
	Phase   Phase `json:"phase"`
}

// Encode writes a state as JSON with its phase and the codec's version.
func Encode(s State) ([]byte, error) {
	if s == nil {
		return nil, fmt.Errorf("no state to encode")
	}
	body, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode state %s: %w", s.Phase(), err)
	}
	head, err := json.Marshal(header{Version: codecVersion, Phase: s.Phase()})
	if err != nil {
		return nil, err
	}
	return append(append(head[:len(head)-1], ','), body[1:]...), nil
}

// Decode reads what Encode wrote. A phase or version that it does not know is an error.
func Decode(data []byte) (State, error) {
	var h header
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, fmt.Errorf("a step must be the state that the step before returned: %w", err)
	}
	if h.Version != codecVersion {
		return nil, fmt.Errorf("step data of version %d; this release understands version %d", h.Version, codecVersion)
	}
	names := make([]string, 0, len(states))
	for _, state := range states {
		if state.Phase() == h.Phase {
			return decode(state, data)
		}
		names = append(names, string(state.Phase()))
	}
	return nil, fmt.Errorf("unknown phase %q; the phases are %s", h.Phase, strings.Join(names, ", "))
}

// decode reads a state of the same type as form. It is not generic: a copy for each type would be a hundredth of a function's
// own code.
func decode(form State, data []byte) (State, error) {
	state := reflect.New(reflect.TypeOf(form))
	if err := json.Unmarshal(data, state.Interface()); err != nil {
		return nil, fmt.Errorf("state %s: %w", form.Phase(), err)
	}
	return state.Elem().Interface().(State), nil
}
