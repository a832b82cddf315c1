package needs

import (
	"slices"
	"strings"
)

// The keys of ECS. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
var (
	inCluster  = arn("ecs:cluster", "cluster/{cluster=default}")
	toRevision = key{"ecs:task-definition", revision}
	withExec   = member("ecs:enable-execute-command", "enableExecuteCommand")
)

const (
	ecsTasks       = "ecs-tasks.amazonaws.com"
	service        = "service/{cluster=default}/{service}"
	taskDefinition = "task-definition/{family}:*"
)

var ecs = table{
	"CreateCluster":    and(on("*"), tagged("CreateCluster", "cluster/{clusterName=default}")),
	"DescribeClusters": on("cluster/{clusters=default}"),
	"ListClusters":     anywhere,
	"DeleteCluster":    on("cluster/{cluster}"),

	"DescribeContainerInstances": on("container-instance/{cluster=default}/{containerInstances}", inCluster),
	"ListContainerInstances":     on("cluster/{cluster=default}"),

	"RegisterTaskDefinition": and(on(taskDefinition, member("ecs:task-cpu", "cpu"), member("ecs:task-memory", "memory"),
		member("ecs:compute-compatibility", "requiresCompatibilities"), member("ecs:privileged", "containerDefinitions.privileged")),
		passing("taskRoleArn", ecsTasks), passing("executionRoleArn", ecsTasks), tagged("RegisterTaskDefinition", taskDefinition)),
	"DescribeTaskDefinition":     anywhere,
	"DeregisterTaskDefinition":   anywhere,
	"ListTaskDefinitions":        anywhere,
	"ListTaskDefinitionFamilies": anywhere,

	"CreateService": and(on("service/{cluster=default}/{serviceName}", inCluster, toRevision, withExec),
		handing, passing("role", "ecs.amazonaws.com"), tagged("CreateService", "service/{cluster=default}/{serviceName}")),
	"UpdateService":    and(on(service, inCluster, toRevision, withExec), handing),
	"DeleteService":    on(service, inCluster),
	"DescribeServices": on("service/{cluster=default}/{services}", inCluster),
	"ListServices":     on("*", inCluster),

	"ListServiceDeployments":     on(service, inCluster),
	"DescribeServiceDeployments": history("serviceDeploymentArns"),
	"DescribeServiceRevisions":   history("serviceRevisionArns"),
	"StopServiceDeployment":      history("serviceDeploymentArn"),

	"ListTasks":     {{of: listedTasks, keys: []key{inCluster}}},
	"DescribeTasks": on("task/{cluster=default}/{tasks}", inCluster),
	"StopTask":      on("task/{cluster=default}/{task}", inCluster),
	"RunTask": and([]need{{of: revision, keys: []key{inCluster, toRevision, withExec}}},
		handing, passing("overrides.taskRoleArn", ecsTasks), passing("overrides.executionRoleArn", ecsTasks), tagged("RunTask", "task/{cluster=default}/*")),

	"TagResource":         on("{=resourceArn}"),
	"UntagResource":       on("{=resourceArn}"),
	"ListTagsForResource": on("{=resourceArn}"),
}

// revision follows a change of 2024-03-21: a family is resolved to its latest revision before the call is authorized.
func revision(e evaluation) []string {
	var arns []string
	for _, ref := range e.in.present("taskDefinition", "") {
		if arn, _ := e.world.Revision(ref); arn != "" {
			arns = append(arns, arn)
		}
	}
	return arns
}

func rolesOfRevision(e evaluation) []string {
	var all []string
	for _, ref := range e.in.present("taskDefinition", "") {
		_, roles := e.world.Revision(ref)
		all = append(all, roles...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// listedTasks: only a list of one instance's tasks has a resource. https://github.com/cdklabs/construct-hub/pull/1207 has AWS's message.
func listedTasks(e evaluation) []string {
	if len(e.in.present("containerInstance", "")) == 0 {
		return []string{"*"}
	}
	return e.in.expand(e.id, "ecs", "container-instance/{cluster=default}/{containerInstance}")
}

// history is for what belongs to a service and has an ARN of its own, such as service-deployment/CLUSTER/SERVICE/ID. Its service
// is looked at too.
func history(member string) []need {
	keys := []key{{"ecs:cluster", func(e evaluation) []string { return []string{e.id.ARN("ecs", "cluster/"+part(e.resource, 1))} }}}
	owner := func(e evaluation) []string {
		var owners []string
		for _, arn := range e.in.present(member, "") {
			owners = append(owners, e.id.ARN("ecs", "service/"+part(arn, 1)+"/"+part(arn, 2)))
		}
		slices.Sort(owners)
		return slices.Compact(owners)
	}
	return []need{{of: owner, keys: keys}, {resource: "{=" + member + "}", keys: append(keys, key{"ecs:service", owner})}}
}

// part is what stands between the slashes of an ARN, counted from 0.
func part(arn string, i int) string {
	if parts := strings.Split(arn, "/"); i < len(parts) {
		return parts[i]
	}
	return ""
}

const repository = "repository/{repositoryName}"

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
var ecr = table{
	"GetAuthorizationToken":  anywhere,
	"CreateRepository":       and(on(repository), need{action: "ecr:TagResource", resource: repository, when: "tags"}),
	"DescribeRepositories":   on("repository/{repositoryNames=*}"),
	"DeleteRepository":       on(repository),
	"PutImageTagMutability":  on(repository),
	"PutLifecyclePolicy":     on(repository),
	"GetLifecyclePolicy":     on(repository),
	"PutImage":               on(repository),
	"BatchGetImage":          on(repository),
	"DescribeImages":         on(repository),
	"ListImages":             on(repository),
	"BatchDeleteImage":       on(repository),
	"GetDownloadUrlForLayer": on(repository),
	"TagResource":            on("{=resourceArn}"),
	"UntagResource":          on("{=resourceArn}"),
	"ListTagsForResource":    on("{=resourceArn}"),
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
var balancing = table{
	"CreateLoadBalancer":             on("loadbalancer/app/{Name}/*"),
	"DescribeLoadBalancers":          anywhere,
	"DescribeLoadBalancerAttributes": anywhere,
	"ModifyLoadBalancerAttributes":   on("{=LoadBalancerArn}"),
	"DeleteLoadBalancer":             on("{=LoadBalancerArn}"),

	"CreateTargetGroup":             on("targetgroup/{Name}/*"),
	"DescribeTargetGroups":          anywhere,
	"DescribeTargetGroupAttributes": anywhere,
	"DescribeTargetHealth":          anywhere,
	"ModifyTargetGroup":             on("{=TargetGroupArn}"),
	"ModifyTargetGroupAttributes":   on("{=TargetGroupArn}"),
	"DeleteTargetGroup":             on("{=TargetGroupArn}"),
	"RegisterTargets":               on("{=TargetGroupArn}"),
	"DeregisterTargets":             on("{=TargetGroupArn}"),

	"CreateListener":    on("{=LoadBalancerArn}"),
	"DescribeListeners": anywhere,
	"ModifyListener":    on("{=ListenerArn}"),
	"DeleteListener":    on("{=ListenerArn}"),
	"CreateRule":        on("{=ListenerArn}"),
	"DescribeRules":     anywhere,
	"ModifyRule":        on("{=RuleArn}"),
	"SetRulePriorities": on("{=RulePriorities.RuleArn}"),
	"DeleteRule":        on("{=RuleArn}"),

	"AddTags":      on("{=ResourceArns}"),
	"RemoveTags":   on("{=ResourceArns}"),
	"DescribeTags": anywhere,
}
