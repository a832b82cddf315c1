package needs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"slipway/awssim/protocol"
)

// input is the members of a call's input, whichever way it came.
type input struct {
	json any
	form url.Values
}

func parse(body []byte) input {
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '{' {
		var v any
		decoder := json.NewDecoder(bytes.NewReader(trimmed))
		decoder.UseNumber()
		if decoder.Decode(&v) == nil {
			return input{json: v}
		}
		return input{} // the service will say what is wrong with it
	}
	form, _ := url.ParseQuery(string(body)) // as far as it can be read
	return input{form: form}
}

// texts are the values of a member; lists on the way to it are walked. "Entries.EventBusName" is that of every entry, "" where
// an entry has none. An object counts as one value, "{}".
func (in input) texts(path string) []string {
	if in.form != nil {
		return in.formTexts(path)
	}
	return walk(in.json, strings.Split(path, "."))
}

func walk(v any, path []string) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, walk(item, path)...)
		}
		return all
	case map[string]any:
		if len(path) == 0 {
			return []string{"{}"}
		}
		if _, ok := v[path[0]]; !ok && len(path) == 1 {
			return []string{""}
		}
		return walk(v[path[0]], path[1:])
	}
	return []string{fmt.Sprint(v)}
}

// formTexts reads Name=x, and Names.member.1=x as lists are in a form.
func (in input) formTexts(name string) []string {
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
func (in input) expand(id protocol.Identity, service, template string) []string {
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
func (in input) present(names, standard string) []string {
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
