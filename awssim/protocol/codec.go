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
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
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
	target := reflect.New(v.Type())
	text := raw
	// CloudFormation and some clients write numbers and booleans as text.
	if k := v.Kind(); k != reflect.String && len(raw) > 1 && raw[0] == '"' {
		text = raw[1 : len(raw)-1]
	}
	if err := json.Unmarshal(text, target.Interface()); err != nil {
		if v.Kind() == reflect.String && len(raw) > 0 && raw[0] != '"' && raw[0] != '{' && raw[0] != '[' {
			v.SetString(string(raw)) // a number or boolean where the API wants text, as templates write it
			return nil
		}
		return Errorf("SerializationException", "%s must be a %s", path, v.Kind())
	}
	v.Set(target.Elem())
	return nil
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

// EncodeJSON writes an SDK struct as AWS answers with it: nil members left out, numbers and booleans always there, times as
// epoch seconds with milliseconds. Maps come out sorted, as encoding/json does it.
func EncodeJSON(out any, pascal bool) ([]byte, error) {
	value, err := encodeValue(reflect.ValueOf(out), pascal)
	if err != nil {
		return nil, err
	}
	if value == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(value)
}

// encodeValue returns nil for what must be left out.
func encodeValue(v reflect.Value, pascal bool) (any, error) {
	if !v.IsValid() {
		return nil, nil
	}
	t := v.Type()
	switch {
	case t == rawType:
		if v.Len() == 0 {
			return nil, nil
		}
		return v.Interface(), nil
	case t == timeType:
		at := v.Interface().(time.Time)
		if at.IsZero() {
			return nil, nil
		}
		return json.Number(strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', -1, 64)), nil
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil, nil
		}
		if t.Kind() == reflect.Interface {
			if u, ok := unionOf(t); ok {
				return u.Encode(v.Interface())
			}
		}
		if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.String {
			return v.Elem().String(), nil // a text that is there and empty is answered as ""
		}
		return encodeValue(v.Elem(), pascal)
	case reflect.Struct:
		return encodeStruct(v, pascal)
	case reflect.Slice:
		return encodeSlice(v, pascal)
	case reflect.Map:
		return encodeMap(v, pascal)
	case reflect.String:
		if v.Len() == 0 {
			return nil, nil // an enum that is not set
		}
		return v.String(), nil
	}
	return v.Interface(), nil
}

func encodeStruct(v reflect.Value, pascal bool) (any, error) {
	pascal = pascal || isPascal(v.Type())
	members := make(map[string]any, v.NumField())
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		value, err := encodeValue(v.Field(i), pascal)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if value != nil {
			members[wireName(f.Name, pascal)] = value
		}
	}
	return members, nil
}

func encodeSlice(v reflect.Value, pascal bool) (any, error) {
	if v.IsNil() {
		return nil, nil
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return v.Bytes(), nil
	}
	items := make([]any, v.Len())
	for i := range v.Len() {
		var err error
		if items[i], err = encodeItem(v.Index(i), pascal); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func encodeMap(v reflect.Value, pascal bool) (any, error) {
	if v.IsNil() {
		return nil, nil
	}
	items := make(map[string]any, v.Len())
	for _, key := range v.MapKeys() {
		item, err := encodeItem(v.MapIndex(key), pascal)
		if err != nil {
			return nil, err
		}
		items[key.String()] = item
	}
	return items, nil
}

// encodeItem is encodeValue for what stands in a list or map, where an empty text must stay.
func encodeItem(v reflect.Value, pascal bool) (any, error) {
	if v.Kind() == reflect.String {
		return v.String(), nil
	}
	return encodeValue(v, pascal)
}

func wireName(field string, pascal bool) string {
	if pascal {
		return field
	}
	r, n := utf8.DecodeRuneInString(field)
	return string(unicode.ToLower(r)) + field[n:]
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
