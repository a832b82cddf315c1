package states

// machine is a definition that was read and found sound.
type machine struct {
	flow
	timeout int64 // seconds, 0 for none
}

// flow is a graph of states: the machine's own, a Map's processor or one branch of a Parallel.
type flow struct {
	startAt string
	states  map[string]*state
}

// state is one state of a definition. Templates are nil where the field is absent.
type state struct {
	name, kind string
	jsonata    bool
	next       string // "" at an end
	end        bool

	output, assign *template

	// Task
	resource  string
	arguments *template
	timeout   *template
	heartbeat *template
	retry     []retrier
	catch     []catcher

	// Wait
	seconds, timestamp *template

	// Fail
	errorName, cause *template

	// Choice
	choices      []choice
	defaultState string

	// Map, Parallel
	items, itemSelector            *template
	maxConcurrency                 *template
	toleratedCount, toleratedShare *template
	processor                      *flow
	branches                       []*flow
}

// choice is one rule of a Choice state.
type choice struct {
	condition      *template
	output, assign *template
	next           string
}

// retrier is one entry of Retry, with AWS's defaults filled in.
type retrier struct {
	errors      []string
	interval    float64 // seconds
	maxAttempts int
	backoff     float64
	maxDelay    float64 // seconds, 0 for none
	jitter      bool    // FULL
}

// catcher is one entry of Catch.
type catcher struct {
	errors         []string
	output, assign *template
	next           string
}

const (
	kindPass     = "Pass"
	kindTask     = "Task"
	kindChoice   = "Choice"
	kindWait     = "Wait"
	kindSucceed  = "Succeed"
	kindFail     = "Fail"
	kindMap      = "Map"
	kindParallel = "Parallel"
)

// successors are the states that s may lead to, in the order of the definition.
func (s *state) successors() []string {
	var names []string
	add := func(name string) {
		if name != "" {
			names = append(names, name)
		}
	}
	for _, c := range s.choices {
		add(c.next)
	}
	add(s.defaultState)
	add(s.next)
	for _, c := range s.catch {
		add(c.next)
	}
	return names
}

// assigned are the variables that s may set, in the order of the definition.
func (s *state) assigned() []string {
	templates := []*template{s.assign}
	for _, c := range s.choices {
		templates = append(templates, c.assign)
	}
	for _, c := range s.catch {
		templates = append(templates, c.assign)
	}
	var names []string
	for _, t := range templates {
		if t != nil {
			names = append(names, t.keys...)
		}
	}
	return names
}
