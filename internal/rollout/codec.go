package rollout

import (
	"encoding/json"
	"fmt"
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
	switch h.Phase {
	case PhaseWaiting:
		return decode[Waiting](data)
	case PhaseReady:
		return decode[Ready](data)
	case PhaseConverging:
		return decode[Converging](data)
	case PhaseBaking:
		return decode[Baking](data)
	case PhaseSucceeded:
		return decode[Succeeded](data)
	case PhaseFailed:
		return decode[Failed](data)
	case PhaseRollingBack:
		return decode[RollingBack](data)
	case PhaseRolledBack:
		return decode[RolledBack](data)
	case PhaseStuck:
		return decode[Stuck](data)
	case PhaseForeign:
		return decode[Foreign](data)
	case PhaseEnded:
		return decode[Ended](data)
	}
	names := make([]string, 0, len(Phases()))
	for _, p := range Phases() {
		names = append(names, string(p))
	}
	return nil, fmt.Errorf("unknown phase %q; the phases are %s", h.Phase, strings.Join(names, ", "))
}

func decode[S State](data []byte) (State, error) {
	var s S
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("state %s: %w", s.Phase(), err)
	}
	return s, nil
}
