package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
)

// The template that the document gives to people with a service of their own deploys as it stands.
func TestOwnServiceOfTheDocument(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)\n## Your own service\n.*?\n```yaml\n(.*?)```\n").FindSubmatch(document)
	if found == nil {
		t.Fatal(`docs/cli.md has no section "Your own service" with a template`)
	}
	template := filepath.Join(t.TempDir(), "api.yaml")
	if err := os.WriteFile(template, found[1], 0o600); err != nil {
		t.Fatal(err)
	}
	app, err := pingpong()
	if err != nil {
		t.Fatal(err)
	}
	dir := linked(t)
	local := start(t, dir, "local", "--port=0", "--speed=40", "--functions="+dir, "--app="+app, "--template=../../template.yaml", "--stack=api="+template)
	local.until("service        api/api deploys what is pushed to api")
	local.until("--to ")
	_, address, _ := strings.Cut(local.seen[len(local.seen)-1], "--to ")
	if status, out, errs := typed(t, filepath.Join(dir, "slipway"), "image", app, "--to", address); status != 0 {
		t.Fatalf("the push: %s%s", out, errs)
	}
	local.until("-  api/api v1: is to run as api:2")
	local.until("ok api/api v1: Deployed: api v1 deployed in ")
	aws := awssdk.Config{Region: "eu-west-1", BaseEndpoint: awssdk.String("http://" + strings.TrimSuffix(address, "/api:v1")), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	if _, err := ecr.NewFromConfig(aws).CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: awssdk.String("other")}); err != nil {
		t.Fatal(err)
	}
	if status, out, errs := typed(t, filepath.Join(dir, "slipway"), "image", app, "--to", strings.Replace(address, "/api:", "/other:", 1)); status != 0 {
		t.Fatalf("the second push: %s%s", out, errs)
	}
	local.until("-  push other:v1: no service follows it")
	if code, _ := local.end(syscall.SIGINT); code != 0 || local.errors.Len() > 0 {
		t.Errorf("it ended with %d and said %s", code, &local.errors)
	}
}
