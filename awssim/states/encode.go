package states

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/recolabs/gnata"

	"slipway/awssim/protocol/cut"
)

// maxData is how much a state's input, output, arguments or one variable may be, in bytes of JSON (AWS quota).
const maxData = 256 * 1024

// errNotData reports a value that JSON cannot hold: a function, or nothing at all.
var errNotData = errors.New("the value is not JSON")

// ordered is an object of the JSONata engine, which keeps its keys in the order they were written.
type ordered interface {
	Keys() []string
	Get(key string) (any, bool)
}

func mustDecode(text string) any {
	v, err := decode([]byte(text))
	if err != nil {
		panic(err)
	}
	return v
}

// decode reads one JSON text, keeping the order of keys and the digits of numbers.
func decode(text []byte) (any, error) {
	if !json.Valid(text) {
		return nil, errors.New("not valid JSON")
	}
	return value(bytes.TrimSpace(text)), nil
}

// value makes valid JSON a value of the JSONata engine. The engine's own reader takes a token at a time, which is several times as
// slow; it is asked only for the objects that it alone can make.
func value(text []byte) any {
	switch text[0] {
	case '{':
		o := emptyObject()
		for _, m := range cut.Members(text) {
			o.Set(m.Name, value(m.Value))
		}
		return o
	case '[':
		list := []any{}
		for _, item := range cut.Items(text) {
			list = append(list, value(item))
		}
		return list
	case '"':
		return cut.Text(text)
	case 't', 'f':
		return text[0] == 't'
	case 'n':
		return null
	}
	return json.Number(text)
}

// settable is an object of the engine while it is filled.
type settable interface {
	ordered
	Set(key string, value any)
}

func emptyObject() settable { return engineValue("{}").(settable) }

// null is the engine's, for which nil is undefined.
var null = engineValue("null")

func engineValue(text string) any {
	v, err := gnata.DecodeJSON([]byte(text))
	if err != nil {
		panic(err) // a constant
	}
	return v
}

// encode writes a value as Step Functions does: compact, keys in their order, nothing escaped for HTML.
func encode(v any) (string, error) {
	var b bytes.Buffer
	if err := encodeTo(&b, v); err != nil {
		return "", err
	}
	return b.String(), nil
}

func encodeTo(b *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case nil:
		return errNotData
	case ordered:
		return encodeObject(b, v.Keys(), func(key string) any { value, _ := v.Get(key); return value })
	case map[string]any:
		return encodeObject(b, sortedKeys(v), func(key string) any { return v[key] })
	case []any:
		return encodeArray(b, v)
	case json.Number:
		b.WriteString(plainZero(v.String()))
		return nil
	case string, bool, float64, int, int64:
		return encodeScalar(b, v)
	}
	if gnata.IsNull(v) {
		b.WriteString("null")
		return nil
	}
	return fmt.Errorf("%w: %T", errNotData, v)
}

// plainZero drops the sign of a zero: AWS answers 0 where JSON said -0.
func plainZero(number string) string {
	if number == "-0" {
		return "0"
	}
	return number
}

func encodeScalar(b *bytes.Buffer, v any) error {
	if f, ok := v.(float64); ok && f == 0 {
		v = 0 // a computed -0
	}
	if s, ok := v.(string); ok && plain(s) {
		b.WriteByte('"')
		b.WriteString(s)
		b.WriteByte('"')
		return nil
	}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("%w: %v", errNotData, err)
	}
	b.Truncate(b.Len() - 1) // the encoder's line feed
	return nil
}

// plain reports that a text has nothing to escape, which is nearly always so and spares it an encoder.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func encodeObject(b *bytes.Buffer, keys []string, get func(string) any) error {
	b.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encodeScalar(b, key); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := encodeTo(b, get(key)); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func encodeArray(b *bytes.Buffer, items []any) error {
	b.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encodeTo(b, item); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

// kindOf names a value's JSON type as AWS does in its causes.
func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number, float64, int, int64:
		return "number"
	case []any:
		return "array"
	case ordered, map[string]any:
		return "object"
	}
	if v != nil && gnata.IsNull(v) {
		return "null"
	}
	return ""
}

// number is v as a float64; ok is false for what is not a number.
func number(v any) (f float64, ok bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

// member is a member of an object, nil when v is no object or has no such member.
func member(v any, key string) any {
	switch v := v.(type) {
	case ordered:
		value, _ := v.Get(key)
		return value
	case map[string]any:
		return v[key]
	}
	return nil
}
