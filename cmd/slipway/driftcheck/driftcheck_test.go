package driftcheck

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"slipway/awssim"
	"slipway/cmd/slipway/laptop"
	"slipway/internal/drift"
	"slipway/internal/record"
)

func environment(endpoint string) func(string) (string, bool) {
	all := map[string]string{"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-1"}
	return func(name string) (string, bool) { value, ok := all[name]; return value, ok }
}

// The command as a person types it against `slipway local`: only the environment that its start prints.
func TestAgainstTheLocalAWS(t *testing.T) {
	t.Chdir("../../..")
	local, err := laptop.Start(t.Context(), laptop.Options{Template: "template.yaml", Functions: t.TempDir(), Speed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	check := func(c Command) string {
		t.Helper()
		var out strings.Builder
		if err := c.run(t.Context(), environment(local.Endpoint()), &out, io.Discard); err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
		return out.String()
	}
	if got := check(Command{}); got != "no service has opted in: tag one slipway:repository=REPOSITORY\n" {
		t.Errorf("an empty account: %q", got)
	}
	subnets := awssim.DefaultSubnet("a") + "," + awssim.DefaultSubnet("b")
	_, err = local.Deploy("shop", "examples/pingpong/service.yaml", map[string]string{"VpcId": "vpc-test", "PublicSubnetIds": subnets, "PrivateSubnetIds": subnets, "CpuArchitecture": "X86_64"})
	if err != nil {
		t.Fatal(err)
	}
	if got := check(Command{}); !strings.Contains(got, "shop/web  NOT_CHECKED") || !strings.HasSuffix(got, "0 checked, 1 not checked\n") {
		t.Errorf("a new service:\n%s", got)
	}
	var report drift.Report
	if err := json.Unmarshal([]byte(check(Command{JSON: true})), &report); err != nil || report.NotChecked != 1 || len(report.Services) != 1 {
		t.Errorf("as JSON: %+v, error %v", report, err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	err := (&Command{}).run(t.Context(), func(string) (string, bool) { return "", false }, io.Discard, io.Discard)
	if err == nil || errors.Is(err, ErrDrifted) || !strings.Contains(err.Error(), "AWS_REGION") || !strings.Contains(err.Error(), "AWS_PROFILE=NAME") {
		t.Errorf("without an environment: %v", err)
	}
}

// What is compared is of the clock of the AWS that is asked, not of this machine's.
func TestTheTimeIsThatOfTheAWS(t *testing.T) {
	there := time.Date(2027, 3, 4, 5, 6, 7, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", there.Format(http.TimeFormat))
		w.Header().Set("Content-Type", "text/xml")
		io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws-cn:iam::123456789012:user/me</Arn><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}))
	defer server.Close()
	settings, err := configuration(environment(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	named, now, err := identified(t.Context(), settings)
	if err != nil || !now.Equal(there) || named.StateMachineARN != "arn:aws-cn:states:eu-west-1:123456789012:stateMachine:slipway" {
		t.Errorf("got %s and %+v, error %v; want %s", now, named, err, there)
	}
}

func TestTable(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var r drift.Report
	for _, s := range []drift.Service{
		{Name: record.ServiceName{Cluster: "shop", Service: "api"}, State: drift.Deploying},
		{Name: record.ServiceName{Cluster: "shop", Service: "cron"}, State: drift.NotChecked, Why: "it has only just opted in"},
		{Name: record.ServiceName{Cluster: "shop", Service: "web"}, State: drift.InSync},
		{Name: record.ServiceName{Cluster: "shop", Service: "worker"}, State: drift.Drifted, Since: noon.Add(-3 * time.Hour),
			Findings: []drift.Finding{*drift.New(drift.ForeignImage, false, "somebody was here"), *drift.New(drift.Unproven, true, "to be baked")}},
	} {
		r.Add(s)
	}
	want := `SERVICE      STATE        SINCE     SEVERITY  WHAT
shop/api     DEPLOYING                        a deployment is under way
shop/cron    NOT_CHECKED                      it has only just opted in
shop/web     IN_SYNC
shop/worker  DRIFTED      3 h 00 m  warning   foreign image: somebody was here (reported)
                                    info      unproven: to be baked (healed by the next check)
2 checked, 1 drifted, 1 being deployed, 1 not checked
`
	if got := table(r, noon); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := table(r, noon.Add(-4*time.Hour)); !strings.Contains(got, "DRIFTED      0 s  ") {
		t.Errorf("a finding that is dated ahead:\n%s", got)
	}
	var out strings.Builder
	if err := (&Command{}).conclude(io.Discard, r, nil, noon); !errors.Is(err, ErrDrifted) {
		t.Errorf("got %v, want ErrDrifted", err)
	}
	failed := errors.New("service shop/x could not be read")
	if err := (&Command{}).conclude(&out, r, failed, noon); err != failed || out.String() != want {
		t.Errorf("got %v and\n%s\nwant the failure, and the rest of the report", err, &out)
	}
}
