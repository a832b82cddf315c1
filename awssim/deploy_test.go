package awssim_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func taskDefinition() *ecs.RegisterTaskDefinitionInput {
	return &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("web"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("web"), Image: aws.String("123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1"), Memory: aws.Int32(128),
		}},
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestDeployRefuses(t *testing.T) {
	sim := newSim(t)
	dir := t.TempDir()
	one := write(t, dir, "one.yaml", "Resources:\n  Group: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: web}}\n")
	if _, err := sim.Deploy("one", one, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Deploy("one", one, nil); err == nil || !strings.Contains(err.Error(), "there is a stack one already") {
		t.Errorf("error %v, want that the stack exists", err)
	}
	_, err := sim.Deploy("two", one, nil)
	if err == nil || !strings.Contains(err.Error(), "one.yaml:2:3: create Group (AWS::Logs::LogGroup): ResourceAlreadyExistsException") {
		t.Errorf("error %v, want the service's own with the place in the template", err)
	}
	if len(sim.Stacks()) != 2 {
		t.Errorf("%d stacks, want the half made one to stay", len(sim.Stacks()))
	}
}
