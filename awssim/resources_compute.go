package awssim

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"slipway/awssim/cloudformation"
	"slipway/awssim/protocol"
)

func (p *provider) function(id string, in properties) (cloudformation.Resource, error) {
	name := p.name(in.text("FunctionName"), id, 64)
	call := in.only("Architectures", "Description", "Environment", "Handler", "LoggingConfig", "MemorySize", "PackageType", "Role", "Runtime",
		"Timeout", "TracingConfig")
	call["FunctionName"] = name
	call["Tags"] = in.tagMap()
	call["Code"] = in["Code"]
	if folder := in.sub("Code").text(cloudformation.LocalCode); folder != "" {
		call["Code"] = map[string]any{"S3Key": folder} // a folder on this machine, as awssim/lambda takes it
	}
	out, err := invoke[lambda.CreateFunctionOutput](p.sim.api("lambda"), "CreateFunction", call)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	if in["ReservedConcurrentExecutions"] != nil {
		call := in.only("ReservedConcurrentExecutions")
		call["FunctionName"] = name
		if _, err := p.sim.api("lambda").Invoke("PutFunctionConcurrency", call); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(name, "Arn", *out.FunctionArn), nil
}

func (p *provider) version(id string, in properties) (cloudformation.Resource, error) {
	out, err := invoke[lambda.PublishVersionOutput](p.sim.api("lambda"), "PublishVersion", in.only("FunctionName", "Description"))
	if err != nil {
		return cloudformation.Resource{}, err
	}
	return made(*out.FunctionArn, "Version", *out.Version, "FunctionArn", *out.FunctionArn), nil
}

func (p *provider) alias(id string, in properties) (cloudformation.Resource, error) {
	out, err := invoke[lambda.CreateAliasOutput](p.sim.api("lambda"), "CreateAlias", in)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	return made(*out.AliasArn, "AliasArn", *out.AliasArn), nil
}

func (p *provider) permission(id string, in properties) (cloudformation.Resource, error) {
	statement := p.name("", id, 100)
	call := in.only("Action", "FunctionName", "Principal", "SourceAccount", "SourceArn")
	call["StatementId"] = statement
	if _, err := p.sim.api("lambda").Invoke("AddPermission", call); err != nil {
		return cloudformation.Resource{}, err
	}
	return made(statement, "Id", statement), nil
}

func (p *provider) eventInvokeConfig(id string, in properties) (cloudformation.Resource, error) {
	if _, err := p.sim.api("lambda").Invoke("PutFunctionEventInvokeConfig", in); err != nil {
		return cloudformation.Resource{}, err
	}
	return made(in.text("FunctionName") + "|" + in.text("Qualifier")), nil
}

func (p *provider) stateMachine(id string, in properties) (cloudformation.Resource, error) {
	name := p.name(in.text("StateMachineName"), id, 80)
	call := in.only("DefinitionString=Definition", "RoleArn", "LoggingConfiguration", "TracingConfiguration", "StateMachineType=Type", "Tags")
	call["Name"] = name
	out, err := invoke[sfn.CreateStateMachineOutput](p.sim.api("states"), "CreateStateMachine", call)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	return made(*out.StateMachineArn, "Arn", *out.StateMachineArn, "Name", name), nil
}

func (p *provider) cluster(id string, in properties) (cloudformation.Resource, error) {
	call := in.only("CapacityProviders", "ClusterSettings=Settings", "DefaultCapacityProviderStrategy")
	call["ClusterName"] = p.name(in.text("ClusterName"), id, 255)
	call["Tags"] = p.stackTags(in, id)
	out, err := invoke[ecs.CreateClusterOutput](p.sim.api("ecs"), "CreateCluster", call)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	return made(*out.Cluster.ClusterName, "Arn", *out.Cluster.ClusterArn), nil
}

// taskDefinition goes through the SDK's type: RegisterTaskDefinition is kept as it came, and must come in the API's own names.
func (p *provider) taskDefinition(id string, in properties) (cloudformation.Resource, error) {
	call := in.only("ContainerDefinitions", "Cpu", "EnableFaultInjection", "EphemeralStorage", "ExecutionRoleArn", "IpcMode", "Memory", "NetworkMode", "PidMode",
		"PlacementConstraints", "ProxyConfiguration", "RequiresCompatibilities", "RuntimePlatform", "TaskRoleArn", "Volumes")
	call["Family"] = p.name(in.text("Family"), id, 255)
	call["Tags"] = p.stackTags(in, id)
	body, err := json.Marshal(call)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	var typed ecs.RegisterTaskDefinitionInput
	if err := protocol.DecodeJSON(body, &typed); err != nil {
		return cloudformation.Resource{}, err
	}
	if body, err = protocol.EncodeJSON(&typed, false); err != nil {
		return cloudformation.Resource{}, err
	}
	out, err := p.sim.api("ecs").Invoke("RegisterTaskDefinition", json.RawMessage(body))
	if err != nil {
		return cloudformation.Resource{}, err
	}
	d, err := definitionIn(out)
	return made(d.TaskDefinitionArn, "TaskDefinitionArn", d.TaskDefinitionArn), err
}

// definition is what the provider and the policies read of a task definition.
type definition struct{ TaskDefinitionArn, TaskRoleArn, ExecutionRoleArn string }

// definitionIn reads the answer of RegisterTaskDefinition or DescribeTaskDefinition, which is raw JSON.
func definitionIn(out any) (definition, error) {
	body, ok := out.(json.RawMessage)
	if !ok {
		return definition{}, fmt.Errorf("ecs answered %T for a task definition", out)
	}
	var answer struct{ TaskDefinition definition }
	err := json.Unmarshal(body, &answer)
	return answer.TaskDefinition, err
}

// service is created and not waited for: CloudFormation itself would wait until it is steady.
func (p *provider) service(id string, in properties) (cloudformation.Resource, error) {
	call := in.only("AvailabilityZoneRebalancing", "CapacityProviderStrategy", "Cluster", "DeploymentConfiguration", "DeploymentController", "DesiredCount",
		"EnableECSManagedTags", "EnableExecuteCommand", "HealthCheckGracePeriodSeconds", "LaunchType", "LoadBalancers", "NetworkConfiguration",
		"PlacementStrategies=PlacementStrategy", "PlatformVersion", "PropagateTags", "Role", "SchedulingStrategy", "TaskDefinition")
	call["ServiceName"] = p.name(in.text("ServiceName"), id, 255)
	call["Tags"] = p.stackTags(in, id)
	if in["DesiredCount"] == nil && in.text("SchedulingStrategy") != "DAEMON" {
		call["DesiredCount"] = 1
	}
	out, err := invoke[ecs.CreateServiceOutput](p.sim.api("ecs"), "CreateService", call)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	return made(*out.Service.ServiceArn, "ServiceArn", *out.Service.ServiceArn, "Name", *out.Service.ServiceName), nil
}

func (p *provider) loadBalancer(id string, in properties) (cloudformation.Resource, error) {
	call := in.only("IpAddressType", "Scheme", "SecurityGroups", "SubnetMappings", "Subnets", "Type")
	call["Name"] = p.name(in.text("Name"), id, 32)
	call["Tags"] = p.stackTags(in, id)
	api := p.sim.api("elasticloadbalancing")
	out, err := invoke[elb.CreateLoadBalancerOutput](api, "CreateLoadBalancer", call)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	lb := out.LoadBalancers[0]
	if attributes := in.list("LoadBalancerAttributes"); len(attributes) > 0 {
		if _, err := api.Invoke("ModifyLoadBalancerAttributes", map[string]any{"LoadBalancerArn": *lb.LoadBalancerArn, "Attributes": attributes}); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(*lb.LoadBalancerArn, "LoadBalancerArn", *lb.LoadBalancerArn, "LoadBalancerName", *lb.LoadBalancerName,
		"LoadBalancerFullName", afterFirst(*lb.LoadBalancerArn, ":loadbalancer/"), "DNSName", *lb.DNSName,
		"CanonicalHostedZoneID", aws.ToString(lb.CanonicalHostedZoneId)), nil
}

func (p *provider) targetGroup(id string, in properties) (cloudformation.Resource, error) {
	call := in.only("HealthCheckEnabled", "HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol",
		"HealthCheckTimeoutSeconds", "HealthyThresholdCount", "IpAddressType", "Matcher", "Port", "Protocol", "ProtocolVersion", "TargetType",
		"UnhealthyThresholdCount", "VpcId")
	call["Name"] = p.name(in.text("Name"), id, 32)
	call["Tags"] = p.stackTags(in, id)
	api := p.sim.api("elasticloadbalancing")
	out, err := invoke[elb.CreateTargetGroupOutput](api, "CreateTargetGroup", call)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	arn := *out.TargetGroups[0].TargetGroupArn
	if attributes := in.list("TargetGroupAttributes"); len(attributes) > 0 {
		if _, err := api.Invoke("ModifyTargetGroupAttributes", map[string]any{"TargetGroupArn": arn, "Attributes": attributes}); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	if targets := in.list("Targets"); len(targets) > 0 {
		if _, err := api.Invoke("RegisterTargets", map[string]any{"TargetGroupArn": arn, "Targets": targets}); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(arn, "TargetGroupArn", arn, "TargetGroupName", *out.TargetGroups[0].TargetGroupName,
		"TargetGroupFullName", "targetgroup/"+afterFirst(arn, ":targetgroup/")), nil
}

func (p *provider) listener(id string, in properties) (cloudformation.Resource, error) {
	out, err := invoke[elb.CreateListenerOutput](p.sim.api("elasticloadbalancing"), "CreateListener",
		in.only("Certificates", "DefaultActions", "LoadBalancerArn", "Port", "Protocol", "SslPolicy"))
	if err != nil {
		return cloudformation.Resource{}, err
	}
	arn := *out.Listeners[0].ListenerArn
	return made(arn, "ListenerArn", arn), nil
}

func (p *provider) listenerRule(id string, in properties) (cloudformation.Resource, error) {
	out, err := invoke[elb.CreateRuleOutput](p.sim.api("elasticloadbalancing"), "CreateRule", in)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	arn := *out.Rules[0].RuleArn
	return made(arn, "RuleArn", arn), nil
}
