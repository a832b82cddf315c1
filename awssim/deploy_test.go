package awssim_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	taggingtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"slipway/awssim"
)

func taskDefinition() *ecs.RegisterTaskDefinitionInput {
	return &ecs.RegisterTaskDefinitionInput{
		Family: new("web"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: new("web"), Image: new("123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1"), Memory: new(int32(128)),
		}},
	}
}

func imageTag(tag string) []ecrtypes.ImageIdentifier {
	return []ecrtypes.ImageIdentifier{{ImageTag: &tag}}
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

// The API answers with a repository's properties as the template has them.
func TestRepositoryKeepsItsSettings(t *testing.T) {
	sim := newSim(t)
	file := write(t, t.TempDir(), "r.yaml", `Resources:
  R:
    Type: AWS::ECR::Repository
    Properties:
      RepositoryName: web
      EncryptionConfiguration: {EncryptionType: KMS, KmsKey: key-1}
      ImageScanningConfiguration: {ScanOnPush: true}
      LifecyclePolicy: {LifecyclePolicyText: '{"rules":[]}'}
`)
	if _, err := sim.Deploy("r", file, nil); err != nil {
		t.Fatal(err)
	}
	client := ecr.NewFromConfig(sim.Config("test"))
	policy, err := client.GetLifecyclePolicy(t.Context(), &ecr.GetLifecyclePolicyInput{RepositoryName: new("web")})
	if err != nil || *policy.LifecyclePolicyText != `{"rules":[]}` {
		t.Errorf("got the policy %v, %v", policy, err)
	}
	out, err := client.DescribeRepositories(t.Context(), &ecr.DescribeRepositoriesInput{})
	if err != nil {
		t.Fatal(err)
	}
	if r := out.Repositories[0]; r.EncryptionConfiguration.EncryptionType != ecrtypes.EncryptionTypeKms || *r.EncryptionConfiguration.KmsKey != "key-1" || !r.ImageScanningConfiguration.ScanOnPush {
		t.Errorf("got encryption %+v, scanning %+v", r.EncryptionConfiguration, r.ImageScanningConfiguration)
	}
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

// The whole product: every Ref and GetAtt resolves against what the services really answer.
func TestDeployTheProduct(t *testing.T) {
	sim := newSim(t)
	stack, err := sim.Deploy("slipway", "../template.yaml", map[string]string{"NotificationEmail": "ops@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cfg := context.Background(), sim.Config("k")
	machines, err := sfn.NewFromConfig(cfg).ListStateMachines(ctx, nil)
	if err != nil || len(machines.StateMachines) != 1 || *machines.StateMachines[0].StateMachineArn != "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway" {
		t.Fatalf("machines %+v, error %v", machines, err)
	}
	described, err := sfn.NewFromConfig(cfg).DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: machines.StateMachines[0].StateMachineArn})
	if err != nil || !strings.Contains(*described.Definition, "arn:aws:lambda:eu-west-1:123456789012:function:slipway-claim:1") {
		t.Errorf("the machine does not call version 1 of claim (error %v)", err)
	}
	rules, err := eventbridge.NewFromConfig(cfg).ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: new("slipway-image-pushed")})
	if err != nil || len(rules.Targets) != 1 || *rules.Targets[0].Arn != "arn:aws:lambda:eu-west-1:123456789012:function:slipway-push:live" {
		t.Errorf("targets %+v, error %v", rules, err)
	}
	table, err := dynamodb.NewFromConfig(cfg).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: new("slipway")})
	if err != nil || len(table.Table.KeySchema) != 2 {
		t.Errorf("table %+v, error %v", table, err)
	}
	if next, ok := stack.Output("NextStep"); !ok || !strings.Contains(next, "key=slipway:repository") {
		t.Errorf("next step %q", next)
	}
	push, ok := stack.Resource("PushRole")
	if !ok {
		t.Fatal("no role for push")
	}
	arn := push.Attributes["Arn"].(string)
	who, err := sts.NewFromConfig(sim.Config(awssim.AccessKey(arn))).GetCallerIdentity(ctx, nil)
	if err != nil || !strings.Contains(*who.Arn, ":assumed-role/"+push.PhysicalID+"/") {
		t.Errorf("the role's session is %v, error %v", who, err)
	}
}

func TestDeployAService(t *testing.T) {
	sim := newSim(t)
	stack, err := sim.Deploy("shop", "testdata/service.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cfg := context.Background(), sim.Config("k")
	services, err := ecs.NewFromConfig(cfg).DescribeServices(ctx, &ecs.DescribeServicesInput{
		Cluster: new("shop"), Services: []string{"web"}, Include: []types.ServiceField{types.ServiceFieldTags},
	})
	if err != nil || len(services.Services) != 1 {
		t.Fatalf("services %+v, error %v", services, err)
	}
	service := services.Services[0]
	if service.DesiredCount != 0 || len(service.LoadBalancers) != 1 || len(service.NetworkConfiguration.AwsvpcConfiguration.Subnets) != 2 {
		t.Errorf("service %+v", service)
	}
	described, err := ecs.NewFromConfig(cfg).DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: service.TaskDefinition})
	if err != nil {
		t.Fatal(err)
	}
	web := described.TaskDefinition.ContainerDefinitions[0]
	if *web.Image != "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:first" || web.DockerLabels["My.Label"] != "kept" ||
		web.LogConfiguration.Options["awslogs-group"] != "/shop/web" || *web.Secrets[0].ValueFrom != "/shop/DB_HOST" {
		t.Errorf("container %+v", web)
	}
	host, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{Name: new("/shop/DB_HOST")})
	if err != nil || !strings.HasSuffix(*host.Parameter.Value, ".eu-west-1.rds.amazonaws.com") {
		t.Errorf("database at %v, error %v", host, err)
	}
	tagged, err := tagging.NewFromConfig(cfg).GetResources(ctx, &tagging.GetResourcesInput{
		ResourceTypeFilters: []string{"ecs:service"}, TagFilters: []taggingtypes.TagFilter{{Key: new("slipway:repository")}},
	})
	if err != nil || len(tagged.ResourceTagMappingList) != 1 {
		t.Errorf("followers %+v, error %v", tagged, err)
	}
	if url, _ := stack.Output("Url"); !strings.HasPrefix(url, "http://shop-Balancer-") {
		t.Errorf("the service is at %s", url)
	}
}

const propertiesTemplate = `
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      DeletionProtectionEnabled: true
  Group:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: orders, DeletionProtectionEnabled: true}
  Parameter:
    Type: AWS::SSM::Parameter
    Properties: {Name: /orders, Type: String, Value: v, Tags: {team: shop}}
  Rule:
    Type: AWS::Events::Rule
    Properties: {Name: orders, EventPattern: {source: [shop]}, Tags: [{Key: team, Value: shop}]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Description: nobody reads this here
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]}
`

// Properties that the services implement reach them, and those without an effect keep nothing from being created.
func TestDeployedPropertiesArrive(t *testing.T) {
	sim := newSim(t)
	if _, err := sim.Deploy("orders", write(t, t.TempDir(), "orders.yaml", propertiesTemplate), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cfg := context.Background(), sim.Config("k")
	if _, err := dynamodb.NewFromConfig(cfg).DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: new("orders")}); err == nil {
		t.Error("the table was deleted in spite of its protection")
	}
	if _, err := cloudwatchlogs.NewFromConfig(cfg).DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: new("orders")}); err == nil {
		t.Error("the log group was deleted in spite of its protection")
	}
	tags, err := ssm.NewFromConfig(cfg).ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{ResourceType: ssmtypes.ResourceTypeForTaggingParameter, ResourceId: new("/orders")})
	if err != nil || len(tags.TagList) != 1 || *tags.TagList[0].Value != "shop" {
		t.Errorf("tags of the parameter %+v, error %v", tags, err)
	}
}

// A property that nothing here could honour is refused with its place in the template, before anything is created.
func TestDeployRefusesPropertiesThatItCannotKeep(t *testing.T) {
	for property, resource := range map[string]string{
		"AllowedPattern":       "{Type: AWS::SSM::Parameter, Properties: {Name: /a, Type: String, Value: v, AllowedPattern: v+}}",
		"KmsKeyArn":            "{Type: AWS::Scheduler::Schedule, Properties: {ScheduleExpression: rate(1 hour), FlexibleTimeWindow: {Mode: 'OFF'}, KmsKeyArn: arn:k}}",
		"PlacementConstraints": "{Type: AWS::ECS::Service, Properties: {TaskDefinition: web, PlacementConstraints: [{Type: distinctInstance}]}}",
	} {
		sim := newSim(t)
		_, err := sim.Deploy("one", write(t, t.TempDir(), "one.yaml", "Resources:\n  One: "+resource+"\n"), nil)
		if err == nil || !strings.Contains(err.Error(), "one.yaml:2:") || !strings.Contains(err.Error(), "awssim knows no property "+property) {
			t.Errorf("%s: got %v", property, err)
		}
	}
}

// A stack may be given a network that is not this stack's.
func TestDeployIntoAForeignNetwork(t *testing.T) {
	sim := newSim(t)
	_, err := sim.Deploy("pingpong", "../examples/pingpong/service.yaml", map[string]string{
		"VpcId": "vpc-other", "PublicSubnetIds": "subnet-public-a,subnet-public-b", "PrivateSubnetIds": awssim.DefaultSubnet("c"),
	})
	if err != nil {
		t.Fatal(err)
	}
}
