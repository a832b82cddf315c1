package lambda

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/awssim/ids"
	"slipway/awssim/protocol"
)

// Latest is the version that can be changed.
const Latest = "$LATEST"

// Function is one version of a function.
type Function struct {
	Name         string
	ARN          string // without qualifier for $LATEST, else with its version
	Version      string // "$LATEST", "1", "2", ...
	Description  string
	Role         string // ARN
	Runtime      string // "provided.al2023"
	Handler      string
	Code         string // where its code is: CodeUri, or s3://bucket/key; the Runner knows what to make of it
	Architecture string
	LogGroup     string        // "" is /aws/lambda/NAME
	LogFormat    string        // "Text" or "JSON", for the function's own lines; "" is Text
	Tracing      string        // "PassThrough" or "Active", answered and without effect; "" is PassThrough
	Timeout      time.Duration // 0 is 3 s
	MemoryMB     int           // 0 is 128
	Environment  map[string]string
	Tags         map[string]string
	RevisionID   string    // changes with every change
	Modified     time.Time // when it was created or last changed
	// ReservedConcurrency is how many invocations may run at once, over all versions; nil is no limit.
	ReservedConcurrency *int
}

// entry is a function with all that belongs to its name.
type entry struct {
	latest     Function
	versions   []Function // published, oldest first
	published  int        // the number of the newest ever, deleted or not
	aliases    map[string]alias
	async      map[string]asyncConfig // by qualifier
	statements map[string]statement   // the resource policy, by statement id
	sandboxes  []*sandbox
	running    int // invocations in flight
}

type alias struct{ name, version, description string }

var functionName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Create adds a function and returns its $LATEST version. It refuses a name that exists, with ResourceConflictException.
func (s *Service) Create(f Function) (Function, error) {
	if !functionName.MatchString(f.Name) {
		return Function{}, protocol.Errorf("InvalidParameterValueException", "The function name %q must be 1 to 64 of the characters A-Z a-z 0-9 _ -.", f.Name)
	}
	if s.functions[f.Name] != nil {
		return Function{}, conflict("Function already exist: %s", f.Name)
	}
	f.Version = Latest
	f.ARN = s.id.ARN("lambda", "function:"+f.Name)
	e := &entry{aliases: map[string]alias{}, async: map[string]asyncConfig{}, statements: map[string]statement{}}
	if err := s.change(e, f); err != nil {
		return Function{}, err
	}
	s.functions[f.Name] = e
	return e.latest, nil
}

// change makes f the $LATEST version of e. Sandboxes of the old revision are not used again, and end when they have been idle for
// keepWarm, as those of a deleted function do.
func (s *Service) change(e *entry, f Function) error {
	f.Timeout = cmp.Or(f.Timeout, 3*time.Second)
	f.MemoryMB = cmp.Or(f.MemoryMB, 128)
	f.LogGroup = cmp.Or(f.LogGroup, "/aws/lambda/"+f.Name)
	f.Architecture = cmp.Or(f.Architecture, "x86_64")
	f.LogFormat = cmp.Or(f.LogFormat, "Text")
	f.Tracing = cmp.Or(f.Tracing, "PassThrough")
	switch {
	case f.Timeout < time.Second || f.Timeout > 900*time.Second:
		return protocol.Errorf("InvalidParameterValueException", "The timeout of %s must be 1 to 900 seconds, not %s.", f.Name, f.Timeout)
	case f.MemoryMB < 128 || f.MemoryMB > 10240:
		return protocol.Errorf("InvalidParameterValueException", "The memory of %s must be 128 to 10240 MB, not %d.", f.Name, f.MemoryMB)
	case environmentSize(f.Environment) > 4096:
		return protocol.Errorf("InvalidParameterValueException", "The environment variables of %s are larger than 4 KB.", f.Name)
	}
	f.Environment = maps.Clone(f.Environment)
	f.RevisionID = ids.UUID(s.clock.Rand())
	f.Modified = s.clock.Now()
	e.latest = f
	return nil
}

func environmentSize(env map[string]string) int {
	n := 0
	for k, v := range env {
		n += len(k) + len(v)
	}
	return n
}

// publish freezes $LATEST as the next version, or returns the last version when nothing has changed since.
func (s *Service) publish(e *entry, description string) Function {
	f := e.latest
	if description != "" {
		f.Description = description
	}
	if n := len(e.versions); n > 0 && sameCodeAndConfiguration(e.versions[n-1], f) {
		return e.versions[n-1]
	}
	e.published++
	f.Version = strconv.Itoa(e.published)
	f.ARN = e.latest.ARN + ":" + f.Version
	f.RevisionID = ids.UUID(s.clock.Rand())
	e.versions = append(e.versions, f)
	return f
}

func sameCodeAndConfiguration(a, b Function) bool {
	for _, f := range []*Function{&a, &b} {
		f.Version, f.ARN, f.RevisionID, f.Description, f.Modified, f.ReservedConcurrency, f.Tags = "", "", "", "", time.Time{}, nil, nil
	}
	return reflect.DeepEqual(a, b)
}

// codeSHA256 is a stand-in for the hash of a zip file that nobody has: it changes when the name of the code does.
func (f Function) codeSHA256() string {
	sum := sha256.Sum256([]byte(f.Code))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// find resolves what callers write: NAME, NAME:QUALIFIER, ACCOUNT:function:NAME or an ARN, with or without qualifier.
func (s *Service) find(ref string) (e *entry, f Function, qualifier string, err error) {
	name, qualifier := s.split(ref)
	e = s.functions[name]
	if e == nil {
		return nil, Function{}, "", s.notFound(name, qualifier)
	}
	f, ok := e.version(qualifier)
	if !ok {
		return nil, Function{}, "", s.notFound(name, qualifier)
	}
	return e, f, qualifier, nil
}

// split cuts a reference. A function of another account or region has no name here.
func (s *Service) split(ref string) (name, qualifier string) {
	if rest, ok := strings.CutPrefix(ref, s.id.ARN("lambda", "function:")); ok {
		ref = rest
	} else if rest, ok := strings.CutPrefix(ref, s.id.Account+":function:"); ok {
		ref = rest
	}
	if strings.Count(ref, ":") > 1 {
		return ref, ""
	}
	name, qualifier, _ = strings.Cut(ref, ":")
	return name, qualifier
}

func (e *entry) version(qualifier string) (Function, bool) {
	if a, ok := e.aliases[qualifier]; ok {
		qualifier = a.version
	}
	if qualifier == "" || qualifier == Latest {
		return e.latest, true
	}
	i := slices.IndexFunc(e.versions, func(f Function) bool { return f.Version == qualifier })
	if i < 0 {
		return Function{}, false
	}
	return e.versions[i], true
}

func (s *Service) notFound(name, qualifier string) *protocol.Error {
	arn := name
	if !strings.HasPrefix(arn, "arn:") {
		arn = s.id.ARN("lambda", "function:"+name)
	}
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return &protocol.Error{Code: "ResourceNotFoundException", Status: 404, Message: "Function not found: " + arn}
}

func conflict(format string, args ...any) *protocol.Error {
	e := protocol.Errorf("ResourceConflictException", format, args...)
	e.Status = 409
	return e
}
