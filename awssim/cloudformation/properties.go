package cloudformation

import (
	"slices"
	"sort"
	"strings"
)

// propertiesOf says which properties a resource type may have. Those with behaviour do here what they do on AWS; the others are accepted
// because a template needs them there, and change nothing here.
type propertiesOf struct{ behaviour, accepted []string }

func props(behaviour, accepted string) propertiesOf {
	return propertiesOf{strings.Fields(behaviour), strings.Fields(accepted)}
}

// resourceTypes are the types that a template may declare, or that the SAM transform makes.
var resourceTypes = map[string]propertiesOf{
	"AWS::Lambda::Function": props("Architectures Code Description Environment FunctionName Handler LoggingConfig MemorySize ReservedConcurrentExecutions Role Runtime Tags Timeout",
		"EphemeralStorage PackageType TracingConfig"),
	"AWS::Lambda::Version":           props("Description FunctionName", "CodeSha256"),
	"AWS::Lambda::Alias":             props("Description FunctionName FunctionVersion Name", ""),
	"AWS::Lambda::Permission":        props("Action FunctionName Principal SourceAccount SourceArn", ""),
	"AWS::Lambda::EventInvokeConfig": props("DestinationConfig FunctionName MaximumEventAgeInSeconds MaximumRetryAttempts Qualifier", ""),
	stateMachineType: props("DefinitionString DefinitionSubstitutions LoggingConfiguration RoleArn StateMachineName StateMachineType Tags",
		"TracingConfiguration"),

	"AWS::Events::Rule":        props("Description EventBusName EventPattern Name ScheduleExpression State Tags Targets", "RoleArn"),
	"AWS::Scheduler::Schedule": props("Description EndDate FlexibleTimeWindow GroupName Name ScheduleExpression ScheduleExpressionTimezone StartDate State Target", "KmsKeyArn"),
	"AWS::SQS::Queue": props("DelaySeconds MessageRetentionPeriod QueueName RedrivePolicy Tags VisibilityTimeout",
		"KmsMasterKeyId KmsDataKeyReusePeriodSeconds MaximumMessageSize ReceiveMessageWaitTimeSeconds SqsManagedSseEnabled RedriveAllowPolicy"),
	"AWS::SQS::QueuePolicy":  props("PolicyDocument Queues", ""),
	"AWS::SNS::Topic":        props("DisplayName Subscription Tags TopicName", "KmsMasterKeyId SignatureVersion TracingConfig"),
	"AWS::SNS::TopicPolicy":  props("PolicyDocument Topics", ""),
	"AWS::SNS::Subscription": props("Endpoint Protocol TopicArn", ""),
	"AWS::DynamoDB::Table": props("AttributeDefinitions BillingMode KeySchema TableName Tags TimeToLiveSpecification",
		"DeletionProtectionEnabled PointInTimeRecoverySpecification SSESpecification TableClass"),
	"AWS::Logs::LogGroup":  props("LogGroupName RetentionInDays Tags", "DeletionProtectionEnabled KmsKeyId LogGroupClass"),
	"AWS::SSM::Parameter":  props("Description Name Tags Type Value", "AllowedPattern DataType Tier"),
	"AWS::ECR::Repository": props("ImageTagMutability RepositoryName Tags", "EmptyOnDelete EncryptionConfiguration ImageScanningConfiguration LifecyclePolicy RepositoryPolicyText"),

	"AWS::ECS::Cluster": props("ClusterName ClusterSettings Tags", "CapacityProviders Configuration DefaultCapacityProviderStrategy ServiceConnectDefaults"),
	"AWS::ECS::TaskDefinition": props("ContainerDefinitions Cpu ExecutionRoleArn Family Memory NetworkMode RequiresCompatibilities RuntimePlatform Tags TaskRoleArn Volumes",
		"EphemeralStorage EnableFaultInjection IpcMode PidMode PlacementConstraints ProxyConfiguration"),
	"AWS::ECS::Service": props("CapacityProviderStrategy Cluster DeploymentConfiguration DeploymentController DesiredCount HealthCheckGracePeriodSeconds LaunchType LoadBalancers NetworkConfiguration PlacementConstraints PlacementStrategies PropagateTags SchedulingStrategy ServiceName Tags TaskDefinition",
		"AvailabilityZoneRebalancing EnableECSManagedTags EnableExecuteCommand PlatformVersion Role"),

	"AWS::ElasticLoadBalancingV2::LoadBalancer": props("Name Scheme Subnets Tags Type", "IpAddressType LoadBalancerAttributes SecurityGroups SubnetMappings"),
	"AWS::ElasticLoadBalancingV2::TargetGroup": props("HealthCheckEnabled HealthCheckIntervalSeconds HealthCheckPath HealthCheckPort HealthCheckProtocol HealthCheckTimeoutSeconds HealthyThresholdCount Matcher Name Port Protocol Tags TargetGroupAttributes TargetType Targets UnhealthyThresholdCount VpcId",
		"IpAddressType ProtocolVersion"),
	"AWS::ElasticLoadBalancingV2::Listener":     props("DefaultActions LoadBalancerArn Port Protocol", "Certificates ListenerAttributes SslPolicy"),
	"AWS::ElasticLoadBalancingV2::ListenerRule": props("Actions Conditions ListenerArn Priority", ""),

	"AWS::IAM::Role":            props("AssumeRolePolicyDocument Description ManagedPolicyArns Path Policies RoleName", "MaxSessionDuration PermissionsBoundary Tags"),
	"AWS::IAM::Policy":          props("PolicyDocument PolicyName Roles", ""),
	"AWS::IAM::ManagedPolicy":   props("ManagedPolicyName PolicyDocument Roles", "Description Path"),
	"AWS::IAM::InstanceProfile": props("", "InstanceProfileName Path Roles"),

	"AWS::EC2::VPC":                         props("", "CidrBlock EnableDnsHostnames EnableDnsSupport InstanceTenancy Tags"),
	"AWS::EC2::Subnet":                      props("", "AvailabilityZone CidrBlock MapPublicIpOnLaunch Tags VpcId"),
	"AWS::EC2::InternetGateway":             props("", "Tags"),
	"AWS::EC2::VPCGatewayAttachment":        props("", "InternetGatewayId VpcId"),
	"AWS::EC2::RouteTable":                  props("", "Tags VpcId"),
	"AWS::EC2::Route":                       props("", "DestinationCidrBlock DestinationPrefixListId GatewayId NatGatewayId RouteTableId VpcEndpointId"),
	"AWS::EC2::SubnetRouteTableAssociation": props("", "RouteTableId SubnetId"),
	"AWS::EC2::SecurityGroup":               props("", "GroupDescription GroupName SecurityGroupEgress SecurityGroupIngress Tags VpcId"),
	"AWS::EC2::SecurityGroupIngress":        props("", "CidrIp Description FromPort GroupId IpProtocol SourcePrefixListId SourceSecurityGroupId ToPort"),
	"AWS::EC2::SecurityGroupEgress":         props("", "CidrIp Description DestinationPrefixListId DestinationSecurityGroupId FromPort GroupId IpProtocol ToPort"),
	"AWS::EC2::EIP":                         props("", "Domain Tags"),
	"AWS::EC2::NatGateway":                  props("", "AllocationId ConnectivityType SubnetId Tags"),
	"AWS::EC2::VPCEndpoint":                 props("", "PolicyDocument PrivateDnsEnabled RouteTableIds SecurityGroupIds ServiceName SubnetIds Tags VpcEndpointType VpcId"),

	"AWS::RDS::DBInstance":       props("", "AllocatedStorage AutoMinorVersionUpgrade BackupRetentionPeriod DBInstanceClass DBInstanceIdentifier DBName DBSubnetGroupName DeletionProtection Engine EngineVersion KmsKeyId ManageMasterUserPassword MasterUserPassword MasterUsername MultiAZ Port PreferredBackupWindow PreferredMaintenanceWindow PubliclyAccessible StorageEncrypted StorageType Tags VPCSecurityGroups"),
	"AWS::RDS::DBSubnetGroup":    props("", "DBSubnetGroupDescription DBSubnetGroupName SubnetIds Tags"),
	"AWS::CloudWatch::Alarm":     props("", "ActionsEnabled AlarmActions AlarmDescription AlarmName ComparisonOperator DatapointsToAlarm Dimensions EvaluationPeriods ExtendedStatistic InsufficientDataActions MetricName Metrics Namespace OKActions Period Statistic Tags Threshold TreatMissingData Unit"),
	"AWS::CloudWatch::Dashboard": props("", "DashboardBody DashboardName"),
}

// checkProperties refuses a type or property that is not in the table.
func checkProperties(r *resource) error {
	known, ok := resourceTypes[r.typ]
	if !ok {
		return errorAt(r.pos, "awssim has no resource type %s (%s); it has %s", r.typ, r.id, strings.Join(Types(), ", "))
	}
	for _, f := range r.properties.fields {
		if !slices.Contains(known.behaviour, f.name) && !slices.Contains(known.accepted, f.name) {
			return errorAt(f.pos, "awssim knows no property %s of %s (%s)", f.name, r.typ, r.id)
		}
	}
	return nil
}

// Types are the resource types that a plan can hold, sorted; AWS::Serverless types are taken apart into these.
func Types() []string {
	names := make([]string, 0, len(resourceTypes))
	for name := range resourceTypes {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Accepted are the properties of a type that a template may set and that change nothing here.
func Accepted(typ string) []string { return slices.Clone(resourceTypes[typ].accepted) }

// HasBehaviour says whether a type does anything here; the others only get ids and attributes.
func HasBehaviour(typ string) bool { return len(resourceTypes[typ].behaviour) > 0 }
