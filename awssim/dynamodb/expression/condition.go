package expression

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
)

// Condition is a parsed condition or filter.
type Condition struct{ root condition }

// Condition parses a ConditionExpression.
func (p *Params) Condition(text string) (*Condition, error) { return p.condition(conditionKind, text) }

// Filter parses a FilterExpression, which may not name the key attributes given.
func (p *Params) Filter(text string, keys ...string) (*Condition, error) {
	c, err := p.condition(filterKind, text)
	if err != nil {
		return nil, err
	}
	for _, path := range c.root.paths() {
		if slices.Contains(keys, path.Top()) {
			return nil, refuse("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", path.Top())
		}
	}
	return c, nil
}

func (p *Params) condition(what, text string) (*Condition, error) {
	parser, err := p.parser(what, text)
	if err != nil {
		return nil, err
	}
	root, err := parser.asCondition(parser.or())
	if err != nil {
		return nil, err
	}
	return &Condition{root}, parser.finish()
}

// expr is a condition, an operand, or either of them in parentheses: which it must be shows only once it is parsed.
type expr any

type parens struct{ inner expr }

func (p *parser) or() (expr, error) {
	return p.chain("OR", (*parser).and, func(l, r condition) condition { return or{l, r} })
}

func (p *parser) and() (expr, error) {
	return p.chain("AND", (*parser).not, func(l, r condition) condition { return and{l, r} })
}

func (p *parser) chain(keyword string, operand func(*parser) (expr, error), join func(l, r condition) condition) (expr, error) {
	left, err := operand(p)
	for err == nil && p.accept(keyword) {
		if err := p.countOperator(); err != nil {
			return nil, err
		}
		l, err := p.asCondition(left, nil)
		if err != nil {
			return nil, err
		}
		r, err := p.asCondition(operand(p))
		if err != nil {
			return nil, err
		}
		left = join(l, r)
	}
	return left, err
}

func (p *parser) not() (expr, error) {
	if !p.accept("NOT") {
		return p.comparison()
	}
	if err := p.countOperator(); err != nil {
		return nil, err
	}
	inner, err := p.asCondition(p.not())
	if err != nil {
		return nil, err
	}
	return not{inner}, nil
}

func (p *parser) comparison() (expr, error) {
	left, err := p.primary()
	if err != nil {
		return nil, err
	}
	switch op := p.peek().text; {
	case slices.Contains([]string{"=", "<>", "<", "<=", ">", ">="}, op):
		return p.compare(left, p.take().text)
	case p.accept("BETWEEN"):
		return p.between(left)
	case p.accept("IN"):
		return p.in(left)
	}
	return left, nil
}

func (p *parser) compare(left expr, op string) (expr, error) {
	l, err := p.asOperand(left, nil)
	if err != nil {
		return nil, err
	}
	r, err := p.asOperand(p.primary())
	if err != nil {
		return nil, err
	}
	if err := p.countOperator(); err != nil {
		return nil, err
	}
	if err := p.distinct(op, l, r); err != nil {
		return nil, err
	}
	if op != "=" && op != "<>" {
		if err := p.ordered(op, l, r); err != nil {
			return nil, err
		}
	}
	return comparison{op, l, r}, nil
}

func (p *parser) between(left expr) (expr, error) {
	v, err := p.asOperand(left, nil)
	if err != nil {
		return nil, err
	}
	low, err := p.asOperand(p.primary())
	if err != nil {
		return nil, err
	}
	if err := p.expect("AND"); err != nil {
		return nil, err
	}
	high, err := p.asOperand(p.primary())
	if err != nil {
		return nil, err
	}
	if err := p.countOperator(); err != nil {
		return nil, err
	}
	if err := p.ordered("BETWEEN", v, low, high); err != nil {
		return nil, err
	}
	return between{v, low, high}, p.bounds(low, high)
}

// bounds checks two literal bounds of BETWEEN against each other.
func (p *parser) bounds(low, high operand) error {
	l, okL := low.(literal)
	h, okH := high.(literal)
	if !okL || !okH {
		return nil
	}
	order, same := attribute.Compare(l.v, h.v)
	if !same {
		return invalid(p.what, "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s", show(l.v), show(h.v))
	}
	if order > 0 {
		return invalid(p.what, "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s", show(l.v), show(h.v))
	}
	return nil
}

func (p *parser) in(left expr) (expr, error) {
	v, err := p.asOperand(left, nil)
	if err != nil {
		return nil, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	list, err := p.operands()
	if err != nil {
		return nil, err
	}
	if len(list) > maxIn {
		return nil, invalid(p.what, "The number of operands of IN exceeds the maximum of %d; number of operands: %d", maxIn, len(list))
	}
	return in{v, list}, p.countOperator()
}

// operands parses operands up to and including the closing parenthesis.
func (p *parser) operands() ([]operand, error) {
	var list []operand
	for {
		o, err := p.asOperand(p.primary())
		if err != nil {
			return nil, err
		}
		list = append(list, o)
		if p.accept(")") {
			return list, nil
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
}

func (p *parser) primary() (expr, error) {
	if p.accept("(") {
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		if _, twice := inner.(parens); twice {
			return nil, invalid(p.what, "The expression has redundant parentheses;")
		}
		return parens{inner}, p.expect(")")
	}
	if p.atFunction() {
		return p.function()
	}
	if p.peek().kind == parameter {
		v, err := p.value(p.take())
		return literal{v}, err
	}
	path, err := p.path()
	return pathOperand{path}, err
}

// asCondition wants what was parsed to be a condition; the error is passed through.
func (p *parser) asCondition(e expr, err error) (condition, error) {
	if err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case parens:
		return p.asCondition(e.inner, nil)
	case condition:
		return e, nil
	case size:
		return nil, p.misused("size")
	}
	return nil, p.syntax()
}

// asOperand wants what was parsed to be an operand; the error is passed through.
func (p *parser) asOperand(e expr, err error) (operand, error) {
	if err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case parens:
		return p.asOperand(e.inner, nil)
	case operand:
		return e, nil
	case function:
		return nil, p.misused(e.name)
	}
	return nil, p.syntax()
}

func (p *parser) misused(function string) error {
	return invalid(p.what, "The function is not allowed to be used this way in an expression; function: %s", function)
}

// ordered refuses literals of types that DynamoDB does not order.
func (p *parser) ordered(op string, operands ...operand) error {
	for _, o := range operands {
		l, ok := o.(literal)
		if ok && !slices.Contains([]string{"S", "N", "B"}, attribute.Type(l.v)) {
			return p.wrongType(op, l.v)
		}
	}
	return nil
}

func (p *parser) wrongType(op string, v types.AttributeValue) error {
	return invalid(p.what, "Incorrect operand type for operator or function; operator or function: %s, operand type: %s", op, attribute.Type(v))
}

// distinct refuses to compare a path with itself.
func (p *parser) distinct(op string, l, r operand) error {
	a, okA := l.(pathOperand)
	b, okB := r.(pathOperand)
	if okA && okB && comparePaths(a.path, b.path) == 0 {
		return invalid(p.what, "The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", op, a.path)
	}
	return nil
}
