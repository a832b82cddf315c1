package protocol

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// DecodeQuery reads the form of an AWS Query request (Targets.member.1.Id=...) into an SDK struct. An unknown member is a
// MalformedInput error that names it.
func DecodeQuery(body []byte, into any) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return Errorf("MalformedInput", "the form cannot be read: %v", err)
	}
	root := &node{}
	for key, values := range form {
		if key == "Action" || key == "Version" {
			continue
		}
		if strings.Count(key, ".") > maxDepth {
			return Errorf("MalformedInput", "a member's name has more than %d parts", maxDepth)
		}
		root.put(strings.Split(key, "."), values[0])
	}
	return decodeNode(root, reflect.ValueOf(into).Elem(), "")
}

// maxDepth is more than any member's name has dots: put and decodeNode call themselves for each.
const maxDepth = 64

// node is one level of a form's dotted names.
type node struct {
	text     string
	children map[string]*node
}

func (n *node) put(path []string, text string) {
	if len(path) == 0 {
		n.text = text
		return
	}
	if n.children == nil {
		n.children = map[string]*node{}
	}
	child := n.children[path[0]]
	if child == nil {
		child = &node{}
		n.children[path[0]] = child
	}
	child.put(path[1:], text)
}

func decodeNode(n *node, v reflect.Value, path string) error {
	t := v.Type()
	if t == timeType {
		at, err := time.Parse(time.RFC3339Nano, n.text)
		if err != nil {
			return Errorf("MalformedInput", "%s must be an ISO 8601 time", path)
		}
		v.Set(reflect.ValueOf(at))
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		return decodeNode(n, v.Elem(), path)
	case reflect.Struct:
		for _, name := range slices.Sorted(maps.Keys(n.children)) {
			child := n.children[name]
			field, ok := fieldsOf(t)[name]
			if !ok {
				return Errorf("MalformedInput", "awssim knows no member %q of %s", join(path, name), t.Name())
			}
			if err := decodeNode(child, v.Field(field), join(path, name)); err != nil {
				return err
			}
		}
		return nil
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return decodeBlob(n.text, v, path)
		}
		return decodeMembers(n, v, path)
	case reflect.Map:
		return decodeEntries(n, v, path)
	}
	return decodeText(n.text, v, path)
}

func decodeBlob(text string, v reflect.Value, path string) error {
	blob, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return Errorf("MalformedInput", "%s must be base64 text: %v", path, err)
	}
	v.SetBytes(blob)
	return nil
}

func decodeMembers(n *node, v reflect.Value, path string) error {
	list := n
	if m, ok := n.children["member"]; ok {
		list = m
	}
	items, err := numbered(list, path)
	if err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := decodeNode(item, v.Index(i), fmt.Sprintf("%s.member.%d", path, i+1)); err != nil {
			return err
		}
	}
	return nil
}

// decodeEntries reads a map: Name.entry.1.key / .value, or with upper case letters in the maps where SNS has it so.
func decodeEntries(n *node, v reflect.Value, path string) error {
	list := n
	if e, ok := n.children["entry"]; ok {
		list = e
	}
	items, err := numbered(list, path)
	if err != nil {
		return err
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, item := range items {
		key, value := item.children["key"], item.children["value"]
		if key == nil && value == nil {
			key, value = item.children["Name"], item.children["Value"]
		}
		if key == nil || value == nil {
			return Errorf("MalformedInput", "%s.entry needs key and value", path)
		}
		into := reflect.New(v.Type().Elem()).Elem()
		if err := decodeNode(value, into, path+"."+key.text); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(key.text).Convert(v.Type().Key()), into)
	}
	return nil
}

// numbered are the items of a list in their order. A number has one spelling: "01" and "+1" could stand beside "1".
func numbered(n *node, path string) ([]*node, error) {
	indices := make([]int, 0, len(n.children))
	for _, key := range slices.Sorted(maps.Keys(n.children)) {
		i, err := strconv.Atoi(key)
		if err != nil || i < 1 || strconv.Itoa(i) != key {
			return nil, Errorf("MalformedInput", "%s.%s is no item of a list: items are numbered from 1", path, key)
		}
		indices = append(indices, i)
	}
	sort.Ints(indices)
	items := make([]*node, len(indices))
	for i, index := range indices {
		items[i] = n.children[strconv.Itoa(index)]
	}
	return items, nil
}

func decodeText(text string, v reflect.Value, path string) error {
	switch v.Kind() {
	case reflect.String:
		return setText(v, text, path)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return Errorf("MalformedInput", "%s must be true or false", path)
		}
		v.SetBool(b)
	case reflect.Int32, reflect.Int64, reflect.Int:
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Errorf("MalformedInput", "%s must be a whole number", path)
		}
		v.SetInt(i)
	case reflect.Float64, reflect.Float32:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return Errorf("MalformedInput", "%s must be a number", path)
		}
		v.SetFloat(f)
	default:
		return Errorf("MalformedInput", "awssim cannot read %s (%s)", path, v.Type())
	}
	return nil
}

func namespace(service, version string) string {
	return "http://" + service + ".amazonaws.com/doc/" + version + "/"
}

// EncodeQuery writes an SDK struct as the XML answer of an AWS Query operation.
func EncodeQuery(service, version, operation, requestID string, out any) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<%sResponse xmlns="%s"><%sResult>`, operation, namespace(service, version), operation)
	encodeXMLMembers(&b, reflect.ValueOf(out))
	fmt.Fprintf(&b, `</%sResult><ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>`, operation, requestID, operation)
	return b.Bytes()
}

func encodeQueryError(service, version, requestID string, e *Error) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<ErrorResponse xmlns="%s"><Error><Type>%s</Type><Code>`, namespace(service, version), fault(e.Status))
	_ = xml.EscapeText(&b, []byte(e.Code))
	b.WriteString(`</Code><Message>`)
	_ = xml.EscapeText(&b, []byte(e.Message))
	fmt.Fprintf(&b, `</Message></Error><RequestId>%s</RequestId></ErrorResponse>`, requestID)
	return b.Bytes()
}

func encodeXMLMembers(b *bytes.Buffer, v reflect.Value) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() && f.Name != "ResultMetadata" {
			encodeXML(b, f.Name, v.Field(i))
		}
	}
}

func encodeXML(b *bytes.Buffer, name string, v reflect.Value) {
	if v.Type() == timeType {
		if at := v.Interface().(time.Time); !at.IsZero() {
			writeElement(b, name, at.UTC().Format("2006-01-02T15:04:05.000Z"))
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			if v.Elem().Kind() == reflect.String {
				writeElement(b, name, v.Elem().String())
				return
			}
			encodeXML(b, name, v.Elem())
		}
	case reflect.Struct:
		openElement(b, name)
		encodeXMLMembers(b, v)
		closeElement(b, name)
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			writeElement(b, name, base64.StdEncoding.EncodeToString(v.Bytes()))
			return
		}
		openElement(b, name)
		for i := range v.Len() {
			encodeXML(b, "member", v.Index(i))
		}
		closeElement(b, name)
	case reflect.Map:
		encodeXMLMap(b, name, v)
	case reflect.String:
		if v.Len() > 0 || name == "member" {
			writeElement(b, name, v.String())
		}
	default:
		writeElement(b, name, fmt.Sprint(v.Interface()))
	}
}

func encodeXMLMap(b *bytes.Buffer, name string, v reflect.Value) {
	if v.IsNil() {
		return
	}
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	openElement(b, name)
	for _, key := range keys {
		b.WriteString("<entry>")
		writeElement(b, "key", key.String())
		encodeXML(b, "value", v.MapIndex(key))
		b.WriteString("</entry>")
	}
	closeElement(b, name)
}

func writeElement(b *bytes.Buffer, name, text string) {
	openElement(b, name)
	_ = xml.EscapeText(b, []byte(text))
	closeElement(b, name)
}

func openElement(b *bytes.Buffer, name string) {
	b.WriteByte('<')
	b.WriteString(name)
	b.WriteByte('>')
}

func closeElement(b *bytes.Buffer, name string) {
	b.WriteString("</")
	b.WriteString(name)
	b.WriteByte('>')
}
