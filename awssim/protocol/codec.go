package protocol

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Union teaches the codec a union (an interface type of the SDK, such as DynamoDB's AttributeValue): how a value is read
// from JSON and written back. Services register theirs in an init-time variable.
type Union struct {
	Decode func(json.RawMessage) (any, error)
	Encode func(any) (any, error) // to something encoding/json can write
}

var (
	unionsMu sync.RWMutex
	unions   = map[reflect.Type]Union{}
)

// RegisterUnion registers the codec of the interface type T. It returns true so that a package variable can hold it.
func RegisterUnion[T any](u Union) bool {
	unionsMu.Lock()
	defer unionsMu.Unlock()
	unions[reflect.TypeFor[T]()] = u
	return true
}

func unionOf(t reflect.Type) (Union, bool) {
	unionsMu.RLock()
	defer unionsMu.RUnlock()
	u, ok := unions[t]
	return u, ok
}

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
)

// DecodeJSON reads a JSON input into an SDK struct. Member names match exactly but for the case of their first letter; an
// unknown member is a SerializationException that names it. Times are epoch seconds, blobs base64.
func DecodeJSON(body []byte, into any) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil
	}
	var raw json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return Errorf("SerializationException", "the input is not JSON: %v", err)
	}
	return decodeValue(raw, reflect.ValueOf(into).Elem(), "")
}

func decodeValue(raw json.RawMessage, v reflect.Value, path string) error {
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return nil
	}
	t := v.Type()
	switch {
	case t == rawType:
		v.SetBytes(bytes.Clone(raw))
		return nil
	case t == timeType:
		at, err := decodeTime(raw)
		if err != nil {
			return Errorf("SerializationException", "%s: %v", path, err)
		}
		v.Set(reflect.ValueOf(at))
		return nil
	case t.Kind() == reflect.Interface:
		return decodeUnion(raw, v, path)
	}
	switch t.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		return decodeValue(raw, v.Elem(), path)
	case reflect.Struct:
		return decodeStruct(raw, v, path)
	case reflect.Slice:
		return decodeSlice(raw, v, path)
	case reflect.Map:
		return decodeMap(raw, v, path)
	}
	return decodeScalar(raw, v, path)
}

func decodeStruct(raw json.RawMessage, v reflect.Value, path string) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return Errorf("SerializationException", "%s must be an object: %v", orInput(path), err)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) { // the first error of an input is always the same one
		field, ok := fieldOf(v, name)
		if !ok {
			return Errorf("SerializationException", "awssim knows no member %q of %s", join(path, name), v.Type().Name())
		}
		if err := decodeValue(members[name], field, join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func fieldOf(v reflect.Value, member string) (reflect.Value, bool) {
	name := upperFirst(member)
	f, ok := v.Type().FieldByName(name)
	if !ok || !f.IsExported() || f.Name == "ResultMetadata" {
		return reflect.Value{}, false
	}
	return v.FieldByIndex(f.Index), true
}

func decodeSlice(raw json.RawMessage, v reflect.Value, path string) error {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return Errorf("SerializationException", "%s must be base64 text: %v", path, err)
		}
		blob, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return Errorf("SerializationException", "%s must be base64 text: %v", path, err)
		}
		v.SetBytes(blob)
		return nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return Errorf("SerializationException", "%s must be a list: %v", path, err)
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := decodeValue(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func decodeMap(raw json.RawMessage, v reflect.Value, path string) error {
	var items map[string]json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return Errorf("SerializationException", "%s must be a map: %v", path, err)
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(items)))
	for key, item := range items {
		value := reflect.New(v.Type().Elem()).Elem()
		if err := decodeValue(item, value, join(path, key)); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), value)
	}
	return nil
}

func decodeUnion(raw json.RawMessage, v reflect.Value, path string) error {
	u, ok := unionOf(v.Type())
	if !ok {
		return Errorf("SerializationException", "awssim cannot read %s (%s)", path, v.Type())
	}
	value, err := u.Decode(raw)
	var own *Error
	if errors.As(err, &own) {
		return own // the service's own code and words
	}
	if err != nil {
		return Errorf("SerializationException", "%s: %v", path, err)
	}
	v.Set(reflect.ValueOf(value))
	return nil
}

func decodeScalar(raw json.RawMessage, v reflect.Value, path string) error {
	if v.Kind() == reflect.String && isPlain(raw) {
		return setText(v, string(raw[1:len(raw)-1]), path)
	}
	target := reflect.New(v.Type())
	text := raw
	// CloudFormation and some clients write numbers and booleans as text.
	if k := v.Kind(); k != reflect.String && len(raw) > 1 && raw[0] == '"' {
		text = raw[1 : len(raw)-1]
	}
	if err := json.Unmarshal(text, target.Interface()); err != nil {
		if v.Kind() == reflect.String && len(raw) > 0 && raw[0] != '"' && raw[0] != '{' && raw[0] != '[' {
			return setText(v, string(raw), path) // a number or boolean where the API wants text, as templates write it
		}
		return Errorf("SerializationException", "%s must be a %s", path, v.Kind())
	}
	if v.Kind() == reflect.String {
		return setText(v, target.Elem().String(), path)
	}
	v.Set(target.Elem())
	return nil
}

// isPlain reports that raw, which is valid JSON, is a text without escapes: nearly every text is.
func isPlain(raw json.RawMessage) bool {
	for _, c := range raw {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return len(raw) > 1 && raw[0] == '"' && raw[len(raw)-1] == '"'
}

func decodeTime(raw json.RawMessage) (time.Time, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return time.Parse(time.RFC3339Nano, text)
	}
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("a time must be epoch seconds")
	}
	whole, frac := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(frac*1e6))*1e3).UTC(), nil
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

func orInput(path string) string {
	if path == "" {
		return "the input"
	}
	return path
}
