package lambda_test

import (
	"errors"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Every operation is found by the SDK's client at its path.
func TestOperationsOverREST(t *testing.T) {
	b := newBench(t, 1)
	ctx, client := t.Context(), b.client()
	name := new("f")
	step := func(what string, err error, ok bool) {
		t.Helper()
		if err != nil || !ok {
			t.Fatalf("%s: %v (%t)", what, err, ok)
		}
	}

	created, err := client.CreateFunction(ctx, &sdk.CreateFunctionInput{FunctionName: name, Role: new("arn:aws:iam::123456789012:role/r"),
		Code: &types.FunctionCode{S3Key: new("dist/f")}, Runtime: types.RuntimeProvidedal2023, Handler: new("bootstrap"), Timeout: new(int32(7))})
	step("CreateFunction", err, created != nil && *created.Version == "$LATEST")
	updated, err := client.UpdateFunctionConfiguration(ctx, &sdk.UpdateFunctionConfigurationInput{FunctionName: name, MemorySize: new(int32(256))})
	step("UpdateFunctionConfiguration", err, updated != nil && *updated.MemorySize == 256)
	code, err := client.UpdateFunctionCode(ctx, &sdk.UpdateFunctionCodeInput{FunctionName: name, S3Key: new("dist/g")})
	step("UpdateFunctionCode", err, code != nil && *code.CodeSha256 != *created.CodeSha256)
	config, err := client.GetFunctionConfiguration(ctx, &sdk.GetFunctionConfigurationInput{FunctionName: name})
	step("GetFunctionConfiguration", err, config != nil && *config.Timeout == 7 && *config.MemorySize == 256)
	version, err := client.PublishVersion(ctx, &sdk.PublishVersionInput{FunctionName: name})
	step("PublishVersion", err, version != nil && *version.Version == "1")
	versions, err := client.ListVersionsByFunction(ctx, &sdk.ListVersionsByFunctionInput{FunctionName: name, MaxItems: new(int32(1))})
	step("ListVersionsByFunction", err, versions != nil && len(versions.Versions) == 1 && versions.NextMarker != nil)
	for _, a := range []string{"blue", "live"} {
		_, err = client.CreateAlias(ctx, &sdk.CreateAliasInput{FunctionName: name, Name: &a, FunctionVersion: new("1")})
		step("CreateAlias "+a, err, true)
	}
	alias, err := client.UpdateAlias(ctx, &sdk.UpdateAliasInput{FunctionName: name, Name: new("live"), Description: new("d")})
	step("UpdateAlias", err, alias != nil && *alias.Description == "d")
	got, err := client.GetAlias(ctx, &sdk.GetAliasInput{FunctionName: name, Name: new("live")})
	step("GetAlias", err, got != nil && *got.FunctionVersion == "1")
	var aliases []string
	for pages := sdk.NewListAliasesPaginator(client, &sdk.ListAliasesInput{FunctionName: name, FunctionVersion: new("1"), MaxItems: new(int32(1))}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		step("ListAliases", err, page != nil)
		for _, a := range page.Aliases {
			aliases = append(aliases, *a.Name)
		}
	}
	step("ListAliases", nil, len(aliases) == 2 && aliases[0] == "blue" && aliases[1] == "live")
	function, err := client.GetFunction(ctx, &sdk.GetFunctionInput{FunctionName: name, Qualifier: new("live")})
	step("GetFunction", err, function != nil && *function.Configuration.Version == "1")
	functions, err := client.ListFunctions(ctx, &sdk.ListFunctionsInput{})
	step("ListFunctions", err, functions != nil && len(functions.Functions) == 1)
	_, err = client.DeleteFunction(ctx, &sdk.DeleteFunctionInput{FunctionName: name})
	step("DeleteFunction", err, true)
	var gone *types.ResourceNotFoundException
	if _, err = client.GetFunction(ctx, &sdk.GetFunctionInput{FunctionName: name}); !errors.As(err, &gone) {
		t.Errorf("a deleted function: %v", err)
	}
}

func TestSettingsOfFunctionsOverREST(t *testing.T) {
	b := newBench(t, 1)
	ctx, client := t.Context(), b.client()
	name := new("f")
	if _, err := client.CreateFunction(ctx, &sdk.CreateFunctionInput{FunctionName: name, Role: new("r"), Code: &types.FunctionCode{S3Key: new("k")}}); err != nil {
		t.Fatal(err)
	}

	if got, err := client.GetFunctionConcurrency(ctx, &sdk.GetFunctionConcurrencyInput{FunctionName: name}); err != nil || got.ReservedConcurrentExecutions != nil {
		t.Errorf("before it is reserved: %+v, %v", got, err)
	}
	if _, err := client.PutFunctionConcurrency(ctx, &sdk.PutFunctionConcurrencyInput{FunctionName: name, ReservedConcurrentExecutions: new(int32(2))}); err != nil {
		t.Fatal(err)
	}
	if got, err := client.GetFunctionConcurrency(ctx, &sdk.GetFunctionConcurrencyInput{FunctionName: name}); err != nil || *got.ReservedConcurrentExecutions != 2 {
		t.Errorf("after it was reserved: %+v, %v", got, err)
	}

	var none *types.ResourceNotFoundException
	if _, err := client.GetFunctionEventInvokeConfig(ctx, &sdk.GetFunctionEventInvokeConfigInput{FunctionName: name}); !errors.As(err, &none) {
		t.Errorf("no event invoke config: %v", err)
	}
	queue := "arn:aws:sqs:eu-west-1:123456789012:dead"
	_, err := client.PutFunctionEventInvokeConfig(ctx, &sdk.PutFunctionEventInvokeConfigInput{FunctionName: name, MaximumRetryAttempts: new(int32(1)),
		DestinationConfig: &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: &queue}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.GetFunctionEventInvokeConfig(ctx, &sdk.GetFunctionEventInvokeConfigInput{FunctionName: name})
	if err != nil || *got.MaximumRetryAttempts != 1 || *got.DestinationConfig.OnFailure.Destination != queue || got.LastModified.IsZero() {
		t.Errorf("event invoke config %+v, %v", got, err)
	}

	_, err = client.AddPermission(ctx, &sdk.AddPermissionInput{FunctionName: name, StatementId: new("s"), Action: new("lambda:InvokeFunction"), Principal: new("events.amazonaws.com")})
	if err != nil {
		t.Fatal(err)
	}
	if policy, err := client.GetPolicy(ctx, &sdk.GetPolicyInput{FunctionName: name}); err != nil || policy.Policy == nil {
		t.Errorf("policy %+v, %v", policy, err)
	}
	if _, err := client.RemovePermission(ctx, &sdk.RemovePermissionInput{FunctionName: name, StatementId: new("s")}); err != nil {
		t.Errorf("RemovePermission: %v", err)
	}
}
