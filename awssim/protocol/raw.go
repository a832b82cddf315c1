package protocol

import "encoding/json"

// HandleRaw makes fn the implementation of an operation of a JSON API whose input and output must keep members that the SDK
// does not know. fn reads the input's members itself, in either case of their first letter, and answers with wire names.
func HandleRaw(a *API, operation string, fn func(*Call, json.RawMessage) (json.RawMessage, error)) {
	if a.Format == Query {
		panic("protocol: HandleRaw is for JSON APIs, " + a.Service + " is a Query API")
	}
	if a.ops == nil {
		a.ops = map[string]func(*Call, decoder) (any, error){}
	}
	a.ops[operation] = func(c *Call, _ decoder) (any, error) {
		if len(c.Body) > 0 && !json.Valid(c.Body) {
			return nil, Errorf("SerializationException", "the input is not JSON")
		}
		out, err := fn(c, json.RawMessage(c.Body))
		if err != nil {
			return nil, err
		}
		return out, nil
	}
}
