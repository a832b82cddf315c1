package awssim

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"slipway/awssim/cloudformation"
	"slipway/awssim/iam"
)

func (p *provider) rule(id string, in properties) (cloudformation.Resource, error) {
	name := p.name(in.text("Name"), id, 64)
	call := in.only("Description", "EventBusName", "ScheduleExpression", "State", "RoleArn")
	call["Name"] = name
	if pattern, ok := in["EventPattern"]; ok {
		text, err := document(pattern)
		if err != nil {
			return cloudformation.Resource{}, err
		}
		call["EventPattern"] = text
	}
	api := p.sim.api("events")
	out, err := invoke[eventbridge.PutRuleOutput](api, "PutRule", call)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	if targets := in.list("Targets"); len(targets) > 0 {
		put := in.only("EventBusName", "Targets")
		put["Rule"] = name
		// A target that is wrong is an error of the call: no entry fails by itself.
		if _, err := invoke[eventbridge.PutTargetsOutput](api, "PutTargets", put); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(name, "Arn", *out.RuleArn), nil
}

func (p *provider) schedule(id string, in properties) (cloudformation.Resource, error) {
	call := in.only("Description", "EndDate", "FlexibleTimeWindow", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone",
		"StartDate", "State", "Target")
	name := p.name(in.text("Name"), id, 64)
	call["Name"] = name
	out, err := invoke[scheduler.CreateScheduleOutput](p.sim.api("scheduler"), "CreateSchedule", call)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	return made(name, "Arn", *out.ScheduleArn), nil
}

// queueAttributes are the properties of a queue that the API takes as attributes, as text.
var queueAttributes = []string{"DelaySeconds", "MessageRetentionPeriod", "VisibilityTimeout", "MaximumMessageSize", "ReceiveMessageWaitTimeSeconds",
	"SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"}

func (p *provider) queue(id string, in properties) (cloudformation.Resource, error) {
	name := p.name(in.text("QueueName"), id, 80)
	attributes := map[string]any{}
	for _, key := range queueAttributes {
		if text := in.text(key); text != "" {
			attributes[key] = text
		}
	}
	for _, key := range []string{"RedrivePolicy", "RedriveAllowPolicy"} {
		if in[key] == nil {
			continue
		}
		text, err := document(in[key])
		if err != nil {
			return cloudformation.Resource{}, err
		}
		attributes[key] = text
	}
	out, err := invoke[sqs.CreateQueueOutput](p.sim.api("sqs"), "CreateQueue",
		map[string]any{"QueueName": name, "Attributes": attributes, "Tags": in.tagMap()})
	if err != nil {
		return cloudformation.Resource{}, err
	}
	return made(*out.QueueUrl, "Arn", p.sim.ID.ARN("sqs", name), "QueueName", name, "QueueUrl", *out.QueueUrl), nil
}

func (p *provider) queuePolicy(id string, in properties) (cloudformation.Resource, error) {
	text, err := policyText(in)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	for _, url := range in.list("Queues") {
		if _, err := p.sim.api("sqs").Invoke("SetQueueAttributes", map[string]any{"QueueUrl": url, "Attributes": map[string]any{"Policy": text}}); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(p.name("", id, 128)), nil
}

// policyText checks a resource policy and writes it as its API takes it.
func policyText(in properties) (string, error) {
	if _, err := iam.ParseDocument(in["PolicyDocument"]); err != nil {
		return "", err
	}
	return document(in["PolicyDocument"])
}

func (p *provider) topic(id string, in properties) (cloudformation.Resource, error) {
	name := p.name(in.text("TopicName"), id, 256)
	call := map[string]any{"Name": name}
	if display := in.text("DisplayName"); display != "" {
		call["Attributes"] = map[string]any{"DisplayName": display}
	}
	if tags := in.list("Tags"); len(tags) > 0 {
		call["Tags"] = tags
	}
	out, err := invoke[sns.CreateTopicOutput](p.sim.api("sns"), "CreateTopic", call)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	for _, item := range in.list("Subscription") {
		s, _ := item.(map[string]any)
		if _, err := p.subscribe(*out.TopicArn, s); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(*out.TopicArn, "TopicArn", *out.TopicArn, "TopicName", name), nil
}

func (p *provider) topicPolicy(id string, in properties) (cloudformation.Resource, error) {
	text, err := policyText(in)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	for _, arn := range in.list("Topics") {
		call := map[string]any{"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": text}
		if _, err := p.sim.api("sns").Invoke("SetTopicAttributes", call); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(p.name("", id, 128)), nil
}

func (p *provider) subscription(id string, in properties) (cloudformation.Resource, error) {
	arn, err := p.subscribe(in.text("TopicArn"), in)
	return made(arn, "Arn", arn), err
}

func (p *provider) subscribe(topic string, in properties) (string, error) {
	call := in.only("Protocol", "Endpoint")
	call["TopicArn"], call["ReturnSubscriptionArn"] = topic, true
	out, err := invoke[sns.SubscribeOutput](p.sim.api("sns"), "Subscribe", call)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.SubscriptionArn), nil
}

func (p *provider) table(id string, in properties) (cloudformation.Resource, error) {
	name := p.name(in.text("TableName"), id, 255)
	call := in.only("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "KeySchema", "Tags")
	call["TableName"] = name
	api := p.sim.api("dynamodb")
	if _, err := api.Invoke("CreateTable", call); err != nil {
		return cloudformation.Resource{}, err
	}
	if in["TimeToLiveSpecification"] != nil {
		call := in.only("TimeToLiveSpecification")
		call["TableName"] = name
		if _, err := api.Invoke("UpdateTimeToLive", call); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(name, "Arn", p.sim.ID.ARN("dynamodb", "table/"+name)), nil
}

func (p *provider) logGroup(id string, in properties) (cloudformation.Resource, error) {
	name := p.name(in.text("LogGroupName"), id, 512)
	api := p.sim.api("logs")
	call := in.only("DeletionProtectionEnabled")
	call["LogGroupName"], call["Tags"] = name, in.tagMap()
	if _, err := api.Invoke("CreateLogGroup", call); err != nil {
		return cloudformation.Resource{}, err
	}
	if in["RetentionInDays"] != nil {
		call := in.only("RetentionInDays")
		call["LogGroupName"] = name
		if _, err := api.Invoke("PutRetentionPolicy", call); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(name, "Arn", p.sim.ID.ARN("logs", "log-group:"+name+":*")), nil
}

func (p *provider) parameter(id string, in properties) (cloudformation.Resource, error) {
	name := p.name(in.text("Name"), id, 1011)
	call := in.only("Description", "Type", "Value", "Tier", "DataType")
	call["Name"] = name
	var tags []any // a map in templates, a list in the API
	for _, key := range slices.Sorted(maps.Keys(in.sub("Tags"))) {
		tags = append(tags, map[string]any{"Key": key, "Value": in.sub("Tags").text(key)})
	}
	call["Tags"] = tags
	if _, err := p.sim.api("ssm").Invoke("PutParameter", call); err != nil {
		return cloudformation.Resource{}, err
	}
	return made(name, "Type", in.text("Type"), "Value", in.text("Value")), nil
}

func (p *provider) repository(id string, in properties) (cloudformation.Resource, error) {
	call := in.only("EncryptionConfiguration", "ImageScanningConfiguration", "ImageTagMutability", "Tags")
	call["RepositoryName"] = p.name(in.text("RepositoryName"), strings.ToLower(id), 256)
	if in.text("RepositoryName") == "" {
		call["RepositoryName"] = strings.ToLower(call["RepositoryName"].(string))
	}
	out, err := invoke[ecr.CreateRepositoryOutput](p.sim.api("ecr"), "CreateRepository", call)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	if text := in.sub("LifecyclePolicy").text("LifecyclePolicyText"); text != "" {
		put := map[string]any{"RepositoryName": *out.Repository.RepositoryName, "LifecyclePolicyText": text}
		if _, err := p.sim.api("ecr").Invoke("PutLifecyclePolicy", put); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(*out.Repository.RepositoryName, "Arn", *out.Repository.RepositoryArn, "RepositoryUri", *out.Repository.RepositoryUri), nil
}

func afterFirst(s, mark string) string {
	_, rest, _ := strings.Cut(s, mark)
	return rest
}
