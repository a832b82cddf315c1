package cloudformation

import (
	"slices"
	"sort"
	"strings"
)

// propertiesOf says which properties a resource type may have. Those with behaviour do here what they do on AWS, and the service refuses
// the values that it cannot keep. The others are accepted because a template needs them there, and change nothing here but, some of
// them, what is described.
type propertiesOf struct{ behaviour, accepted []string }

func props(behaviour, accepted string) propertiesOf {
	return propertiesOf{strings.Fields(behaviour), strings.Fields(accepted)}
}

// resourceTypes are the types that a template may declare, or that the SAM transform makes.
var resourceTypes = map[string]propertiesOf{
	"AWS::Lambda::Function": props("Architectures Code Description Environment FunctionName Handler LoggingConfig MemorySize PackageType ReservedConcurrentExecutions Role Runtime Tags Timeout",
		"EphemeralStorage TracingConfig"),
	"AWS::Lambda::Version":           props("Description FunctionName", "CodeSha256"),
	"AWS::Lambda::Alias":             props("Description FunctionName FunctionVersion Name", ""),
	"AWS::Lambda::Permission":        props("Action FunctionName Principal SourceAccount SourceArn", ""),
	"AWS::Lambda::EventInvokeConfig": props("DestinationConfig FunctionName MaximumEventAgeInSeconds MaximumRetryAttempts Qualifier", ""),
	stateMachineType: props("DefinitionString DefinitionSubstitutions LoggingConfiguration RoleArn StateMachineName StateMachineType Tags",
		"TracingConfiguration"),

	"AWS::Events::Rule":        props("Description EventBusName EventPattern Name ScheduleExpression State Targets", "RoleArn Tags"),
	"AWS::Scheduler::Schedule": props("Description EndDate FlexibleTimeWindow GroupName Name ScheduleExpression ScheduleExpressionTimezone StartDate State Target", ""),
	"AWS::SQS::Queue": props("DelaySeconds MaximumMessageSize MessageRetentionPeriod QueueName ReceiveMessageWaitTimeSeconds RedrivePolicy Tags VisibilityTimeout",
		"KmsMasterKeyId KmsDataKeyReusePeriodSeconds SqsManagedSseEnabled RedriveAllowPolicy"),
	"AWS::SQS::QueuePolicy":  props("PolicyDocument Queues", ""),
	"AWS::SNS::Topic":        props("DisplayName Subscription Tags TopicName", "KmsMasterKeyId SignatureVersion TracingConfig"),
	"AWS::SNS::TopicPolicy":  props("PolicyDocument Topics", ""),
	"AWS::SNS::Subscription": props("Endpoint Protocol TopicArn", ""),
	"AWS::DynamoDB::Table": props("AttributeDefinitions BillingMode DeletionProtectionEnabled KeySchema TableName Tags TimeToLiveSpecification",
		"PointInTimeRecoverySpecification SSESpecification TableClass"),
	"AWS::Logs::LogGroup":  props("DeletionProtectionEnabled LogGroupName RetentionInDays Tags", "KmsKeyId LogGroupClass"),
	"AWS::SSM::Parameter":  props("DataType Description Name Tags Tier Type Value", ""),
	"AWS::ECR::Repository": props("ImageTagMutability RepositoryName Tags", "EmptyOnDelete EncryptionConfiguration ImageScanningConfiguration LifecyclePolicy RepositoryPolicyText"),

	"AWS::ECS::Cluster": props("CapacityProviders ClusterName ClusterSettings DefaultCapacityProviderStrategy Tags", "Configuration ServiceConnectDefaults"),
	"AWS::ECS::TaskDefinition": props("ContainerDefinitions Cpu ExecutionRoleArn Family Memory NetworkMode PlacementConstraints RequiresCompatibilities RuntimePlatform Tags TaskRoleArn",
		"EphemeralStorage EnableFaultInjection IpcMode PidMode ProxyConfiguration Volumes"),
	"AWS::ECS::Service": props("CapacityProviderStrategy Cluster DeploymentConfiguration DeploymentController DesiredCount EnableECSManagedTags HealthCheckGracePeriodSeconds LaunchType LoadBalancers NetworkConfiguration PlacementStrategies PropagateTags SchedulingStrategy ServiceName Tags TaskDefinition",
		"AvailabilityZoneRebalancing EnableExecuteCommand PlatformVersion Role"),

	"AWS::ElasticLoadBalancingV2::LoadBalancer": props("IpAddressType LoadBalancerAttributes Name Scheme SubnetMappings Subnets Tags Type", "SecurityGroups"),
	"AWS::ElasticLoadBalancingV2::TargetGroup": props("HealthCheckEnabled HealthCheckIntervalSeconds HealthCheckPath HealthCheckPort HealthCheckProtocol HealthCheckTimeoutSeconds HealthyThresholdCount IpAddressType Matcher Name Port Protocol ProtocolVersion Tags TargetGroupAttributes TargetType Targets UnhealthyThresholdCount VpcId",
		""),
	"AWS::ElasticLoadBalancingV2::Listener":     props("DefaultActions LoadBalancerArn Port Protocol", "Certificates ListenerAttributes SslPolicy"),
	"AWS::ElasticLoadBalancingV2::ListenerRule": props("Actions Conditions ListenerArn Priority", ""),

	"AWS::IAM::Role":            props("AssumeRolePolicyDocument ManagedPolicyArns Path Policies RoleName", "Description MaxSessionDuration PermissionsBoundary Tags"),
	"AWS::IAM::Policy":          props("PolicyDocument PolicyName Roles", ""),
	"AWS::IAM::ManagedPolicy":   props("ManagedPolicyName Path PolicyDocument Roles", "Description"),
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
		return errorAt(r.pos, "awssim has no resource type %s (%s); the nearest that it has are %s; docs/awssim.md says what it knows, and awssim/cloudformation/properties.go lists it",
			r.typ, r.id, strings.Join(nearest(r.typ, Types())[:3], ", "))
	}
	for _, f := range r.properties.fields {
		if !slices.Contains(known.behaviour, f.name) && !slices.Contains(known.accepted, f.name) {
			return errorAt(f.pos, "awssim knows no property %s of %s (%s)%s", f.name, r.typ, r.id, meant(f.name, known.behaviour, known.accepted))
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
