package taskdef

import (
	"strings"
	"testing"
	"unicode/utf8"

	"slipway/internal/fault"
	"slipway/internal/oneline"
)

func TestMaskShapes(t *testing.T) {
	for line, want := range map[string]string{
		"connect postgres://shop:hunter2@db/shop failed":              "connect postgres://***@db/shop failed",
		"parse \"postgres://shop:hun/ter2@db/shop\": invalid port":    "parse \"postgres://***@db/shop\": invalid port",
		"mongodb://u:p@w:d@h1,h2/x":                                   "mongodb://***@h1,h2/x",
		"clone https://0123456789abcdef@example.com/x.git":            "clone https://***@example.com/x.git",
		"dial postgres://shop:hunter2...":                             "dial postgres://***",
		"dial redis://cache:6379: refused":                            "dial redis://cache:6379: refused",
		"GET http://api:8080/mail?to=a@b.c 404":                       "GET http://api:8080/mail?to=a@b.c 404",
		"GET http://api/mail?to=a@b.c http://[::1]:80/ file:///x":     "GET http://api/mail?to=a@b.c http://[::1]:80/ file:///x",
		"host=db password=hunter2 user=shop":                          "host=db password=*** user=shop",
		"DB_PASSWORD='hunter two' given":                              "DB_PASSWORD='***' given",
		`{"Password": "hunter2", "port": 1}`:                          `{"Password": "***", "port": 1}`,
		`msg="{\"clientSecret\":\"hunter2\",\"a\":1}"`:                `msg="{\"clientSecret\":\"***\",\"a\":1}"`,
		"{User:shop Password:hunter2}":                                "{User:shop Password:***}",
		"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG":                 "AWS_SECRET_ACCESS_KEY=***",
		"key AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE is not known": "key ***, *** is not known",
		"Authorization: Bearer abc.def-123 refused":                   "Authorization: Bearer *** refused",
		"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x expired":          "jwt *** expired",
		"?token=abcdef&x=1":                                           "?token=***&x=1",
		"settings: DB_PASSWORD is not set":                            "settings: DB_PASSWORD is not set",
		"KeyError: 'DB_PASSWORD'":                                     "KeyError: 'DB_PASSWORD'",
		"SyntaxError: unexpected token: }":                            "SyntaxError: unexpected token: }",
		"for a password= one gives, and token:":                       "for a password= *** gives, and token:",
		"invalid ssm parameters: /shop/DB_PASSWORD":                   "invalid ssm parameters: /shop/DB_PASSWORD",
		"cannot read arn:aws:secretsmanager:e:1:secret:shop/db-AbCdE": "cannot read arn:aws:secretsmanager:e:1:secret:shop/db-AbCdE",
		"container \"web\" exited 1 while starting, 2 of 2 tasks":     "container \"web\" exited 1 while starting, 2 of 2 tasks",
		"cannot log in: DB_PASS=hunter2 PGPASS: tr0ub4dor":            "cannot log in: DB_PASS=*** PGPASS: ***",
		"Server=db;Password=\"My Pass\";User=shop":                    "Server=db;Password=\"***\";User=shop",
		"{Password: 'correct horse'}":                                 "{Password: '***'}",
		"Password=\\\"My Pass\\\" given":                              "Password=\\\"***\\\" given",
		"Authorization: Basic c2hvcDpodW50ZXIy, 401":                  "Authorization: Basic ***, 401",
		"map[Authorization:[Basic c2hvcDpodW50ZXIy]]":                 "map[Authorization:[Basic ***]]",
		"push with github_pat_11ABCDE0Y0abc_defGHI":                   "push with ***",
		"push with ghp_0123456789abcdef, gho_0123456789abcdef":        "push with ***, ***",
		"clone with glpat-AbCd0123-efgh_4567":                         "clone with ***",
		"asked with sk-proj-0123456789-abcdef":                        "asked with ***",
		"asked with 'sk-0123456789abcdefgh'":                          "asked with '***'",
		"asked with AIzaSyA-0123456789abcdef":                         "asked with ***",
		"task-definition-of-the-service and sk-short":                 "task-definition-of-the-service and sk-short",
		"dial postgres://shop:1hunter..., 2 of 2 tasks":               "dial postgres://*** 2 of 2 tasks",
		"dial redis://cache:6379..., 2 of 2 tasks":                    "dial redis://cache:6379..., 2 of 2 tasks",
		"run with --key AKIAIOSF..., 2 of 2 tasks":                    "run with --key ***, 2 of 2 tasks",
		"keys begin with sk-... or eyJ...":                            "keys begin with sk-... or eyJ...",
		"app --password=hunt..., no progress":                         "app --password=***, no progress",
		"app: password: hunt..., no progress":                         "app: password: ***, no progress",
		"Access denied for user 'shop'@'db' (using password: NO)":     "Access denied for user 'shop'@'db' (using password: NO)",
		"Access denied for user 'shop'@'db' (using password: YES)":    "Access denied for user 'shop'@'db' (using password: YES)",
		"cannot read secret: AccessDeniedException: no":               "cannot read secret: AccessDeniedException: no",
		"no credentials: EC2RoleRequestError: no role":                "no credentials: EC2RoleRequestError: no role",
		"missing DB_PASSWORD: required":                               "missing DB_PASSWORD: required",
		"cannot get token: Unauthorized:":                             "cannot get token: Unauthorized:",
		"basic authentication failed, Bearer authentication too":      "basic authentication failed, Bearer authentication too",
		"PASSWORD=NO password=required secret:hidden":                 "PASSWORD=*** password=*** secret:***",
		"password: kQzXvBnM":                                          "password: ***",
		"password: correcthorsebatterystaple":                         "password: ***",
		`{"password": "hunter", "token": null}`:                       `{"password": "***", "token": null}`,
		"":                                                            "", "://": "://", "password=\"": "password=\"", "secret:": "secret:",
	} {
		if got := maskShapes(line); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
		if got := maskShapes(want); got != want {
			t.Errorf("%s, masked again, is %s", want, got)
		}
	}
}

func FuzzMaskShapes(f *testing.F) {
	for _, seed := range []string{"a://b:c@d", "Password : \"x", "\\\"token\\\":=>'", "bearer ü", "AKIA----------------"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got := maskShapes(line)
		if utf8.ValidString(line) && !utf8.ValidString(got) {
			t.Errorf("%q became %q", line, got)
		}
		if !strings.Contains(got, masked) && got != line {
			t.Errorf("%q became %q", line, got)
		}
	})
}

// A reason is masked after it was cut to a sentence: no half of a value stays.
func TestGuardedMasksWhatWasCut(t *testing.T) {
	const secret = "Zk3vQ9pLx7TtW2mB8nRcY5sD"
	f := newFake(t)
	arn := f.put(web(`{"name":"DB_HOST","value":"db"}`, `{"name":"KEY","value":"`+secret+`"}`), "[]")
	_, mask, err := f.definitionsOver().Guarded(t.Context(), arn)
	if err != nil {
		t.Fatal(err)
	}
	reason := "CannotStartContainerError: unable to start container process: exec: \"/bin/app --key " + secret + "\": stat: no such file"
	start := strings.Index(reason, secret)
	for most := range len(reason) {
		got := mask("container \"web\" could not start: " + oneline.Clip(reason, most) + ", 2 of 2 tasks")
		if left := secret[:begun]; most >= start+begun && (strings.Contains(got, left) || !strings.Contains(got, masked)) {
			t.Errorf("cut to %d bytes: %s", most, got)
		}
	}
}

// The values of the environment are known: they are masked wherever they stand, and so are the passwords within them.
func TestGuardedMasksValues(t *testing.T) {
	f := newFake(t)
	arn := f.put(web(`{"name":"DB_HOST","value":"db"}`, `{"name":"DB","value":"postgres://shop:hunter2@db/shop"},{"name":"DSN","value":"host=db password=tr0ub4dor"},
		{"name":"KEY","value":"-----BEGIN-----\nMIIEabc\n-----END-----"},{"name":"API","value":"s3cr3t"},{"name":"API_LONG","value":"s3cr3t-and-more"},
		{"name":"PHRASE","value":"a phrase  of several words"},{"name":"STAGE","value":"Production"},{"name":"PORT","value":"808080"},{"name":"SHORT","value":"abcde"},{"name":"REGION","value":"eu-west-1"},{"name":"PROXY","value":"sidecar"}`), "[]")
	definition, mask, err := f.definitionsOver().Guarded(t.Context(), arn)
	if err != nil || definition.ARN != arn || len(definition.Containers) != 2 {
		t.Fatalf("got %+v, %v", definition, err)
	}
	for line, want := range map[string]string{
		"cannot open postgres://shop:hunter2@db/shop":              "cannot open ***",
		"wrong password hunter2 for shop":                          "wrong password *** for shop",
		"tr0ub4dor":                                                "***",
		"near MIIEabc":                                             "near ***",
		"s3cr3t s3cr3t-and-more":                                   "*** ***",
		"exec: /bin/app --key s3cr3t-and-m..., 2 of 2 tasks":       "exec: /bin/app --key ***..., 2 of 2 tasks",
		"app --key s3c... and hunter3...":                          "app --key s3c... and hunter3...",
		"a phrase of several words, a phrase of se...":             "***, ***...",
		"production on 808080 in eu-west-1 with abcde and sidecar": "production on 808080 in eu-west-1 with abcde and sidecar",
		"token=unknown-to-slipway":                                 "token=***",
	} {
		if got := mask(line); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
	if _, mask, err = f.definitionsOver().Guarded(t.Context(), family+"9"); !fault.IsMissing(err) || mask("a://b:c@d") != "a://***@d" {
		t.Errorf("got %v, and the mask knows no shapes", err)
	}
}
