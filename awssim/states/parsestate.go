package states

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"
)

func index(name string, i int) string { return fmt.Sprintf("%s[%d]", name, i) }

// state reads one state; nil, with the problem noted, when it cannot be read at all.
func (p *problems) state(name, path string, raw json.RawMessage) *state {
	r := newReader(p, path, raw)
	if r == nil {
		return nil
	}
	if utf8.RuneCountInString(name) > 80 {
		p.schema(path, "A state's name has at most 80 characters")
	}
	if first, twice := p.names[name]; twice {
		p.add("DUPLICATE_STATE_NAME", path, "The state %q is also defined at %s", name, first)
	}
	p.names[name] = path
	s := &state{name: name}
	s.kind = r.required("Type")
	r.text("Comment")
	s.jsonata = p.language(r, name)
	r.jsonata = s.jsonata
	if !s.jsonata {
		p.neutral(r, s)
		return s
	}
	p.found = true
	s.output = r.template("Output", "Output")
	p.fields(r, s)
	for _, field := range []string{"InputPath", "OutputPath", "Parameters", "ResultSelector", "ResultPath", "ItemsPath", "SecondsPath", "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "ErrorPath", "CausePath"} {
		if r.has(field) {
			r.take(field)
			p.schema(path+"/"+field, "The field '%s' is JSONPath, and state %q uses JSONata", field, name)
		}
	}
	r.rest(fmt.Sprintf("state %q of type %s", name, s.kind))
	return s
}

// language reports whether the state uses JSONata.
func (p *problems) language(r *reader, name string) bool {
	own := r.oneOf("QueryLanguage", p.lang, "JSONata", "JSONPath")
	if p.lang == "JSONata" && own == "JSONPath" {
		p.schema(r.path+"/QueryLanguage", "State %q cannot use JSONPath in a state machine that uses JSONata", name)
	}
	return own == "JSONata"
}

// neutral reads a JSONPath state beside JSONata ones, if it does nothing in which the two languages differ.
func (p *problems) neutral(r *reader, s *state) {
	switch s.kind {
	case kindPass:
		r.transition(s)
	case kindSucceed:
	case kindFail:
		s.errorName = r.expecting("string", "Error", "Error")
		s.cause = r.expecting("string", "Cause", "Cause")
	default:
		p.refuse(r.path, "State %q of type %s uses JSONPath and awssim runs JSONata only: set \"QueryLanguage\": \"JSONata\"", s.name, s.kind)
		return
	}
	for _, field := range r.order {
		if r.has(field) {
			p.refuse(r.path+"/"+field, "State %q uses JSONPath and awssim runs JSONata only: set \"QueryLanguage\": \"JSONata\"", s.name)
		}
	}
}

func (p *problems) fields(r *reader, s *state) {
	if s.kind != kindSucceed && s.kind != kindFail {
		s.assign = r.assign("Assign")
	}
	switch s.kind {
	case kindPass:
		r.transition(s)
	case kindTask:
		r.transition(s)
		p.task(r, s)
	case kindChoice:
		p.choice(r, s)
	case kindWait:
		r.transition(s)
		p.wait(r, s)
	case kindSucceed:
	case kindFail:
		if s.output != nil {
			p.schema(r.path+"/Output", "The field 'Output' is not supported by state %q of type Fail", s.name)
		}
		s.errorName = r.expecting("string", "Error", "Error")
		s.cause = r.expecting("string", "Cause", "Cause")
	case kindMap:
		r.transition(s)
		p.mapState(r, s)
	case kindParallel:
		r.transition(s)
		p.parallel(r, s)
	default:
		p.schema(r.path+"/Type", "%q is not a type of state", s.kind)
	}
}

func (r *reader) transition(s *state) {
	s.next, s.end = r.text("Next"), r.flag("End")
	if (s.next != "") == s.end {
		r.p.schema(r.path, "State %q needs either 'Next' or \"End\": true", s.name)
	}
}

func (p *problems) wait(r *reader, s *state) {
	s.seconds = r.whole("Seconds", 0, maxSeconds)
	s.timestamp = r.expecting("string", "Timestamp", "Timestamp")
	if (s.seconds == nil) == (s.timestamp == nil) {
		p.schema(r.path, "Wait state %q needs either 'Seconds' or 'Timestamp'", s.name)
	}
	if t := s.timestamp; t != nil && t.shape == "literal" {
		if _, err := parseTimestamp(t.literal.(string)); err != nil {
			p.schema(r.path+"/Timestamp", "The timestamp must be of the form 2026-01-05T09:00:00Z")
		}
	}
}

func (p *problems) choice(r *reader, s *state) {
	s.defaultState = r.text("Default")
	for i, c := range r.list("Choices") {
		at := index("Choices", i) + "/"
		rule := choice{
			condition: c.expecting("boolean", "Condition", at+"Condition"),
			output:    c.template("Output", at+"Output"),
			assign:    c.assign(at + "Assign"),
			next:      c.required("Next"),
		}
		c.text("Comment")
		if rule.condition == nil {
			p.schema(c.path, "A choice of state %q needs a 'Condition'", s.name)
		}
		c.rest(fmt.Sprintf("a choice of state %q (JSONata)", s.name))
		s.choices = append(s.choices, rule)
	}
	if len(s.choices) == 0 {
		p.schema(r.path, "Choice state %q needs at least one entry in 'Choices'", s.name)
	}
}

func (p *problems) retryAndCatch(r *reader, s *state) {
	for _, c := range r.list("Retry") {
		s.retry = append(s.retry, p.retrier(c))
	}
	for i, c := range r.list("Catch") {
		at := index("Catch", i) + "/"
		s.catch = append(s.catch, catcher{
			errors: c.texts("ErrorEquals"),
			output: c.template("Output", at+"Output"),
			assign: c.assign(at + "Assign"),
			next:   c.required("Next"),
		})
		c.text("Comment")
		c.rest(fmt.Sprintf("a catcher of state %q (JSONata)", s.name))
	}
	for i, x := range s.retry {
		p.allLast(r, s, "Retry", i, len(s.retry), x.errors)
	}
	for i, x := range s.catch {
		p.allLast(r, s, "Catch", i, len(s.catch), x.errors)
	}
}

// allLast holds States.ALL to its rule: alone in its list, and in the last entry.
func (p *problems) allLast(r *reader, s *state, field string, i, count int, errors []string) {
	for _, name := range errors {
		if name == errAll && (len(errors) > 1 || i < count-1) {
			p.schema(r.path+"/"+index(field, i), "States.ALL of state %q must stand alone and in the last entry", s.name)
		}
	}
}

func (p *problems) retrier(c *reader) retrier {
	x := retrier{errors: c.texts("ErrorEquals"), interval: 1, maxAttempts: 3, backoff: 2}
	if v, ok := c.number("IntervalSeconds"); ok {
		x.interval = p.between(c, "IntervalSeconds", v, 1, maxSeconds)
	}
	if v, ok := c.number("MaxAttempts"); ok {
		x.maxAttempts = int(p.between(c, "MaxAttempts", v, 0, maxSeconds))
	}
	if v, ok := c.number("BackoffRate"); ok {
		x.backoff = v
		if v < 1 {
			p.schema(c.path+"/BackoffRate", "The value must be at least 1.0")
		}
	}
	if v, ok := c.number("MaxDelaySeconds"); ok {
		x.maxDelay = p.between(c, "MaxDelaySeconds", v, 1, 31_622_400)
		if x.maxDelay <= x.interval {
			p.schema(c.path+"/MaxDelaySeconds", "The value must be greater than IntervalSeconds")
		}
	}
	x.jitter = c.oneOf("JitterStrategy", "NONE", "FULL") == "FULL"
	c.text("Comment")
	c.rest("a retrier")
	return x
}

func (p *problems) between(c *reader, name string, v, low, high float64) float64 {
	if v < low || v > high || v != float64(int64(v)) {
		p.schema(c.path+"/"+name, "The value must be an integer from %.0f to %.0f", low, high)
	}
	return v
}

var (
	invokeResource   = regexp.MustCompile(`^arn:aws[a-z-]*:states:[^:]*:[^:]*:lambda:invoke$`)
	functionResource = regexp.MustCompile(`^arn:aws[a-z-]*:lambda:[^:]+:[^:]+:function:[^:]+(:[^:]+)?$`)
)

func (p *problems) task(r *reader, s *state) {
	s.resource = r.required("Resource")
	s.arguments = r.template("Arguments", "Arguments")
	s.timeout = r.whole("TimeoutSeconds", 1, maxSeconds)
	s.heartbeat = r.whole("HeartbeatSeconds", 1, maxSeconds)
	if timeout, ok := literal(s.timeout); ok {
		if heartbeat, ok := literal(s.heartbeat); ok && heartbeat >= timeout {
			p.schema(r.path+"/HeartbeatSeconds", "The value must be smaller than TimeoutSeconds")
		}
	}
	p.retryAndCatch(r, s)
	if r.has("Credentials") {
		r.take("Credentials")
		p.refuse(r.path+"/Credentials", "State %q runs in another role, and awssim has one account", s.name)
	}
	switch {
	case invokeResource.MatchString(s.resource):
		p.invokeArguments(r, s)
	case functionResource.MatchString(s.resource):
	case s.resource != "":
		p.refuse(r.path+"/Resource", "State %q uses the integration %s, and awssim runs Lambda only: arn:aws:states:::lambda:invoke or a function's ARN", s.name, s.resource)
	}
}

// invokeFields are the arguments that arn:aws:states:::lambda:invoke takes.
var invokeFields = []string{"FunctionName", "Payload", "Qualifier", "InvocationType", "ClientContext", "LogType"}

func (p *problems) invokeArguments(r *reader, s *state) {
	t := s.arguments
	at := r.path + "/Arguments"
	if t == nil || (t.shape == "object" && t.members["FunctionName"] == nil) {
		p.schema(at, "The field 'FunctionName' is required by state %q", s.name)
		return
	}
	for _, key := range t.keys {
		if !slices.Contains(invokeFields, key) {
			p.schema(at+"/"+key, "The field '%s' is not supported by Step Functions", key)
		}
	}
	if t.shape != "object" {
		return
	}
	if kind := t.members["InvocationType"]; kind != nil && kind.shape == "literal" && kind.literal != "RequestResponse" {
		p.refuse(at+"/InvocationType", "State %q invokes with %v, and awssim invokes with RequestResponse only", s.name, kind.literal)
	}
}

func (p *problems) mapState(r *reader, s *state) {
	s.items = r.expecting("array", "Items", "Items")
	s.itemSelector = r.template("ItemSelector", "ItemSelector")
	s.maxConcurrency = r.whole("MaxConcurrency", 0, maxSeconds)
	s.toleratedCount = r.whole("ToleratedFailureCount", 0, maxSeconds)
	s.toleratedShare = r.expecting("number", "ToleratedFailurePercentage", "ToleratedFailurePercentage")
	p.retryAndCatch(r, s)
	for _, field := range []string{"ItemReader", "ItemBatcher", "ResultWriter", "Label"} {
		if r.has(field) {
			r.take(field)
			p.refuse(r.path+"/"+field, "State %q is a distributed Map, and awssim runs inline Maps only", s.name)
		}
	}
	raw, ok := r.take("ItemProcessor")
	if !ok {
		p.schema(r.path, "Map state %q needs an 'ItemProcessor'", s.name)
		return
	}
	processor := newReader(p, r.path+"/ItemProcessor", raw)
	if processor == nil {
		return
	}
	if raw, ok := processor.take("ProcessorConfig"); ok {
		if config := newReader(p, processor.path+"/ProcessorConfig", raw); config != nil {
			if config.oneOf("Mode", "INLINE", "DISTRIBUTED") == "DISTRIBUTED" {
				p.refuse(config.path+"/Mode", "State %q is a distributed Map, and awssim runs inline Maps only", s.name)
				config.take("ExecutionType")
			}
			config.rest("an inline Map")
		}
	}
	s.processor = processor.inner(s)
}

func (p *problems) parallel(r *reader, s *state) {
	s.arguments = r.template("Arguments", "Arguments")
	p.retryAndCatch(r, s)
	for _, branch := range r.list("Branches") {
		s.branches = append(s.branches, branch.inner(s))
	}
	if len(s.branches) == 0 {
		p.schema(r.path, "Parallel state %q needs at least one entry in 'Branches'", s.name)
	}
}

// inner reads the flow inside a Map or Parallel state.
func (r *reader) inner(s *state) *flow {
	f := &flow{}
	r.text("Comment")
	r.flow(f)
	r.rest(fmt.Sprintf("the inner workflow of state %q", s.name))
	return f
}
