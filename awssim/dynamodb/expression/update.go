package expression

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
)

// Update is a parsed UpdateExpression.
type Update struct {
	sets    []assignment
	removes []Path
	adds    []change
	deletes []change
}

type assignment struct {
	path  Path
	value source
}

// change adds a number or set to what is at path, or deletes the elements of a set from it.
type change struct {
	path Path
	by   types.AttributeValue
}

// Paths are the document paths that the update writes or removes.
func (u *Update) Paths() []Path {
	var paths []Path
	for _, s := range u.sets {
		paths = append(paths, s.path)
	}
	for _, c := range u.adds {
		paths = append(paths, c.path)
	}
	for _, c := range u.deletes {
		paths = append(paths, c.path)
	}
	return append(paths, u.removes...)
}

// Touched is the projection of an item on what the update changed, as UPDATED_OLD and UPDATED_NEW answer it.
func (u *Update) Touched() *Projection { return project(u.Paths()) }

var sections = []string{"SET", "REMOVE", "ADD", "DELETE"}

// Update parses an UpdateExpression.
func (p *Params) Update(text string) (*Update, error) {
	parser, err := p.parser(updateKind, text)
	if err != nil {
		return nil, err
	}
	u := &Update{}
	seen := map[string]bool{}
	for parser.peek().kind != end {
		section := parser.section()
		if section == "" {
			return nil, parser.syntax()
		}
		if seen[section] {
			return nil, invalid(updateKind, "The %q section can only be used once in an update expression;", section)
		}
		seen[section] = true
		if err := parser.actions(u, section); err != nil {
			return nil, err
		}
	}
	return u, checkDistinct(updateKind, u.Paths())
}

func (p *parser) section() string {
	for _, section := range sections {
		if p.accept(section) {
			return section
		}
	}
	return ""
}

func (p *parser) actions(u *Update, section string) error {
	for {
		path, err := p.path()
		if err != nil {
			return err
		}
		switch section {
		case "SET":
			var value source
			if value, err = p.assigned(); err == nil {
				u.sets = append(u.sets, assignment{path, value})
			}
		case "REMOVE":
			u.removes = append(u.removes, path)
		case "ADD":
			var by types.AttributeValue
			if by, err = p.changeBy(section, "N", "SS", "NS", "BS"); err == nil {
				u.adds = append(u.adds, change{path, by})
			}
		case "DELETE":
			var by types.AttributeValue
			if by, err = p.changeBy(section, "SS", "NS", "BS"); err == nil {
				u.deletes = append(u.deletes, change{path, by})
			}
		}
		if err != nil || !p.accept(",") {
			return err
		}
	}
}

var typeNames = map[string]string{"S": "STRING", "N": "NUMBER", "B": "BINARY", "BOOL": "BOOLEAN", "NULL": "NULL",
	"M": "MAP", "L": "LIST", "SS": "STRING_SET", "NS": "NUMBER_SET", "BS": "BINARY_SET"}

// changeBy parses the operand of ADD or DELETE.
func (p *parser) changeBy(section string, allowed ...string) (types.AttributeValue, error) {
	if p.peek().kind != parameter {
		return nil, p.syntax()
	}
	v, err := p.value(p.take())
	if err != nil {
		return nil, err
	}
	got := attribute.Type(v)
	if !strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+got+" ") {
		return nil, invalid(updateKind, "Incorrect operand type for operator or function; operator: %s, operand type: %s, typeset: ALLOWED_FOR_%s_OPERAND",
			section, typeNames[got], section)
	}
	return v, nil
}

// assigned parses what stands right of a path in SET, from the equals sign on.
func (p *parser) assigned() (source, error) {
	if err := p.expect("="); err != nil {
		return nil, err
	}
	left, err := p.source()
	if err != nil {
		return nil, err
	}
	op := p.peek().text
	if p.peek().kind != symbol || op != "+" && op != "-" {
		return left, nil
	}
	p.at++
	right, err := p.source()
	if err != nil {
		return nil, err
	}
	for _, s := range []source{left, right} {
		if err := p.literalOf(op, s, "N"); err != nil {
			return nil, err
		}
	}
	return arithmetic{op, left, right}, p.countOperator()
}

// source parses an operand of SET: a path, a value, if_not_exists or list_append.
func (p *parser) source() (source, error) {
	switch {
	case p.atFunction():
		return p.updateFunction()
	case p.peek().kind == parameter:
		v, err := p.value(p.take())
		return given{v}, err
	}
	path, err := p.path()
	return current{path}, err
}

func (p *parser) updateFunction() (source, error) {
	name := p.take().text
	if _, ok := arity[name]; ok {
		return nil, invalid(p.what, "The function is not allowed in an update expression; function: %s", name)
	}
	if name != "if_not_exists" && name != "list_append" {
		return nil, invalid(p.what, "Invalid function name; function: %s", name)
	}
	if err := p.countOperator(); err != nil {
		return nil, err
	}
	p.at++ // the parenthesis that atFunction saw
	args, err := p.sources()
	if err != nil {
		return nil, err
	}
	if len(args) != 2 {
		return nil, invalid(p.what, "Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(args))
	}
	if name == "if_not_exists" {
		path, ok := args[0].(current)
		if !ok {
			return nil, invalid(p.what, "Operator or function requires a document path; operator or function: if_not_exists")
		}
		return ifNotExists{path, args[1]}, nil
	}
	for _, arg := range args {
		if err := p.literalOf(name, arg, "L"); err != nil {
			return nil, err
		}
	}
	return listAppend{args[0], args[1]}, nil
}

func (p *parser) sources() ([]source, error) {
	var list []source
	for {
		s, err := p.source()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
		if p.accept(")") {
			return list, nil
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
}

// literalOf refuses a value of the request that has another type than the operator wants.
func (p *parser) literalOf(op string, s source, want string) error {
	if g, ok := s.(given); ok && attribute.Type(g.v) != want {
		return p.wrongType(op, g.v)
	}
	return nil
}
