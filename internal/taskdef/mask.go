package taskdef

import (
	"context"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/internal/rollout"
)

// masked stands where a secret was.
const masked = "***"

// shortest is how many bytes a value or a token must have to be a secret: shorter ones are in every other line.
const shortest = 6

// Guarded describes a revision, and returns what masks the secrets in one line that its containers wrote or that ECS wrote of them: the
// values of the revision's environment, which do not leave this package otherwise, and what has the shape of a secret. What was
// injected from Secrets Manager or SSM is known to nobody here, so that only its shape can betray it. If the revision cannot be described
// the error is as Describe's, and mask knows shapes only.
func (d *Definitions) Guarded(ctx context.Context, arn string) (definition rollout.Definition, mask func(line string) string, err error) {
	out, _, err := d.read(ctx, arn)
	if err != nil {
		return rollout.Definition{}, maskShapes, err
	}
	values := strings.NewReplacer(replacements(out.TaskDefinition)...)
	return fromSDK(*out.TaskDefinition), func(line string) string { return maskShapes(values.Replace(line)) }, nil
}

// replacements are pairs of a value and what stands in its place, the longest value first: one may be a part of another.
func replacements(t *types.TaskDefinition) []string {
	known := aws.ToString(t.TaskDefinitionArn)
	var values []string
	for _, c := range t.ContainerDefinitions {
		known += " " + aws.ToString(c.Name)
		for _, variable := range c.Environment {
			values = append(values, parts(aws.ToString(variable.Value))...)
		}
	}
	sort.Slice(values, func(i, j int) bool { return len(values[i]) > len(values[j]) })
	var pairs []string
	for _, v := range values {
		if secretive(v) && !strings.Contains(known, v) {
			pairs = append(pairs, v, masked)
		}
	}
	return pairs
}

// parts are the lines of a value, and the secrets in them: who connects to postgres://shop:PASSWORD@db may write the password alone.
func parts(value string) []string {
	var list []string
	for line := range strings.Lines(value) {
		line = strings.TrimSpace(line)
		list = append(list, line)
		eachSecret(line, func(from, to int) {
			_, password, _ := strings.Cut(line[from:to], ":")
			list = append(list, line[from:to], password)
		})
	}
	return list
}

// secretive reports whether a value may be a secret. Masked words and numbers would only make a log unreadable.
func secretive(value string) bool {
	return len(value) >= shortest && strings.TrimLeft(value, "0123456789.,:+-") != "" && !strings.Contains(plain, " "+strings.ToLower(value)+" ")
}

const plain = " production staging development testing default enabled disabled warning verbose localhost postgres "

// maskShapes masks what has the shape of a secret.
func maskShapes(line string) string {
	var b strings.Builder
	done := 0
	eachSecret(line, func(from, to int) {
		b.WriteString(line[done:from])
		b.WriteString(masked)
		done = to
	})
	return b.String() + line[done:]
}

// eachSecret calls found with the place of everything in a line that has the shape of a secret.
func eachSecret(line string, found func(from, to int)) {
	for i := 0; i < len(line); i++ {
		if from, to := secretAt(line, i); from < to {
			found(from, to)
			i = to - 1
		}
	}
}

// titles are what a secret follows after = or :, in capitals or not, and at the end of longer names too.
var titles = []string{"password", "passwd", "passphrase", "pwd", "secret", "secret_key", "secretkey", "token", "api_key", "apikey", "api-key", "access_key", "accesskey", "private_key", "credentials"}

// beginnings are those of well-known keys and tokens: of AWS, JSON Web Tokens, GitHub, Slack, Stripe.
var beginnings = []string{"AKIA", "ASIA", "eyJ", "ghp_", "xox", "sk_live_"}

// secretAt is the place of a secret of which line[i:] is the beginning, or what announces it: from == to if there is none.
func secretAt(line string, i int) (from, to int) {
	rest := line[i:]
	if strings.HasPrefix(rest, "://") {
		return i + 3, i + 3 + user(word(rest[3:], " \t\"'`<>"))
	}
	for _, b := range beginnings {
		if token := word(rest, ends); strings.HasPrefix(token, b) && len(token) >= 16 {
			return i, i + len(token)
		}
	}
	if token := after(rest, "bearer "); len(word(token, ends)) >= shortest {
		return len(line) - len(token), len(line) - len(token) + len(word(token, ends))
	}
	for _, title := range titles {
		value, end := assigned(after(rest, title))
		if value == "" || i > 0 && line[i-1] == ':' && rest[len(title)] == ':' { // arn:aws:secretsmanager:...:secret:NAME is no secret
			continue
		}
		from = len(line) - len(value)
		return from, from + len(word(value, end))
	}
	return 0, 0
}

// ends are what no token has in it.
const ends = " \t\"'`<>,;&()[]{}\\"

// word is what comes before the first of some characters.
func word(s, end string) string {
	if i := strings.IndexAny(s, end); i >= 0 {
		return s[:i]
	}
	return s
}

// after is what comes after a title, "" if s does not begin with it.
func after(s, title string) string {
	if len(s) < len(title) || !strings.EqualFold(s[:len(title)], title) {
		return ""
	}
	return s[len(title):]
}

// assigned is the rest of a line from a value on, if s begins with an = or : before it, and what ends the value. Both may have
// quotes, which may be escaped: "password": "x" has them, and so has \"password\":\"x\".
func assigned(s string) (value, end string) {
	s = strings.TrimLeft(s, "\\\"' ")
	if s == "" || s[0] != '=' && s[0] != ':' {
		return "", ""
	}
	s = strings.TrimLeft(s[1:], "=> \\")
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		return s[1:], s[:1] + "\\"
	}
	return s, ends
}

// user is how many bytes of an address without its scheme are user and password: those before the last @, which a password may
// have in it like a slash. Where the address was cut short of its @, a port is what begins with a digit.
func user(address string) int {
	at := strings.LastIndexByte(address, '@')
	host, _, path := strings.Cut(address, "/")
	_, port, _ := strings.Cut(host, ":")
	switch digits := strings.TrimLeft(port, "0123456789"); {
	case at >= 0 && (!path || at < len(host) || digits != ""):
		return at
	case at < 0 && port != "" && len(digits) == len(port) && address[0] != '[':
		return len(host)
	}
	return 0
}
