package ssm_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
	"slipway/awssim/ssm"
)

var background = context.Background()

type world struct {
	*sdk.Client
	t       *testing.T
	clock   *clock.Clock
	service *ssm.Service
}

func start(t *testing.T) world {
	c := clock.New(clock.Epoch, 1)
	s := ssm.New(c, protocol.Default)
	return world{sdk.NewFromConfig(protocoltest.Config(c, s.API())), t, c, s}
}

func (w world) put(name, text string) int64 {
	w.t.Helper()
	out, err := w.PutParameter(background, &sdk.PutParameterInput{Name: &name, Value: &text, Type: "String", Overwrite: new(true)})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Version
}

func TestVersions(t *testing.T) {
	w := start(t)
	w.put("/slipway/shop/web/image", "first")
	w.clock.RunFor(time.Hour)
	if got := w.put("/slipway/shop/web/image", "second"); got != 2 {
		t.Errorf("got version %d, want 2", got)
	}
	_, err := w.PutParameter(background, &sdk.PutParameterInput{Name: new("/slipway/shop/web/image"), Value: new("third"), Type: "String"})
	protocoltest.Refused(t, err, "ParameterAlreadyExists")

	arn := "arn:aws:ssm:eu-west-1:123456789012:parameter/slipway/shop/web/image"
	for reference, want := range map[string]string{"/slipway/shop/web/image": "second", "/slipway/shop/web/image:1": "first", arn: "second", arn + ":1": "first"} {
		out, err := w.GetParameter(background, &sdk.GetParameterInput{Name: &reference})
		if err != nil {
			t.Errorf("%s: %v", reference, err)
			continue
		}
		if p := out.Parameter; *p.Value != want || *p.ARN != arn || *p.DataType != "text" || *p.Name != "/slipway/shop/web/image" {
			t.Errorf("%s: got %s of %s, want %s", reference, *p.Value, *p.ARN, want)
		}
	}
	out, err := w.GetParameter(background, &sdk.GetParameterInput{Name: &arn})
	if err != nil || !out.Parameter.LastModifiedDate.Equal(clock.Epoch.Add(time.Hour)) {
		t.Errorf("got %v, %v, want it modified an hour after the start", out, err)
	}
	for reference, want := range map[string]string{"/slipway/shop/web/image": "second", arn + ":1": "first", "/none": "", arn + ":9": ""} {
		if got, ok := w.service.Value(reference); got != want || ok != (want != "") {
			t.Errorf("value of %s: got %q, %v, want %q", reference, got, ok, want)
		}
	}
	_, err = w.GetParameter(background, &sdk.GetParameterInput{Name: new("/slipway/shop/web/image:3")})
	protocoltest.Refused(t, err, "ParameterVersionNotFound")
}

func TestSecureStringsHide(t *testing.T) {
	w := start(t)
	if _, err := w.PutParameter(background, &sdk.PutParameterInput{Name: new("token"), Value: new("hush"), Type: "SecureString"}); err != nil {
		t.Fatal(err)
	}
	for decrypt, want := range map[bool]bool{true: true, false: false} {
		out, err := w.GetParameters(background, &sdk.GetParametersInput{Names: []string{"token", "other"}, WithDecryption: new(decrypt)})
		if err != nil || len(out.Parameters) != 1 {
			t.Fatalf("got %v, %v", out, err)
		}
		if got := strings.Contains(*out.Parameters[0].Value, "hush"); got != want {
			t.Errorf("decryption %v shows %s", decrypt, *out.Parameters[0].Value)
		}
		if diff := cmp.Diff([]string{"other"}, out.InvalidParameters); diff != "" {
			t.Error(diff)
		}
	}
}

func TestByPath(t *testing.T) {
	w := start(t)
	for i := range 12 {
		w.put(fmt.Sprintf("/shop/%02d", i), "x")
	}
	w.put("/shop/deep/er", "x")
	w.put("/shopping", "x")
	for _, c := range []struct {
		path      string
		recursive bool
		want      int
	}{{"/shop", false, 12}, {"/shop/", true, 13}, {"/", true, 14}, {"/", false, 1}, {"/none", true, 0}} {
		got := 0
		pages := sdk.NewGetParametersByPathPaginator(w, &sdk.GetParametersByPathInput{Path: &c.path, Recursive: &c.recursive, MaxResults: new(int32(5))})
		for pages.HasMorePages() {
			out, err := pages.NextPage(background)
			if err != nil {
				t.Fatal(err)
			}
			got += len(out.Parameters)
		}
		if got != c.want {
			t.Errorf("%s, recursive %v: got %d, want %d", c.path, c.recursive, got, c.want)
		}
	}
}

func TestTagsAndDeletion(t *testing.T) {
	w := start(t)
	w.put("name", "x")
	_, err := w.AddTagsToResource(background, &sdk.AddTagsToResourceInput{ResourceType: "Parameter", ResourceId: new("name"), Tags: []types.Tag{{Key: new("b"), Value: new("2")}, {Key: new("a"), Value: new("1")}}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.ListTagsForResource(background, &sdk.ListTagsForResourceInput{ResourceType: "Parameter", ResourceId: new("name")})
	if err != nil || len(out.TagList) != 2 || *out.TagList[0].Key != "a" {
		t.Errorf("got %v, %v", out, err)
	}
	if _, err := w.DeleteParameter(background, &sdk.DeleteParameterInput{Name: new("name")}); err != nil {
		t.Fatal(err)
	}
	_, err = w.DeleteParameter(background, &sdk.DeleteParameterInput{Name: new("name")})
	protocoltest.Refused(t, err, "ParameterNotFound")
	if got := w.put("name", "x"); got != 1 {
		t.Errorf("got version %d of a parameter made anew, want 1", got)
	}
}

func TestRefusedParameters(t *testing.T) {
	w := start(t)
	for name, in := range map[string]*sdk.PutParameterInput{
		"ValidationException 1":                {Name: new("a b"), Value: new("x"), Type: "String"},
		"ValidationException 2":                {Name: new("a/b"), Value: new("x"), Type: "String"},
		"ValidationException 3":                {Name: new("a"), Value: new(strings.Repeat("x", 4097)), Type: "String"},
		"ValidationException 4":                {Name: new("a"), Value: new("x")},
		"ValidationException 5":                {Name: new("a"), Value: new("x"), Type: "String", AllowedPattern: new("x")},
		"ValidationException 6":                {Name: new("a"), Value: new("x"), Type: "String", Tier: "Advanced"},
		"AccessDeniedException":                {Name: new("/aws/x"), Value: new("x"), Type: "String"},
		"HierarchyLevelLimitExceededException": {Name: new(strings.Repeat("/a", 16)), Value: new("x"), Type: "String"},
		"ValidationException 7":                {Name: new("a"), Value: new("x"), Type: "Number"},
	} {
		_, err := w.PutParameter(background, in)
		code, _, _ := strings.Cut(name, " ")
		protocoltest.Refused(t, err, code)
	}
	if _, ok := w.service.Value("a"); ok {
		t.Error("a refused parameter is there")
	}
}
