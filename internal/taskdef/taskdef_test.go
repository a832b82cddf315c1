package taskdef

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slipway/internal/drift"
	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/rollout"
	"slipway/internal/wiretest"
)

func TestDescribe(t *testing.T) {
	f := newFake(t)
	arn := f.put(web(), "[]")
	got, err := f.definitionsOver().Describe(context.Background(), arn)
	if err != nil {
		t.Fatal(err)
	}
	want := rollout.Definition{
		ARN: arn, Family: "web", Active: true, Platform: image.Platform{OS: "linux", Architecture: "arm64"},
		Containers: []rollout.ContainerDefinition{
			{Name: "web", Image: uri + "@sha256:" + strings.Repeat("1", 64), Essential: true, HealthCheck: true, LogGroup: "/shop/web", LogPrefix: "web", LogRegion: "eu-west-1"},
			{Name: "sidecar", Image: "public.ecr.aws/x/proxy:1"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if _, err := f.definitionsOver().Describe(context.Background(), family+"99"); !fault.IsMissing(err) {
		t.Errorf("got %v, want *fault.Missing", err)
	}
}

func TestPlatform(t *testing.T) {
	const runtime = `"runtimePlatform":{"cpuArchitecture":"ARM64","operatingSystemFamily":"LINUX"},`
	for _, test := range []struct {
		name  string
		edits []string
		want  image.Platform
	}{
		{"Fargate's default", []string{runtime, ""}, image.Platform{OS: "linux", Architecture: "amd64"}},
		{"EC2 leaves it to the instances", []string{runtime, "", "FARGATE", "EC2"}, image.Platform{}},
		{"Windows", []string{"ARM64", "X86_64", "LINUX", "WINDOWS_SERVER_2022_CORE"}, image.Platform{OS: "windows", Architecture: "amd64"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFake(t)
			got, err := f.definitionsOver().Describe(context.Background(), f.put(web(test.edits...), "[]"))
			if err != nil || got.Platform != test.want {
				t.Errorf("got %v, %v, want %v", got.Platform, err, test.want)
			}
		})
	}
}

func TestCopyChangesTheImageOnly(t *testing.T) {
	f := newFake(t)
	base := f.put(web(), `[{"key":"team","value":"shop"},{"key":"aws:cloudformation:stack-name","value":"s"}]`)
	arn, err := f.definitionsOver().Copy(context.Background(), base, map[string]string{"web": uri + ":v2"})
	if err != nil {
		t.Fatal(err)
	}
	if arn != family+"2" {
		t.Errorf("got %s, want revision 2", arn)
	}
	sent := f.Calls("RegisterTaskDefinition")[0].JSON(t)
	if diff := cmp.Diff([]any{map[string]any{"key": "team", "value": "shop"}}, sent["tags"]); diff != "" {
		t.Errorf("tags, want -, got +\n%s", diff)
	}
	containers := sent["containerDefinitions"].([]any)
	if got := containers[0].(map[string]any)["image"]; got != uri+":v2" {
		t.Errorf("got image %v", got)
	}
	if got := containers[1].(map[string]any)["image"]; got != "public.ecr.aws/x/proxy:1" {
		t.Errorf("the sidecar's image became %v", got)
	}
}

func TestCopyWithoutTagsSendsNone(t *testing.T) {
	f := newFake(t)
	base := f.put(web(), `[{"key":"aws:x","value":"y"}]`)
	if _, err := f.definitionsOver().Copy(context.Background(), base, nil); err != nil {
		t.Fatal(err)
	}
	if tags, ok := f.Calls("RegisterTaskDefinition")[0].JSON(t)["tags"]; ok {
		t.Errorf("sent tags %v, want none: ECS refuses an empty list", tags)
	}
}

func TestCopyRefusesWhatIsNotATrueCopy(t *testing.T) {
	for _, test := range []struct {
		name string
		lose func(map[string]any)
		want string // path in the words, "" when it is accepted
	}{
		{"a lost member", func(d map[string]any) { delete(d, "runtimePlatform") }, "runtimePlatform"},
		{"a changed variable", func(d map[string]any) {
			c := d["containerDefinitions"].([]any)[0].(map[string]any)
			c["environment"].([]any)[1].(map[string]any)["value"] = "debug"
		}, "containerDefinitions.web.environment.LOG_LEVEL.value"},
		{"a lost container", func(d map[string]any) { d["containerDefinitions"] = d["containerDefinitions"].([]any)[:1] }, "containerDefinitions.sidecar"},
		{"an added member", func(d map[string]any) { d["pidMode"] = "host" }, "pidMode"},
		{"another image than asked for", func(d map[string]any) {
			d["containerDefinitions"].([]any)[0].(map[string]any)["image"] = uri + ":v3"
		}, "containerDefinitions.web.image"},
		{"empty members that ECS adds", func(d map[string]any) { d["volumes"], d["enableFaultInjection"] = []any{}, false }, ""},
		{"variables in another order", func(d map[string]any) {
			e := d["containerDefinitions"].([]any)[0].(map[string]any)["environment"].([]any)
			e[0], e[1] = e[1], e[0]
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFake(t)
			f.lose = test.lose
			base := f.put(web(), "[]")
			_, err := f.definitionsOver().Copy(context.Background(), base, map[string]string{"web": uri + ":v2"})
			if test.want == "" {
				if err != nil {
					t.Errorf("got %v, want none", err)
				}
				return
			}
			var refused *fault.Impossible
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), " "+test.want) || !strings.Contains(err.Error(), family+"2") {
				t.Errorf("got %v, want *fault.Impossible that names %s and %s2", err, test.want, family)
			}
			if strings.Contains(err.Error(), "debug") {
				t.Errorf("%q shows a value", err)
			}
		})
	}
}

func TestCopyTriesOnce(t *testing.T) {
	f := newFake(t)
	base := f.put(web(), "[]")
	f.On("RegisterTaskDefinition", func(wiretest.Call) wiretest.Answer { return wiretest.Fault("ThrottlingException", "Rate exceeded") })
	config := f.Config()
	config.Retryer = nil // the SDK's own, which would try three times
	_, err := New(clientOf(config)).Copy(context.Background(), base, nil)
	if !fault.IsThrottled(err) {
		t.Errorf("got %v, want *fault.Throttled", err)
	}
	if n := len(f.Calls("RegisterTaskDefinition")); n != 1 {
		t.Errorf("got %d tries, want 1", n)
	}
}

// ECS may answer a read from before the registration. That is no ending: whoever tries again looks first and finds the revision.
func TestCopyThatCannotBeReadYet(t *testing.T) {
	f := newFake(t)
	base := f.put(web(), "[]")
	describe := 0
	f.On("DescribeTaskDefinition", func(c wiretest.Call) wiretest.Answer {
		if describe++; describe == 2 {
			return wiretest.Fault("ClientException", "Unable to describe task definition.")
		}
		return wiretest.OK(string(f.definitions[c.JSON(t)["taskDefinition"].(string)]))
	})
	images := map[string]string{"web": uri + ":v2"}
	_, err := f.definitionsOver().Copy(t.Context(), base, images)
	var unavailable *fault.Unavailable
	if !errors.As(err, &unavailable) || fault.IsMissing(err) {
		t.Fatalf("got %v, want *fault.Unavailable", err)
	}
	if arn, found, err := f.definitionsOver().Find(t.Context(), base, images); arn != f.order[1] || !found || err != nil {
		t.Errorf("got %q, %t, %v, want %q", arn, found, err, f.order[1])
	}
}

func TestCopyOfAnUnknownContainer(t *testing.T) {
	f := newFake(t)
	base := f.put(web(), "[]")
	_, err := f.definitionsOver().Copy(context.Background(), base, map[string]string{"wob": uri + ":v2"})
	if err == nil || !strings.Contains(err.Error(), "has no container wob") {
		t.Errorf("got %v, want an error that names the container", err)
	}
}

func TestFind(t *testing.T) {
	f := newFake(t)
	base := f.put(web(), "[]")
	wanted := map[string]string{"web": uri + ":v2"}
	if arn, found, err := f.definitionsOver().Find(context.Background(), base, wanted); err != nil || found {
		t.Fatalf("got %s, %v, %v, want not found", arn, found, err)
	}
	copied, err := f.definitionsOver().Copy(context.Background(), base, wanted)
	if err != nil {
		t.Fatal(err)
	}
	f.put(web(uri+"@sha256:"+strings.Repeat("1", 64), uri+":v2", "info", "debug"), "[]") // right image, other configuration
	arn, found, err := f.definitionsOver().Find(context.Background(), base, wanted)
	if err != nil || !found || arn != copied {
		t.Errorf("got %s, %v, %v, want %s", arn, found, err, copied)
	}
	in := f.Calls("ListTaskDefinitions")[0].JSON(t)
	want := map[string]any{"familyPrefix": "web", "status": "ACTIVE", "sort": "DESC", "maxResults": 10.0}
	if diff := cmp.Diff(want, in); diff != "" {
		t.Errorf("asked, want -, got +\n%s", diff)
	}
}

func TestChanged(t *testing.T) {
	f := newFake(t)
	old := f.put(web(), "[]")
	for _, test := range []struct {
		name  string
		edits []string
		want  []string
	}{
		{"nothing", nil, nil},
		{"image", []string{"@sha256:" + strings.Repeat("1", 64), ":7c11d0f"}, []string{"image web 111111111111 -> 7c11d0f"}},
		{"variables and size", []string{`{"name":"DB_HOST","value":"db"},`, `{"name":"NEW","value":"hush"},`, `"info"`, `"debug"`, `"cpu":"256"`, `"cpu":"512"`},
			[]string{"environment - DB_HOST", "environment ~ LOG_LEVEL", "environment + NEW", "cpu 256 -> 512"}},
		{"secrets", []string{"arn:secret:1", "arn:secret:2", `"secrets":[{`, `"secrets":[{"name":"API_KEY","valueFrom":"arn:k"},{`},
			[]string{"secrets + API_KEY", "secrets ~ DB_PASSWORD"}},
		{"all variables gone", []string{`"environment":[{"name":"DB_HOST","value":"db"},{"name":"LOG_LEVEL","value":"info"}],`, ""},
			[]string{"environment - DB_HOST", "environment - LOG_LEVEL"}},
		{"anything else", []string{`"CMD","true"`, `"CMD","false"`, `"networkMode":"awsvpc",`, "", `"family":"web",`, `"family":"web","pidMode":"task",`},
			[]string{"web.healthCheck.command", "networkMode removed", "pidMode added"}},
		{"a container", []string{`"name":"sidecar"`, `"name":"envoy"`}, []string{"container + envoy", "container - sidecar"}},
		{"container size", []string{`"cpu":0`, `"cpu":128`}, []string{"web.cpu 0 -> 128"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := f.definitionsOver().Changed(context.Background(), old, f.put(web(test.edits...), "[]"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			for _, value := range []string{"hush", "debug", "arn:secret"} {
				if strings.Contains(strings.Join(got, "\n"), value) {
					t.Errorf("%q shows the value %q", got, value)
				}
			}
		})
	}
}

func TestNewestOfAFamily(t *testing.T) {
	f := newFake(t)
	const about = `"registeredAt":1763632800.5,"registeredBy":"arn:aws:sts::123456789012:assumed-role/slipway-PushRole-X/slipway-push",`
	runs := f.put(web(), "[]")
	newest := f.put(web(`"family"`, about+`"family"`), "[]")
	f.put(web(`"family"`, `"status":"INACTIVE","family"`), "[]")
	got, err := f.definitionsOver().Newest(context.Background(), runs)
	want := drift.Revision{ARN: newest, RegisteredAt: time.UnixMilli(1763632800500), Active: true, Own: true}
	if err != nil || !cmp.Equal(want, got) {
		t.Errorf("got %v, want -, got +\n%s", err, cmp.Diff(want, got))
	}
	if calls := len(f.Calls("DescribeTaskDefinition")); calls != 1 {
		t.Errorf("it took %d calls, want 1", calls)
	}
	if _, err := f.definitionsOver().Newest(context.Background(), strings.ReplaceAll(runs, "/web:", "/gone:")); !fault.IsMissing(err) {
		t.Errorf("no ACTIVE revision: got %v, want *fault.Missing", err)
	}
}

func TestOwn(t *testing.T) {
	for principal, want := range map[string]bool{
		"arn:aws:sts::123456789012:assumed-role/slipway-PushRole-X/slipway-push":   true,
		"arn:aws:sts::123456789012:assumed-role/slipway-ClaimRole-X/slipway-claim": true,
		"arn:aws:sts::123456789012:assumed-role/Admin/ada":                         false,
		"arn:aws:iam::123456789012:user/slipway-push":                              false,
		"": false,
	} {
		if got := own(principal); got != want {
			t.Errorf("%s: got %v", principal, got)
		}
	}
}

func TestCompare(t *testing.T) {
	f := newFake(t)
	digest := "@sha256:" + strings.Repeat("1", 64)
	runs := f.put(web(), "[]")
	image := f.put(web(digest, ":v9", "proxy:1", "proxy:2"), "[]")
	edit := f.put(web(digest, ":v9", `"info"`, `"debug"`, `"arn:secret:1"`, `"arn:secret:2"`, `"cpu":"256"`, `"cpu":"512"`), "[]")
	inactive := f.put(web(`"family"`, `"status":"INACTIVE","family"`, `"name":"sidecar"`, `"name":"envoy"`), "[]")
	got, err := f.definitionsOver().Compare(context.Background(), runs, []string{image, edit, family + "99", inactive})
	if err != nil {
		t.Fatal(err)
	}
	want := []drift.Revision{{ARN: image, Active: true},
		{ARN: edit, Active: true, Changed: []string{"environment ~ LOG_LEVEL", "secrets ~ DB_PASSWORD", "cpu 256 -> 512"}},
		{ARN: inactive, Changed: []string{"container + envoy", "container - sidecar"}}}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if _, err := f.definitionsOver().Compare(context.Background(), family+"99", nil); !fault.IsMissing(err) {
		t.Errorf("what runs was deleted: got %v, want *fault.Missing", err)
	}
}

func TestCopyKeepsTheTextOfNumbers(t *testing.T) {
	f := newFake(t)
	base := f.put(web(`"essential":true,"cpu":0`, `"essential":true,"cpu":0,"newFactor":1.50e2,"newLimit":12345678901234567890,"note":"a < b & c"`), "[]")
	if _, err := f.definitionsOver().Copy(context.Background(), base, map[string]string{"web": uri + ":v2"}); err != nil {
		t.Fatal(err)
	}
	body := string(f.Calls("RegisterTaskDefinition")[0].Body)
	for _, text := range []string{`"newFactor":1.50e2`, `"newLimit":12345678901234567890`, `"note":"a < b & c"`} {
		if !strings.Contains(body, text) {
			t.Errorf("sent %s, want it to hold %s", body, text)
		}
	}
	if !json.Valid([]byte(body)) {
		t.Error("sent no JSON")
	}
}
