package local

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// many is a template with more services than a page of ListServices holds, one of which has a tag that says nothing.
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
	for i := range 12 {
		bake := "1m"
		if i == 11 {
			bake = "banana"
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
      Tags: [{Key: "slipway:repository", Value: many}, {Key: "slipway:bake", Value: %s}]
`, i, i, bake)
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
	const want = `many/web11 can deploy nothing that is pushed to many: tag slipway:bake is "banana": write a duration`
	if !strings.Contains(out.String(), want) {
		t.Errorf("%q is not in\n%s", want, out)
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
