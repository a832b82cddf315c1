package local

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// many is a template with more services than a page of ListServices holds, one of which has a tag that says nothing,
// and one a misspelt tag.
func many(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`Resources:
  Cluster: {Type: "AWS::ECS::Cluster", Properties: {ClusterName: many}}
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: many
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      ExecutionRoleArn: !Sub "arn:aws:iam::${AWS::AccountId}:role/execution"
      Cpu: "256"
      Memory: "512"
      ContainerDefinitions: [{Name: web, Image: !Sub "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/many:none"}]
`)
	for i := range 13 {
		key, bake := "slipway:bake", "1m"
		switch i {
		case 11:
			bake = "banana"
		case 12:
			key = "slipway:baek"
		}
		fmt.Fprintf(&b, `  Service%d:
    Type: AWS::ECS::Service
    Properties:
      ServiceName: web%d
      Cluster: !Ref Cluster
      LaunchType: FARGATE
      DesiredCount: 0
      TaskDefinition: !Ref TaskDefinition
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-a]}}
      Tags: [{Key: "slipway:repository", Value: many}, {Key: %q, Value: %s}]
`, i, i, key, bake)
	}
	file := filepath.Join(t.TempDir(), "many.yaml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAllServicesAreListedAndABadTagIsSaid(t *testing.T) {
	c := defaults(t)
	c.Stack = []string{"many=" + many(t)}
	out, stop := started(t, c)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := len(regexp.MustCompile(`(?m)^  service  .* many/web\d+ deploys`).FindAllString(out.String(), -1)); n != 11 {
		t.Errorf("%d services of 11 are listed:\n%s", n, out)
	}
	for _, want := range []string{`many/web11 can deploy nothing that is pushed to many: tag slipway:bake is "banana": write a duration`,
		"many/web12 can deploy nothing that is pushed to many: tag slipway:baek is none of Slipway's: write slipway:bake"} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if wide := tooWide(out.String()); wide != "" {
		t.Errorf("%d columns: %s", len(wide), wide)
	}
}

// tooWide is a line that a terminal of 80 columns would wrap, "" if there is none.
func tooWide(page string) string {
	for line := range strings.Lines(page) {
		if line = strings.TrimSuffix(line, "\n"); len(line) > 79 {
			return line
		}
	}
	return ""
}

// What is pasted is one command, and a misspelt opt-in is named.
func TestThePageIsNarrow(t *testing.T) {
	tags := []types.Tag{{Key: aws.String("slipway:repositry"), Value: aws.String("shop/web")}}
	w := welcome{endpoint: "http://127.0.0.1:45660", registry: "127.0.0.1:45660", repositories: []string{"shop/web", "shop/worker", "shop/gateway", "shop/reports", "shop/mail"},
		command: "/home/somebody/bin/slipway", app: "/home/somebody/bin/pingpong", machine: "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway", speed: 20,
		ports:    "You may not bind ports below 1024: a task finds such a port 10000 higher, as $PORT tells it.",
		services: []service{{cluster: "shop", name: "web", repository: "shop/web"}, serviceOf("shop", types.Service{ServiceName: aws.String("other"), Tags: tags})}}
	page := w.String()
	if wide := tooWide(page); wide != "" {
		t.Errorf("%d columns: %s", len(wide), wide)
	}
	words := strings.Join(strings.Fields(page), " ")
	for _, want := range []string{"shop/other, not opted in: tag slipway:repositry is none of Slipway's: write slipway:repository", `AWS_DEFAULT_REGION=eu-west-1 \ AWS_ACCESS_KEY_ID=test`,
		`slipway image /home/somebody/bin/pingpong \ --to 127.0.0.1:45660/shop/web:v2 --env REQUIRES=DB_HOST`,
		`list-executions --state-machine-arn \ arn:aws:states:eu-west-1:123456789012:stateMachine:slipway \ --query 'executions[].[status,name]' --output text`} {
		if !strings.Contains(words, want) {
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
	w.services = nil
	if wide := tooWide(w.String()); wide != "" {
		t.Errorf("without services, %d columns: %s", len(wide), wide)
	}
}

func TestCommandsCanBeTyped(t *testing.T) {
	for program, want := range map[string]string{
		"bin/slipway": "bin/slipway", "/usr/bin/slipway": "/usr/bin/slipway", "/home/me/go-build/slipway": "/home/me/go-build/slipway",
		"/tmp/go-build1938977992/b001/exe/slipway": "go run ./cmd/slipway",
	} {
		if got := typed(program); got != want {
			t.Errorf("%s: got %q, want %q", program, got, want)
		}
	}
	w := welcome{command: "bin/slipway", app: "bin/none", registry: "127.0.0.1:1", machine: "arn:machine", services: []service{{cluster: "shop", name: "web", repository: "shop/web"}}}
	if page := w.String(); !strings.Contains(page, "bin/none is not built: type `make tools`") {
		t.Errorf("the page does not say that the program is missing:\n%s", page)
	}
	w.built = true
	if page := w.String(); strings.Contains(page, "make tools") || strings.Contains(page, "$(") || !strings.Contains(page, "aws stepfunctions list-executions --state-machine-arn arn:machine") {
		t.Errorf("the page:\n%s", page)
	}
}
