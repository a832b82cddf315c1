package expression

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"

	"slipway/awssim/dynamodb/attribute"
)

func s(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }
func n(text string) types.AttributeValue { return &types.AttributeValueMemberN{Value: text} }
func l(items ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: items}
}
func m(items attribute.Item) types.AttributeValue { return &types.AttributeValueMemberM{Value: items} }
func ss(items ...string) types.AttributeValue     { return &types.AttributeValueMemberSS{Value: items} }

func thing() attribute.Item {
	return attribute.Item{
		"a": s("apple"), "n": n("10"), "b": &types.AttributeValueMemberB{Value: []byte("bytes")}, "yes": &types.AttributeValueMemberBOOL{Value: true},
		"nothing": &types.AttributeValueMemberNULL{Value: true}, "tags": ss("x", "y"), "nums": &types.AttributeValueMemberNS{Value: []string{"1", "2"}},
		"l": l(s("first"), m(attribute.Item{"deep": l(n("1"), n("2"))})), "m": m(attribute.Item{"k": s("v"), "umlaut": s("äö")}),
	}
}

var values = attribute.Item{
	":apple": s("apple"), ":app": s("app"), ":z": s("z"), ":10": n("10.0"), ":9": n("9"), ":2": n("2"), ":x": s("x"), ":1": n("1"), ":S": s("S"), ":L": s("L"), ":SS": s("SS"), ":BOOL": s("BOOL"),
	":true": &types.AttributeValueMemberBOOL{Value: true}, ":null": &types.AttributeValueMemberNULL{Value: true}, ":tags": ss("y", "x"), ":map": m(attribute.Item{"k": s("v")}), ":bad": s("TEXT"),
	":by": &types.AttributeValueMemberB{Value: []byte("by")},
}

var names = map[string]string{"#a": "a", "#dotted": "a.b", "#status": "status"}

func TestConditions(t *testing.T) {
	for text, want := range map[string]bool{
		"a = :apple": true, "#a = :apple": true, ":apple = a": true, "a <> :apple": false, "a < :z": true, "a > :z": false, "a <= :apple": true,
		"n = :10": true, "n > :9": true, "n = :apple": false, "n <> :apple": true, "n < :apple": false,
		"absent = :apple": false, "absent <> :apple": true, "NOT absent = :apple": true, "absent < :apple": false, "absent <> absent2": true, "#dotted = :apple": false,
		"yes = :true": true, "nothing = :null": true, "tags = :tags": true,
		"attribute_exists(a)": true, "attribute_exists(m.k)": true, "attribute_exists(m.missing_key)": false, "attribute_not_exists(absent)": true,
		"attribute_exists(l[0])": true, "attribute_exists(l[7])": false, "attribute_exists(a[0])": false, "attribute_exists(a.k)": false, "l[1].deep[1] = :2": true,
		"attribute_type(a, :S)": true, "attribute_type(l, :L)": true, "attribute_type(tags, :SS)": true, "attribute_type(absent, :S)": false, "attribute_type(yes, :BOOL)": true,
		"begins_with(a, :app)": true, "begins_with(a, :z)": false, "begins_with(n, :app)": false, "begins_with(absent, :app)": false, "begins_with(b, :by)": true,
		"contains(a, :app)": true, "contains(tags, :x)": true, "contains(tags, :z)": false, "contains(tags, :1)": false, "contains(nums, :1)": true, "contains(l[1].deep, :2)": true, "contains(absent, :x)": false,
		"size(a) > :2": true, "size(m.umlaut) = :2": true, "size(tags) = :2": true, "size(l) = :2": true, "size(m) = :2": true, "size(n) = :2": false, "size(absent) = :2": false,
		"n BETWEEN :9 AND :10": true, "n BETWEEN :1 AND :9": false, "absent BETWEEN :1 AND :9": false, "size(tags) BETWEEN :1 AND :9": true,
		"a IN (:z, :apple)": true, "a IN (:z)": false, "n IN (:10)": true, "absent IN (:z)": false,
		"a = :z OR n = :10 AND NOT yes = :true": false, "(a = :apple OR n = :9) AND yes = :true": true, "NOT (a = :z) and not n = :9": true, "a = :z AND a = :z OR a = :apple": true,
		"NOT NOT a = :apple": true, "n BETWEEN :9 AND :10 AND a = :apple": true, "(a) = (:apple)": true, "attribute_not_exists(#status) OR #status < :10": true,
	} {
		p, err := NewParams(names, values)
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.Condition(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := c.Holds(thing()); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestRefusedConditions(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "The expression can not be empty;",
		"a":                            `Syntax error; token: "<EOF>", near: "a"`,
		"a = ":                         `Syntax error; token: "<EOF>", near: "="`,
		"a == :apple":                  `Syntax error; token: "=", near: "== :apple"`,
		"a = :apple AND":               `Syntax error; token: "<EOF>", near: "AND"`,
		"a = :apple b":                 `Syntax error; token: "b", near: ":apple b"`,
		"(a = :apple":                  `Syntax error; token: "<EOF>", near: ":apple"`,
		"a ! :apple":                   `Syntax error; token: "!", near: "a ! :apple"`,
		"5 = a":                        `Syntax error; token: "5", near: "5 ="`,
		"a AND n = :10":                `Syntax error; token: "n", near: "AND n ="`,
		"((a = :apple))":               "The expression has redundant parentheses;",
		"status = :apple":              "Attribute name is a reserved keyword; reserved keyword: status",
		"m.size = :apple":              "Attribute name is a reserved keyword; reserved keyword: size",
		"#none = :apple":               "An expression attribute name used in the document path is not defined; attribute name: #none",
		"a = :none":                    "An expression attribute value used in expression is not defined; attribute value: :none",
		"exists(a)":                    `Attribute name is a reserved keyword; reserved keyword: exists`,
		"nonsense(a)":                  "Invalid function name; function: nonsense",
		"Begins_With(a, :x)":           "Invalid function name; function: Begins_With",
		"if_not_exists(a, :x)":         "The function is not allowed in a condition expression; function: if_not_exists",
		"size(a)":                      "The function is not allowed to be used this way in an expression; function: size",
		"attribute_exists(a) = :apple": "The function is not allowed to be used this way in an expression; function: attribute_exists",
		"attribute_exists(a, n)":       "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2",
		"attribute_exists(:x)":         "Operator or function requires a document path; operator or function: attribute_exists",
		"attribute_type(a, :bad)":      "Invalid attribute type name found; type: TEXT, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
		"begins_with(a, :1)":           "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
		"a < :true":                    "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
		"a = a":                        "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]",
		"n BETWEEN :9 AND :1":          "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:9}, upper bound operand: AttributeValue: {N:1}",
		"n BETWEEN :9 AND :x":          "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:9}, upper bound operand: AttributeValue: {S:x}",
	} {
		p, err := NewParams(names, values)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Condition(text)
		if err == nil || message(err) != "Invalid ConditionExpression: "+want {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestPlaceholdersAreChecked(t *testing.T) {
	for _, c := range []struct {
		names  map[string]string
		values attribute.Item
		text   string
		want   string
	}{
		{map[string]string{"#a": "a", "#z": "z", "#b": "b"}, nil, "attribute_exists(#a)", "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b, #z}"},
		{nil, attribute.Item{":a": s("x"), ":b": s("y")}, "n = :a", "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}"},
		{map[string]string{"#a": "a"}, nil, "", "ExpressionAttributeNames can only be specified when using expressions"},
		{map[string]string{}, nil, "", "ExpressionAttributeNames must not be empty"},
		{nil, attribute.Item{}, "", "ExpressionAttributeValues must not be empty"},
		{map[string]string{"a": "a"}, nil, "attribute_exists(a)", `ExpressionAttributeNames contains invalid key: Syntax error; key: "a"`},
		{nil, attribute.Item{":a": n("x")}, "n = :a", "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :a"},
	} {
		p, err := NewParams(c.names, c.values)
		if err == nil && c.text != "" {
			_, err = p.Condition(c.text)
		}
		if err == nil {
			err = p.Unused()
		}
		if err == nil || message(err) != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// claim is a random condition: its text and, worked out directly in Go, whether it holds.
type claim struct {
	text  string
	holds bool
}

// world is what claims are about: whole numbers, some of them missing (nil).
type world map[string]*int

func drawClaim(t *rapid.T, w world, depth int) claim {
	shape := rapid.IntRange(0, 6).Draw(t, "shape")
	if depth == 0 && shape < 3 {
		shape += 3
	}
	key := rapid.SampledFrom([]string{"p", "q", "r"}).Draw(t, "key")
	bound := rapid.IntRange(0, 5).Draw(t, "bound")
	v := w[key]
	switch shape {
	case 0:
		inner := drawClaim(t, w, depth-1)
		return claim{"NOT (" + inner.text + ")", !inner.holds}
	case 1, 2:
		left, right := drawClaim(t, w, depth-1), drawClaim(t, w, depth-1)
		if shape == 1 { // AND binds tighter than OR, so its sides need parentheses
			return claim{"(" + left.text + ") AND (" + right.text + ")", left.holds && right.holds}
		}
		return claim{left.text + " OR " + right.text, left.holds || right.holds}
	case 3:
		return claim{"attribute_exists(" + key + ")", v != nil}
	case 4:
		high := bound + rapid.IntRange(0, 3).Draw(t, "width")
		return claim{fmt.Sprintf("%s BETWEEN :v%d AND :v%d", key, bound, high), v != nil && bound <= *v && *v <= high}
	case 5:
		other := rapid.IntRange(0, 5).Draw(t, "other")
		return claim{fmt.Sprintf("%s IN (:v%d, :v%d)", key, bound, other), v != nil && (*v == bound || *v == other)}
	}
	op := rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="}).Draw(t, "op")
	return claim{fmt.Sprintf("%s %s :v%d", key, op, bound), compares(v, op, bound)}
}

func compares(v *int, op string, bound int) bool {
	if v == nil {
		return op == "<>"
	}
	return map[string]bool{"=": *v == bound, "<>": *v != bound, "<": *v < bound, "<=": *v <= bound, ">": *v > bound, ">=": *v >= bound}[op]
}

func TestConditionsAgreeWithGo(t *testing.T) {
	numbers := attribute.Item{}
	for i := range 10 {
		numbers[fmt.Sprintf(":v%d", i)] = n(fmt.Sprint(i))
	}
	rapid.Check(t, func(t *rapid.T) {
		w, item := world{}, attribute.Item{}
		for _, key := range []string{"p", "q", "r"} {
			if v := rapid.IntRange(-1, 5).Draw(t, key); v >= 0 {
				w[key], item[key] = &v, n(fmt.Sprint(v))
			}
		}
		c := drawClaim(t, w, 3)
		p, err := NewParams(nil, numbers)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := p.Condition(c.text)
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		if got := parsed.Holds(item); got != c.holds {
			t.Fatalf("%s of %v: got %v, want %v", c.text, item, got, c.holds)
		}
	})
}

// TestNothingPanics throws words of the language together at random.
func TestNothingPanics(t *testing.T) {
	vocabulary := strings.Fields("a #a :x :1 . [ ] ( ) , = <> < + - AND OR NOT BETWEEN IN SET REMOVE ADD DELETE size attribute_exists contains if_not_exists list_append 0 7 $ # :")
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 14).Draw(t, "words"), " ")
		p, err := NewParams(names, values)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := p.Condition(text); err == nil {
			c.Holds(thing())
			c.Holds(nil)
		}
		if u, err := p.Update(text); err == nil {
			_, _ = u.Apply(thing())
		}
		if projection, err := p.Projection(text); err == nil {
			projection.Of(thing())
		}
		_, _ = p.KeyCondition(text, Key{"a", "S", "n", "N"})
	})
}
