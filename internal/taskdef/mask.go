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
	values := secrets(out.TaskDefinition)
	return fromSDK(*out.TaskDefinition), func(line string) string { return maskShapes(maskValues(line, values)) }, nil
}

// secrets are the values of the environment that may be secret and what is in them, the longest first: one may be a part of another.
func secrets(t *types.TaskDefinition) []string {
	known := aws.ToString(t.TaskDefinitionArn)
	var values []string
	for _, c := range t.ContainerDefinitions {
		known += " " + aws.ToString(c.Name)
		for _, variable := range c.Environment {
			values = appendParts(values, aws.ToString(variable.Value))
		}
	}
	sort.Slice(values, func(i, j int) bool { return len(values[i]) > len(values[j]) })
	secret := values[:0]
	for _, v := range values {
		if secretive(v) && !strings.Contains(known, v) {
			secret = append(secret, v)
		}
	}
	return secret
}

// clipped is what ECS's sentences end with where they were cut before they were quoted.
const clipped = "..."

// begun is how many bytes a cut value must have left to be known.
const begun = 4

// maskValues masks some values, the longest first, but before them the one that the line was cut in: what is before the last "..."
// and is the beginning of one.
func maskValues(line string, values []string) string {
	if end := strings.LastIndex(line, clipped); end >= 0 {
		if n := cutIn(line[:end], values); n > 0 {
			line = line[:end-n] + masked + line[end:]
		}
	}
	for _, v := range values {
		line = strings.ReplaceAll(line, v, masked)
	}
	return line
}

// cutIn is how many bytes of a value a text ends with, 0 for fewer than begun.
func cutIn(text string, values []string) int {
	most := 0
	for _, v := range values {
		for n := begun; n <= len(v); n++ {
			if n > most && strings.HasSuffix(text, v[:n]) {
				most = n
			}
		}
	}
	return most
}

// appendParts adds the lines of a value, with single spaces too, as ECS's sentences are quoted, and the secrets in them: who connects to
// postgres://shop:PASSWORD@db may write the password alone.
func appendParts(list []string, value string) []string {
	for line := range strings.Lines(value) {
		line = strings.TrimSpace(line)
		list = append(list, line, strings.Join(strings.Fields(line), " "))
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
	var b []byte
	done := 0
	eachSecret(line, func(from, to int) {
		b = append(b, line[done:from]+masked...)
		done = to
	})
	return string(b) + line[done:]
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

// titles are what a secret follows after = or :, in capitals or not, and at the end of longer names too. The schemes of HTTP's
// Authorization, which end in a space, it follows at once.
var titles = []string{"password", "passwd", "passphrase", "pass", "pwd", "secret", "secret_key", "secretkey", "token", "api_key", "apikey", "api-key", "access_key", "accesskey", "private_key", "credentials", "bearer ", "basic "}

// beginnings are those of well-known keys and tokens: of AWS, JSON Web Tokens, GitHub, GitLab, Slack, Stripe, Google, OpenAI and others.
var beginnings = []struct {
	text  string
	least int  // how many bytes a token has
	alone bool // no letter is before it: task-... is no secret
}{
	{"AKIA", 16, false}, {"ASIA", 16, false}, {"eyJ", 16, false}, {"ghp_", 16, false}, {"gho_", 16, false}, {"ghs_", 16, false}, {"github_pat_", 16, false},
	{"glpat-", 16, false}, {"xox", 16, false}, {"sk_live_", 16, false}, {"AIza", 16, false}, {"sk-", 20, true},
}

// secretAt is the place of a secret of which line[i:] is the beginning, or what announces it: from == to if there is none.
func secretAt(line string, i int) (from, to int) {
	rest := line[i:]
	if strings.HasPrefix(rest, "://") {
		return i + 3, i + 3 + user(word(rest[3:], " \t\"'`<>"))
	}
	for _, b := range beginnings {
		if strings.HasPrefix(rest, b.text) && !(b.alone && i > 0 && line[i-1] >= 'A') {
			token := word(rest, ends)
			if len(token) >= b.least || strings.HasSuffix(token, clipped) && len(token) >= len(b.text)+begun+len(clipped) {
				return i, i + len(token)
			}
		}
	}
	for _, title := range titles {
		value, end := after(rest, title), ends
		scheme := title[len(title)-1] == ' '
		if !scheme {
			value, end = assigned(value)
		}
		if value == "" || i > 0 && line[i-1] == ':' && rest[len(title)] == ':' { // arn:aws:secretsmanager:...:secret:NAME is no secret
			continue
		}
		from, value = len(line)-len(value), word(value, end)
		if (scheme || strings.HasSuffix(line[:from], ": ")) && readable(value) || scheme && len(value) < shortest {
			continue
		}
		return from, from + len(value)
	}
	return 0, 0
}

// ends are what no token has in it.
const ends = " \t\"'`<>,;&()[]{}\\"

// longestWord is how many letters a word may have to be readable.
const longestWord = 16

// readable reports whether what seems to be a secret says what is wrong with one: "YES", "required", "AccessDeniedException:". A mixture
// of small and capital letters may be a secret, and so may what was cut.
func readable(token string) bool {
	token = strings.TrimSuffix(token, ":")
	if strings.HasSuffix(token, "Exception") || strings.HasSuffix(token, "Error") {
		return true
	}
	small := strings.TrimLeft(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	capitals := len(token) - len(small)
	return len(token) <= longestWord && (small == "" || capitals <= 1 && strings.TrimLeft(small, "abcdefghijklmnopqrstuvwxyz") == "")
}

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
// have in it like a slash. Where the address was cut short of its @, a port is what begins with a digit, and no letter follows.
func user(address string) int {
	at := strings.LastIndexByte(address, '@')
	host, _, path := strings.Cut(address, "/")
	_, port, _ := strings.Cut(host, ":")
	switch digits := strings.TrimLeft(port, "0123456789"); {
	case at >= 0 && (!path || at < len(host) || digits != ""):
		return at
	case at < 0 && digits != "" && (len(digits) == len(port) || digits[0]|' ' >= 'a' && digits[0]|' ' <= 'z') && address[0] != '[':
		return len(host)
	}
	return 0
}
