package needs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"slipway/awssim/protocol"
	"slipway/awssim/protocol/cut"
)

// input is the members of a call's input, whichever way it came. It is read when the first of them is asked for: many calls are
// allowed on everything or nothing.
type input struct {
	body   []byte
	read   bool
	object []cut.Member // of JSON
	form   url.Values   // nil for JSON
}

func (in *input) parse() {
	if in.read {
		return
	}
	in.read = true
	if trimmed := bytes.TrimSpace(in.body); len(trimmed) > 0 && trimmed[0] == '{' {
		if json.Valid(trimmed) { // otherwise the service will say what is wrong with it
			in.object = cut.Sorted(trimmed)
		}
		return
	}
	in.form, _ = url.ParseQuery(string(in.body)) // as far as it can be read
}

// entries are those of a member that is an object, sorted by name; none where it is anything else.
func (in *input) entries(name string) []cut.Member {
	in.parse()
	if value, ok := named(in.object, name); ok && value[0] == '{' {
		return cut.Sorted(value)
	}
	return nil
}

func named(members []cut.Member, name string) (value []byte, ok bool) {
	for _, m := range members {
		if m.Name == name {
			return m.Value, true
		}
	}
	return nil, false
}

// texts are the values of a member; lists on the way to it are walked. "Entries.EventBusName" is that of every entry, "" where
// an entry has none. An object counts as one value, "{}".
func (in *input) texts(path string) []string {
	in.parse()
	if in.form != nil {
		return in.formTexts(path)
	}
	return walkObject(in.object, strings.Split(path, "."))
}

func walkObject(members []cut.Member, path []string) []string {
	if len(path) == 0 {
		return []string{"{}"}
	}
	value, ok := named(members, path[0])
	switch {
	case ok:
		return walk(value, path[1:])
	case len(path) == 1:
		return []string{""}
	}
	return nil
}

func walk(value []byte, path []string) []string {
	switch value[0] {
	case 'n': // null
		return nil
	case '[':
		var all []string
		for _, item := range cut.Items(value) {
			all = append(all, walk(item, path)...)
		}
		return all
	case '{':
		return walkObject(cut.Sorted(value), path)
	case '"':
		return []string{cut.Text(value)}
	}
	return []string{string(value)} // a number, true or false
}

// formTexts reads Name=x, and Names.member.1=x as lists are in a form.
func (in *input) formTexts(name string) []string {
	if values, ok := in.form[name]; ok {
		return values
	}
	var all []string
	for i := 1; ; i++ {
		values, ok := in.form[fmt.Sprintf("%s.member.%d", name, i)]
		if !ok {
			return all
		}
		all = append(all, values...)
	}
}

// expand makes the ARNs that a template stands for. "table/{TableName}" has the member TableName in it, once for each of its
// values; "{cluster=default}" has a default; "{a|b}" takes the first of two members that is there; "{=resourceArn}" is the whole
// ARN. A member may be an ARN where a name is meant. "*" stays.
func (in *input) expand(id protocol.Identity, service, template string) []string {
	if template == "*" {
		return []string{"*"}
	}
	if member, ok := strings.CutPrefix(template, "{="); ok {
		return in.present(strings.TrimSuffix(member, "}"), "")
	}
	made := []string{""}
	alone := strings.Count(template, "{") == 1
	for rest := template; rest != ""; {
		literal, after, found := strings.Cut(rest, "{")
		made = cross(made, []string{literal})
		if !found {
			break
		}
		placeholder, remaining, _ := strings.Cut(after, "}")
		names, standard, _ := strings.Cut(placeholder, "=")
		var values []string
		for _, v := range in.present(names, standard) {
			if alone && strings.HasPrefix(v, "arn:") {
				v += remaining
			} else {
				v = name(v)
			}
			values = append(values, v)
		}
		made, rest = cross(made, values), remaining
	}
	var list []string
	for _, resource := range made {
		if i := strings.Index(resource, "arn:"); alone && i >= 0 {
			list = append(list, resource[i:])
			continue
		}
		list = append(list, id.ARN(service, strings.ReplaceAll(resource, "//", "/"))) // parameter//slipway/x
	}
	return list
}

// present are the values of the first of several members that has any, with its default in place of those left out.
func (in *input) present(names, standard string) []string {
	var list []string
	for _, member := range strings.Split(names, "|") {
		for _, v := range in.texts(member) {
			if v == "" {
				v = standard
			}
			if v != "" {
				list = append(list, v)
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	if standard != "" {
		return []string{standard}
	}
	return nil
}

func cross(left, right []string) []string {
	var all []string
	for _, l := range left {
		for _, r := range right {
			all = append(all, l+r)
		}
	}
	return all
}

// name is the name in an ARN or in a queue's URL; a name stays as it is.
func name(v string) string {
	switch {
	case strings.Contains(v, ":log-group:"):
		_, group, _ := strings.Cut(v, ":log-group:")
		return strings.TrimSuffix(group, ":*")
	case strings.HasPrefix(v, "arn:"), strings.Contains(v, "://"):
		return v[strings.LastIndexAny(v, "/:")+1:]
	}
	return v
}
