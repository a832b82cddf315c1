package protocol

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// EncodeJSON writes an SDK struct as AWS answers with it: nil members left out, numbers and booleans always there, times as
// epoch seconds with milliseconds. Members and the keys of maps come out sorted. pascal says that member names start with an
// upper case letter. A union that nobody registered is an error: what the SDK wraps its members in is not what AWS writes.
//
// It writes into one buffer by a plan made once per type. Going through maps and encoding/json instead cost a fifth of a whole
// simulated deployment, and asking each value for its type anew a twentieth.
func EncodeJSON(out any, pascal bool) ([]byte, error) {
	var body []byte
	err := encoded(out, pascal, func(text []byte) { body = bytes.Clone(text) })
	return body, err
}

// encoded gives use the JSON of out, which is only good until use returns.
func encoded(out any, pascal bool, use func(text []byte)) error {
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	e.b = e.b[:0]
	wrote := false
	if v := reflect.ValueOf(out); v.IsValid() {
		var err error
		if wrote, err = writerOf(v.Type(), pascal)(e, v); err != nil {
			return err
		}
	}
	if !wrote {
		e.b = append(e.b, "{}"...)
	}
	use(e.b)
	return nil
}

type encoder struct{ b []byte }

// encoders keep their buffers: answers are large, and growing a new one each time was the most that a simulation allocated.
var encoders = sync.Pool{New: func() any { return &encoder{} }}

// writer writes a value of one type and reports whether it did: it writes nothing for what must be left out.
type writer func(e *encoder, v reflect.Value) (wrote bool, err error)

// writerOf is the writer of a type. A struct looks its plan up when it is written, so that types may contain themselves.
func writerOf(t reflect.Type, pascal bool) writer {
	switch t {
	case rawType:
		return writeRaw
	case timeType:
		return writeTime
	}
	switch t.Kind() {
	case reflect.Pointer:
		return pointerWriter(t, pascal)
	case reflect.Interface:
		return unionWriter(t)
	case reflect.Struct:
		return func(e *encoder, v reflect.Value) (bool, error) { return true, e.structure(v, planOf(t, pascal)) }
	case reflect.Slice:
		return sliceWriter(t, pascal)
	case reflect.Map:
		return mapWriter(t, pascal)
	case reflect.String:
		return func(e *encoder, v reflect.Value) (bool, error) {
			if v.Len() == 0 {
				return false, nil // an enum that is not set
			}
			return true, e.text(v.String())
		}
	case reflect.Bool:
		return func(e *encoder, v reflect.Value) (bool, error) {
			e.b = strconv.AppendBool(e.b, v.Bool())
			return true, nil
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return func(e *encoder, v reflect.Value) (bool, error) {
			e.b = strconv.AppendInt(e.b, v.Int(), 10)
			return true, nil
		}
	}
	return func(e *encoder, v reflect.Value) (bool, error) { return true, e.foreign(v.Interface()) }
}

func writeRaw(e *encoder, v reflect.Value) (bool, error) {
	if v.Len() == 0 {
		return false, nil
	}
	return true, e.foreign(v.Interface())
}

func writeTime(e *encoder, v reflect.Value) (bool, error) {
	at := v.Interface().(time.Time)
	if at.IsZero() {
		return false, nil
	}
	seconds, milliseconds := at.Unix(), at.Nanosecond()/1e6
	if seconds < 0 {
		e.b = strconv.AppendFloat(e.b, float64(at.UnixMilli())/1000, 'f', -1, 64)
		return true, nil
	}
	e.b = strconv.AppendInt(e.b, seconds, 10)
	if milliseconds > 0 { // 1767603600.25: without zeros at the end
		e.b = append(e.b, '.', byte('0'+milliseconds/100), byte('0'+milliseconds/10%10), byte('0'+milliseconds%10))
		e.b = bytes.TrimRight(e.b, "0")
	}
	return true, nil
}

func pointerWriter(t reflect.Type, pascal bool) writer {
	if t.Elem().Kind() == reflect.String {
		return func(e *encoder, v reflect.Value) (bool, error) {
			if v.IsNil() {
				return false, nil
			}
			return true, e.text(v.Elem().String()) // a text that is there and empty is answered as ""
		}
	}
	write := writerOf(t.Elem(), pascal)
	return func(e *encoder, v reflect.Value) (bool, error) {
		if v.IsNil() {
			return false, nil
		}
		return write(e, v.Elem())
	}
}

func unionWriter(t reflect.Type) writer {
	return func(e *encoder, v reflect.Value) (bool, error) {
		if v.IsNil() {
			return false, nil
		}
		u, ok := unionOf(t)
		if !ok {
			return false, fmt.Errorf("awssim cannot write the union %s: register it with protocol.RegisterUnion", t)
		}
		value, err := u.Encode(v.Interface())
		if err != nil || value == nil {
			return false, err
		}
		return true, e.foreign(value)
	}
}

func sliceWriter(t reflect.Type, pascal bool) writer {
	if t.Elem().Kind() == reflect.Uint8 {
		return func(e *encoder, v reflect.Value) (bool, error) {
			if v.IsNil() {
				return false, nil
			}
			e.b = append(e.b, '"')
			e.b = base64.StdEncoding.AppendEncode(e.b, v.Bytes())
			e.b = append(e.b, '"')
			return true, nil
		}
	}
	write := itemWriter(t.Elem(), pascal)
	return func(e *encoder, v reflect.Value) (bool, error) {
		if v.IsNil() {
			return false, nil
		}
		e.b = append(e.b, '[')
		for i := range v.Len() {
			if i > 0 {
				e.b = append(e.b, ',')
			}
			if _, err := write(e, v.Index(i)); err != nil {
				return false, err
			}
		}
		e.b = append(e.b, ']')
		return true, nil
	}
}

func mapWriter(t reflect.Type, pascal bool) writer {
	write := itemWriter(t.Elem(), pascal)
	return func(e *encoder, v reflect.Value) (bool, error) {
		if v.IsNil() {
			return false, nil
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		e.b = append(e.b, '{')
		for i, key := range keys {
			if i > 0 {
				e.b = append(e.b, ',')
			}
			if err := e.text(key.String()); err != nil {
				return false, err
			}
			e.b = append(e.b, ':')
			if _, err := write(e, v.MapIndex(key)); err != nil {
				return false, err
			}
		}
		e.b = append(e.b, '}')
		return true, nil
	}
}

// itemWriter writes the items of a list or map, where an empty text must stay and nothing is null.
func itemWriter(t reflect.Type, pascal bool) writer {
	if t.Kind() == reflect.String {
		return func(e *encoder, v reflect.Value) (bool, error) { return true, e.text(v.String()) }
	}
	write := writerOf(t, pascal)
	return func(e *encoder, v reflect.Value) (bool, error) {
		wrote, err := write(e, v)
		if err == nil && !wrote {
			e.b = append(e.b, "null"...)
		}
		return true, err
	}
}

func (e *encoder) structure(v reflect.Value, members []member) error {
	e.b = append(e.b, '{')
	first := true
	for i := range members {
		m, before := &members[i], len(e.b)
		if !first {
			e.b = append(e.b, ',')
		}
		e.b = append(e.b, m.key...)
		wrote, err := m.write(e, v.Field(m.index))
		if err != nil {
			return fmt.Errorf("%s: %w", v.Type().Field(m.index).Name, err)
		}
		if !wrote {
			e.b = e.b[:before]
			continue
		}
		first = false
	}
	e.b = append(e.b, '}')
	return nil
}

// text writes a string. One with anything to escape is left to encoding/json.
func (e *encoder) text(s string) error {
	for i := range len(s) {
		if escaped[s[i]] {
			return e.foreign(s)
		}
	}
	e.b = append(e.b, '"')
	e.b = append(e.b, s...)
	e.b = append(e.b, '"')
	return nil
}

// escaped are the bytes that do not stand for themselves in a JSON text as encoding/json writes it.
var escaped = func() (set [256]bool) {
	for c := range set {
		set[c] = c < ' ' || c >= utf8.RuneSelf || strings.ContainsRune(`"\<>&`, rune(c))
	}
	return set
}()

// foreign writes what encoding/json knows how to write.
func (e *encoder) foreign(v any) error {
	body, err := json.Marshal(v)
	e.b = append(e.b, body...)
	return err
}

// member is a field of a struct as it stands on the wire.
type member struct {
	index int
	key   string // the wire name quoted, with its colon
	write writer
}

type plan struct {
	of     reflect.Type
	pascal bool
}

var plans sync.Map // plan -> []member

// planOf lists the members of a struct type in the order of their wire names.
func planOf(t reflect.Type, pascal bool) []member {
	if known, ok := plans.Load(plan{t, pascal}); ok {
		return known.([]member)
	}
	upper := pascal || isPascal(t)
	members := make([]member, 0, t.NumField())
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Name != "ResultMetadata" {
			members = append(members, member{i, strconv.Quote(wireName(f.Name, upper)) + ":", writerOf(f.Type, upper)})
		}
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.key, b.key) })
	plans.Store(plan{t, pascal}, members)
	return members
}

func wireName(field string, pascal bool) string {
	if pascal {
		return field
	}
	return lowerFirst(field)
}
