package states

import (
	"context"
	"crypto/md5"  // #nosec G501: $hash offers it
	"crypto/sha1" // #nosec G505: $hash offers it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/recolabs/gnata"

	"slipway/awssim/clock"
	"slipway/awssim/ids"
)

// How long an expression may take, in wall time, as a turn is over before another begins: on a laptop as long as with AWS. In
// virtual time nothing may depend on the wall, so one that takes far longer ends the test.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const (
	pacedLimit   = time.Second
	virtualLimit = 10 * time.Second
)

// engine evaluates expressions for one run. Making an environment costs ten times an evaluation, so it is kept while the
// variables in scope only grow.
type engine struct {
	clock *clock.Clock
	limit time.Duration
	bind  func(name string, value any)
	eval  func(context.Context, *gnata.Expression) (any, error)
	bound map[string]bool
}

func newEngine(c *clock.Clock) *engine {
	e := &engine{clock: c, limit: virtualLimit}
	if c.Paced() {
		e.limit = pacedLimit
	}
	e.reset()
	return e
}

func (e *engine) reset() {
	env := gnata.NewCustomEnv(functions(e.clock))
	e.bind = env.Bind
	e.eval = func(ctx context.Context, x *gnata.Expression) (any, error) {
		return x.EvalWithCustomFuncs(ctx, nil, env)
	}
	e.bound = map[string]bool{}
}

// run evaluates x with the variables in scope and $states. A nil value without an error is JSONata's undefined.
func (e *engine) run(x *gnata.Expression, vars *scope, states map[string]any) (any, error) {
	visible := vars.visible()
	for name := range e.bound {
		if _, ok := visible[name]; !ok {
			e.reset() // a variable went out of scope; it may have hidden a function of the same name
			break
		}
	}
	for name, value := range visible {
		e.bind(name, value)
		e.bound[name] = true
	}
	e.bind("states", states)
	return e.timed(x)
}

// timed evaluates x within the limit.
func (e *engine) timed(x *gnata.Expression) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), e.limit)
	defer cancel()
	v, err := e.eval(ctx, x)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) {
		return v, err
	}
	if !e.clock.Paced() {
		panic(fmt.Sprintf("states: a JSONata expression took more than %s of wall time: %v", e.limit, err))
	}
	return nil, fmt.Errorf("the limit of %s for an expression is over", e.limit)
}

// functions are what Step Functions adds to JSONata 2.0.6, and the ones that would otherwise read the wall clock or an
// unseeded source. $eval is not offered by Step Functions.
// https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
func functions(c *clock.Clock) map[string]gnata.CustomFunc {
	return map[string]gnata.CustomFunc{
		"partition": func(args []any, _ any) (any, error) { return partition(args) },
		"range":     func(args []any, _ any) (any, error) { return numberRange(args) },
		"hash":      func(args []any, _ any) (any, error) { return hash(args) },
		"random":    func(args []any, _ any) (any, error) { return random(c, args) },
		"uuid":      func([]any, any) (any, error) { return ids.UUID(c.Rand()), nil },
		"parse":     func(args []any, _ any) (any, error) { return parse(args) },
		"shuffle":   func(args []any, _ any) (any, error) { return shuffle(c, args) },
		"now":       func(args []any, _ any) (any, error) { return now(c, args) },
		"millis":    func([]any, any) (any, error) { return float64(c.Now().UnixMilli()), nil },
		"eval": func([]any, any) (any, error) {
			return nil, errors.New("T1006: Attempted to invoke a non-function: Step Functions does not offer $eval, use $parse")
		},
	}
}

// again turns the plain Go values that a function was given back into the engine's own, where null and undefined differ.
func again(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return gnata.DecodeJSON(text)
}

func argument(function string, args []any, i int) error {
	return fmt.Errorf("T0410: Argument %d of function \"%s\" does not match function signature", i+1, function)
}

func numbers(function string, args []any, from, count int) ([]float64, error) {
	list := make([]float64, count)
	for i := range count {
		if from+i >= len(args) {
			return nil, argument(function, args, from+i)
		}
		f, ok := number(args[from+i])
		if !ok {
			return nil, argument(function, args, from+i)
		}
		list[i] = f
	}
	return list, nil
}

func partition(args []any) (any, error) {
	if len(args) != 2 {
		return nil, argument("partition", args, len(args))
	}
	items, ok := args[0].([]any)
	if !ok {
		return nil, argument("partition", args, 0)
	}
	size, err := numbers("partition", args, 1, 1)
	if err != nil {
		return nil, err
	}
	n := int(size[0])
	if n < 1 {
		return nil, fmt.Errorf("the size of the chunks must be a positive integer, not %v", size[0])
	}
	chunks := []any{}
	for ; len(items) > n; items = items[n:] {
		chunks = append(chunks, items[:n])
	}
	if len(items) > 0 {
		chunks = append(chunks, items)
	}
	return again(chunks)
}

// maxRange bounds $range, so that a slip cannot eat the machine's memory.
const maxRange = 1_000_000

func numberRange(args []any) (any, error) {
	if len(args) != 3 {
		return nil, argument("range", args, len(args))
	}
	n, err := numbers("range", args, 0, 3)
	if err != nil {
		return nil, err
	}
	first, last, step := n[0], n[1], n[2]
	if step == 0 {
		return nil, errors.New("the step of $range must not be 0")
	}
	steps := (last - first) / step
	if !(steps < maxRange) { // not a number either
		return nil, fmt.Errorf("$range would make more than %d numbers", maxRange)
	}
	list := []any{}
	for i := range max(0, int(math.Floor(steps))+1) { // counted: adding a small step to a large number changes nothing
		list = append(list, first+float64(i)*step)
	}
	return list, nil
}

func hash(args []any) (any, error) {
	if len(args) != 2 {
		return nil, argument("hash", args, len(args))
	}
	text, ok := args[0].(string)
	if !ok {
		plain, err := again(args[0])
		if err != nil {
			return nil, argument("hash", args, 0)
		}
		if text, err = encode(plain); err != nil {
			return nil, argument("hash", args, 0)
		}
	}
	var sum []byte
	switch args[1] {
	case "MD5":
		h := md5.Sum([]byte(text)) // #nosec G401
		sum = h[:]
	case "SHA-1":
		h := sha1.Sum([]byte(text)) // #nosec G401
		sum = h[:]
	case "SHA-256":
		h := sha256.Sum256([]byte(text))
		sum = h[:]
	case "SHA-384":
		h := sha512.Sum384([]byte(text))
		sum = h[:]
	case "SHA-512":
		h := sha512.Sum512([]byte(text))
		sum = h[:]
	default:
		return nil, fmt.Errorf("$hash knows MD5, SHA-1, SHA-256, SHA-384 and SHA-512, not %v", args[1])
	}
	return hex.EncodeToString(sum), nil
}

func random(c *clock.Clock, args []any) (any, error) {
	if len(args) == 0 {
		return c.Rand().Float64(), nil
	}
	seed, err := numbers("random", args, 0, 1)
	if err != nil {
		return nil, err
	}
	return rand.New(rand.NewPCG(math.Float64bits(seed[0]), 0)).Float64(), nil // #nosec G404
}

func parse(args []any) (any, error) {
	if len(args) != 1 {
		return nil, argument("parse", args, len(args))
	}
	text, ok := args[0].(string)
	if !ok {
		return nil, argument("parse", args, 0)
	}
	v, err := decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("$parse was given text that is not JSON")
	}
	return v, nil
}

func shuffle(c *clock.Clock, args []any) (any, error) {
	if len(args) != 1 {
		return nil, argument("shuffle", args, len(args))
	}
	items, ok := args[0].([]any)
	if !ok {
		items = []any{args[0]}
	}
	mixed := append([]any(nil), items...)
	c.Rand().Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	return again(mixed)
}

var formatMillis = func() *gnata.Expression {
	x, err := gnata.Compile("$fromMillis($millis, $picture, $timezone)")
	if err != nil {
		panic(err)
	}
	return x
}()

func now(c *clock.Clock, args []any) (any, error) {
	if len(args) == 0 {
		return c.Now().UTC().Format("2006-01-02T15:04:05.000Z"), nil
	}
	vars := map[string]any{"millis": float64(c.Now().UnixMilli())}
	for i, name := range []string{"picture", "timezone"} {
		if i < len(args) {
			vars[name] = args[i]
		}
	}
	return formatMillis.EvalWithVars(context.Background(), nil, vars)
}
