package expression

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"slipway/awssim/dynamodb/attribute"
)

var options = cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{},
	types.AttributeValueMemberBOOL{}, types.AttributeValueMemberNULL{}, types.AttributeValueMemberSS{}, types.AttributeValueMemberNS{},
	types.AttributeValueMemberL{}, types.AttributeValueMemberM{})}

func apply(text string, item, values attribute.Item) (attribute.Item, error) {
	p, err := NewParams(nil, values)
	if err != nil {
		return nil, err
	}
	u, err := p.Update(text)
	if err != nil {
		return nil, err
	}
	if err := p.Unused(); err != nil {
		return nil, err
	}
	return u.Apply(item)
}

func TestUpdates(t *testing.T) {
	type item = attribute.Item
	for _, c := range []struct {
		text      string
		old, want item
		values    item
	}{
		{"SET a = :v", item{}, item{"a": s("x")}, item{":v": s("x")}},
		{"SET a = b, b = a", item{"a": n("1"), "b": n("2")}, item{"a": n("2"), "b": n("1")}, nil},
		{"SET n = n + :v", item{"n": n("1")}, item{"n": n("1.5")}, item{":v": n("0.50")}},
		{"SET n = :v - n", item{"n": n("1")}, item{"n": n("-0.5")}, item{":v": n("0.50")}},
		{"SET n = if_not_exists(n, :zero) + :one", item{}, item{"n": n("1")}, item{":zero": n("0"), ":one": n("1")}},
		{"SET n = if_not_exists(n, :zero)", item{"n": n("7")}, item{"n": n("7")}, item{":zero": n("0")}},
		{"SET li = list_append(:v, li)", item{"li": l(n("2"))}, item{"li": l(n("1"), n("2"))}, item{":v": l(n("1"))}},
		{"SET li[0] = :v, li[9] = :w, li[5] = :v", item{"li": l(n("0"))}, item{"li": l(s("v"), s("v"), s("w"))}, item{":v": s("v"), ":w": s("w")}},
		{"SET m.k.deep = :v", item{"m": m(item{"k": m(item{})})}, item{"m": m(item{"k": m(item{"deep": s("v")})})}, item{":v": s("v")}},
		{"REMOVE a, absent", item{"a": s("x"), "b": s("y")}, item{"b": s("y")}, nil},
		{"REMOVE li[0], li[2], li[9]", item{"li": l(n("0"), n("1"), n("2"), n("3"))}, item{"li": l(n("1"), n("3"))}, nil},
		{"REMOVE m.k", item{"m": m(item{"k": s("v"), "rest": s("r")})}, item{"m": m(item{"rest": s("r")})}, nil},
		{"ADD n :v, m.n :v", item{"m": m(item{"n": n("1")})}, item{"n": n("2"), "m": m(item{"n": n("3")})}, item{":v": n("2")}},
		{"ADD tags :v", item{"tags": ss("a", "b")}, item{"tags": ss("a", "b", "c")}, item{":v": ss("b", "c")}},
		{"DELETE tags :v", item{"tags": ss("a", "b", "c")}, item{"tags": ss("c")}, item{":v": ss("a", "b", "z")}},
		{"DELETE tags :v", item{"tags": ss("a")}, item{}, item{":v": ss("a")}},
		{"DELETE tags :v", item{}, item{}, item{":v": ss("a")}},
		{"set a = :v remove b add n :v", item{"b": s("x")}, item{"a": n("1"), "n": n("1")}, item{":v": n("1")}},
	} {
		before := attribute.CloneItem(c.old)
		got, err := apply(c.text, c.old, c.values)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if diff := cmp.Diff(c.want, got, options); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.text, diff)
		}
		if diff := cmp.Diff(before, c.old, options); diff != "" {
			t.Errorf("%s changed the item it was given: %s", c.text, diff)
		}
	}
}

func TestRefusedUpdates(t *testing.T) {
	values := attribute.Item{":s": s("x"), ":n": n("1"), ":l": l(), ":set": ss("x")}
	for text, want := range map[string]string{
		"":                                    "Invalid UpdateExpression: The expression can not be empty;",
		"a = :s":                              `Invalid UpdateExpression: Syntax error; token: "a", near: "a ="`,
		"SET a = :s,":                         `Invalid UpdateExpression: Syntax error; token: "<EOF>", near: ","`,
		"SET a = :s SET b = :n":               `Invalid UpdateExpression: The "SET" section can only be used once in an update expression;`,
		"SET a = :n + :n + :n":                `Invalid UpdateExpression: Syntax error; token: "+", near: ":n + :n"`,
		"SET a = :s + :n":                     "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, operand type: S",
		"SET a = list_append(a, :s)":          "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: list_append, operand type: S",
		"SET a = if_not_exists(:s, :n)":       "Invalid UpdateExpression: Operator or function requires a document path; operator or function: if_not_exists",
		"SET a = if_not_exists(a)":            "Invalid UpdateExpression: Incorrect number of operands for operator or function; operator or function: if_not_exists, number of operands: 1",
		"SET a = size(a)":                     "Invalid UpdateExpression: The function is not allowed in an update expression; function: size",
		"SET a = bogus(a)":                    "Invalid UpdateExpression: Invalid function name; function: bogus",
		"ADD a :s":                            "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeset: ALLOWED_FOR_ADD_OPERAND",
		"DELETE a :n":                         "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeset: ALLOWED_FOR_DELETE_OPERAND",
		"SET a.b = :s REMOVE a":               "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]",
		"SET a.b = :s, a[0] = :n":             "Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [0]]",
		"SET a = absent":                      "The provided expression refers to an attribute that does not exist in the item",
		"SET a = absent + :n":                 "The provided expression refers to an attribute that does not exist in the item",
		"SET a = words + :n":                  "An operand in the update expression has an incorrect data type",
		"SET a = list_append(words, :l)":      "An operand in the update expression has an incorrect data type",
		"ADD words :n":                        "An operand in the update expression has an incorrect data type",
		"DELETE words :set":                   "An operand in the update expression has an incorrect data type",
		"SET absent.b = :s":                   "The document path provided in the update expression is invalid for update",
		"SET words[0] = :s":                   "The document path provided in the update expression is invalid for update",
		"REMOVE absent.b":                     "The document path provided in the update expression is invalid for update",
		"SET huge = huge + :n":                "Attempting to store more than 38 significant digits in a Number",
		"SET a = list_append(:l, :l) BOGUS b": `Invalid UpdateExpression: Syntax error; token: "BOGUS", near: ") BOGUS b"`,
	} {
		p, err := NewParams(nil, values)
		if err != nil {
			t.Fatal(err)
		}
		u, err := p.Update(text)
		if err == nil {
			_, err = u.Apply(attribute.Item{"words": s("x"), "huge": n("99999999999999999999999999999999999999e88")})
		}
		if err == nil || message(err) != want {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// TestUpdatesAgreeWithGo applies random sums and removals to whole numbers and to a Go map.
func TestUpdatesAgreeWithGo(t *testing.T) {
	keys := []string{"p", "q", "r", "x"}
	rapid.Check(t, func(t *rapid.T) {
		model, item, values := map[string]int{}, attribute.Item{}, attribute.Item{}
		for _, key := range keys {
			model[key] = rapid.IntRange(-50, 50).Draw(t, key)
			item[key] = n(fmt.Sprint(model[key]))
		}
		want := map[string]int{}
		var sets, adds, removes []string
		for i, key := range keys {
			want[key] = model[key]
			other := rapid.SampledFrom(keys).Draw(t, "other")
			by := rapid.IntRange(-9, 9).Draw(t, "by")
			name := fmt.Sprint(":v", i)
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				sets, want[key] = append(sets, key+" = "+other+" + "+name), model[other]+by
			case 1:
				sets, want[key] = append(sets, key+" = "+name+" - "+other), by-model[other]
			case 2:
				adds, want[key] = append(adds, key+" "+name), model[key]+by
			case 3:
				removes = append(removes, key)
				delete(want, key)
				continue
			default:
				continue
			}
			values[name] = n(fmt.Sprint(by))
		}
		text := clause("SET", sets) + clause("REMOVE", removes) + clause("ADD", adds)
		if text == "" {
			return
		}
		if len(values) == 0 {
			values = nil
		}
		got, err := apply(text, item, values)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, key := range keys {
			v, ok := want[key]
			if !ok != (got[key] == nil) || ok && !attribute.Equal(got[key], n(fmt.Sprint(v))) {
				t.Fatalf("%s of %v: %s is %v, want %d, %v", text, model, key, got[key], v, ok)
			}
		}
	})
}

func clause(keyword string, actions []string) string {
	if len(actions) == 0 {
		return ""
	}
	return keyword + " " + strings.Join(actions, ", ") + " "
}
