package protocol

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"slipway/awssim/protocol/cut"
)

// DecodeJSON reads a JSON input into an SDK struct. Member names match exactly but for the case of their first letter; an
// unknown member is a SerializationException that names it. Times are epoch seconds, blobs base64.
//
// It checks the whole text once and then cuts it up. The first error of an input is always the same one: members are read in the
// order of their names.
func DecodeJSON(body []byte, into any) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil
	}
	if !json.Valid(body) {
		return Errorf("SerializationException", "the input is not JSON: %v", json.Unmarshal(body, new(json.RawMessage)))
	}
	return decodeValue(body, reflect.ValueOf(into).Elem(), nil)
}

// trail is where in an input a value stands. It is spelled only where an error tells it.
type trail struct {
	up   *trail // nil for what stands in the input itself
	name string // of a member or an entry
	item int    // in a list, counted from 1; 0 for a member or an entry
}

// String is such as "networkConfiguration.subnets[1]", "" for the input itself.
func (t *trail) String() string {
	switch {
	case t == nil:
		return ""
	case t.item > 0:
		return fmt.Sprintf("%s[%d]", t.up, t.item-1)
	}
	return join(t.up.String(), t.name)
}

func decodeValue(raw []byte, v reflect.Value, at *trail) error {
	if string(raw) == "null" {
		return nil
	}
	switch t := v.Type(); t {
	case rawType:
		v.SetBytes(bytes.Clone(raw))
		return nil
	case timeType:
		when, err := decodeTime(raw)
		if err != nil {
			return Errorf("SerializationException", "%s: %v", at, err)
		}
		v.Set(reflect.ValueOf(when))
		return nil
	}
	switch v.Kind() {
	case reflect.Interface:
		return decodeUnion(raw, v, at)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return decodeValue(raw, v.Elem(), at)
	case reflect.Struct:
		return decodeStruct(raw, v, at)
	case reflect.Slice:
		return decodeSlice(raw, v, at)
	case reflect.Map:
		return decodeMap(raw, v, at)
	}
	return decodeScalar(raw, v, at)
}

func decodeStruct(raw []byte, v reflect.Value, at *trail) error {
	if raw[0] != '{' {
		return Errorf("SerializationException", "%s must be an object: %v", orInput(at.String()), json.Unmarshal(raw, new(map[string]json.RawMessage)))
	}
	fields := fieldsOf(v.Type())
	for _, m := range cut.Sorted(raw) {
		here := &trail{up: at, name: m.Name}
		field, ok := fields[m.Name]
		if !ok {
			return Errorf("SerializationException", "awssim knows no member %q of %s", here.String(), v.Type().Name())
		}
		if err := decodeValue(m.Value, v.Field(field), here); err != nil {
			return err
		}
	}
	return nil
}

var fields sync.Map // reflect.Type -> map[string]int

// fieldsOf are the fields of a struct that are members, in both cases of the first letter.
func fieldsOf(t reflect.Type) map[string]int {
	if known, ok := fields.Load(t); ok {
		return known.(map[string]int)
	}
	byName := map[string]int{}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Name != "ResultMetadata" {
			byName[f.Name], byName[lowerFirst(f.Name)] = i, i
		}
	}
	fields.Store(t, byName)
	return byName
}

func decodeSlice(raw []byte, v reflect.Value, at *trail) error {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return Errorf("SerializationException", "%s must be base64 text: %v", at, err)
		}
		blob, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return Errorf("SerializationException", "%s must be base64 text: %v", at, err)
		}
		v.SetBytes(blob)
		return nil
	}
	if raw[0] != '[' {
		return Errorf("SerializationException", "%s must be a list: %v", at, json.Unmarshal(raw, new([]json.RawMessage)))
	}
	list := cut.Items(raw)
	v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
	for i, item := range list {
		if err := decodeValue(item, v.Index(i), &trail{up: at, item: i + 1}); err != nil {
			return err
		}
	}
	return nil
}

func decodeMap(raw []byte, v reflect.Value, at *trail) error {
	if raw[0] != '{' {
		return Errorf("SerializationException", "%s must be a map: %v", at, json.Unmarshal(raw, new(map[string]json.RawMessage)))
	}
	entries := cut.Sorted(raw)
	t := v.Type()
	v.Set(reflect.MakeMapWithSize(t, len(entries)))
	for _, m := range entries {
		value := reflect.New(t.Elem()).Elem()
		if err := decodeValue(m.Value, value, &trail{up: at, name: m.Name}); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(m.Name).Convert(t.Key()), value)
	}
	return nil
}

func decodeUnion(raw []byte, v reflect.Value, at *trail) error {
	u, ok := unionOf(v.Type())
	if !ok {
		return Errorf("SerializationException", "awssim cannot read %s (%s)", at, v.Type())
	}
	value, err := u.Decode(raw)
	var own *Error
	if errors.As(err, &own) {
		return own // the service's own code and words
	}
	if err != nil {
		return Errorf("SerializationException", "%s: %v", at, err)
	}
	v.Set(reflect.ValueOf(value))
	return nil
}

func decodeScalar(raw []byte, v reflect.Value, at *trail) error {
	if v.Kind() == reflect.String && cut.Plain(raw) {
		return setTextAt(v, string(raw[1:len(raw)-1]), at)
	}
	target := reflect.New(v.Type())
	text := raw
	// CloudFormation and some clients write numbers and booleans as text.
	if k := v.Kind(); k != reflect.String && len(raw) > 1 && raw[0] == '"' {
		text = raw[1 : len(raw)-1]
	}
	if err := json.Unmarshal(text, target.Interface()); err != nil {
		if v.Kind() == reflect.String && raw[0] != '"' && raw[0] != '{' && raw[0] != '[' {
			return setTextAt(v, string(raw), at) // a number or boolean where the API wants text, as templates write it
		}
		return Errorf("SerializationException", "%s must be a %s", at, v.Kind())
	}
	if v.Kind() == reflect.String {
		return setTextAt(v, target.Elem().String(), at)
	}
	v.Set(target.Elem())
	return nil
}

// setTextAt spells the place of a text only where it may be told.
func setTextAt(v reflect.Value, text string, at *trail) error {
	if v.Type() == stringType {
		v.SetString(text)
		return nil
	}
	return setText(v, text, at.String())
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

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

func orInput(path string) string {
	if path == "" {
		return "the input"
	}
	return path
}
