package local

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/rollout"
)

// region is that of the local AWS's account.
const region = "eu-west-1"

// welcome is what a person has to know of a local AWS that has just started.
type welcome struct {
	endpoint, registry string
	repositories       []string
	services           []service
	balancers          []balancer
	machine            string // ARN of the workflow
	speed              float64
	ports              string // which ports of tasks are moved, "" if none
	command, app       string // this program, and the one that is pushed, as one types them
}

type service struct{ cluster, name, repository string }

// balancer is a load balancer's listener: the port it has in its template, and where it is reached here.
type balancer struct {
	name         string
	port         int32
	url, problem string
}

// look asks the local AWS what is in it, with the clients and the credentials that a person would use.
func look(ctx context.Context, l *laptop.Laptop) (w welcome, err error) {
	endpoint := l.Endpoint()
	cfg := aws.Config{Region: region, BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	w = welcome{endpoint: endpoint, registry: l.Address(), ports: l.PortNote()}
	repositories, err := ecr.NewFromConfig(cfg).DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{})
	if err != nil {
		return w, fmt.Errorf("list the repositories: %w", err)
	}
	for _, r := range repositories.Repositories {
		w.repositories = append(w.repositories, aws.ToString(r.RepositoryName))
	}
	if w.services, err = services(ctx, ecs.NewFromConfig(cfg)); err != nil {
		return w, fmt.Errorf("list the services: %w", err)
	}
	if w.balancers, err = balancers(ctx, l, elasticloadbalancingv2.NewFromConfig(cfg)); err != nil {
		return w, fmt.Errorf("list the load balancers: %w", err)
	}
	machines, err := sfn.NewFromConfig(cfg).ListStateMachines(ctx, &sfn.ListStateMachinesInput{})
	if err != nil {
		return w, fmt.Errorf("find the workflow: %w", err)
	}
	for _, m := range machines.StateMachines {
		w.machine = aws.ToString(m.StateMachineArn)
	}
	return w, nil
}

func services(ctx context.Context, client *ecs.Client) (list []service, err error) {
	clusters, err := client.ListClusters(ctx, &ecs.ListClustersInput{})
	if err != nil {
		return nil, err
	}
	for _, cluster := range clusters.ClusterArns {
		names, err := client.ListServices(ctx, &ecs.ListServicesInput{Cluster: &cluster})
		if err != nil {
			return nil, err
		}
		if len(names.ServiceArns) == 0 {
			continue
		}
		found, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: names.ServiceArns, Include: []types.ServiceField{types.ServiceFieldTags}})
		if err != nil {
			return nil, err
		}
		for _, s := range found.Services {
			list = append(list, service{last(cluster), aws.ToString(s.ServiceName), follows(s)})
		}
	}
	return list, nil
}

// follows is the repository whose pushes a service follows, "" for a service that is not opted in.
func follows(s types.Service) string {
	for _, t := range s.Tags {
		if aws.ToString(t.Key) == rollout.TagRepository {
			return aws.ToString(t.Value)
		}
	}
	return ""
}

func balancers(ctx context.Context, l *laptop.Laptop, client *elasticloadbalancingv2.Client) (list []balancer, err error) {
	all, err := client.DescribeLoadBalancers(ctx, &elasticloadbalancingv2.DescribeLoadBalancersInput{})
	if err != nil {
		return nil, err
	}
	for _, lb := range all.LoadBalancers {
		listeners, err := client.DescribeListeners(ctx, &elasticloadbalancingv2.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn})
		if err != nil {
			return nil, err
		}
		for _, at := range listeners.Listeners {
			b := balancer{name: aws.ToString(lb.LoadBalancerName), port: aws.ToInt32(at.Port)}
			if b.url, err = l.ListenerURL(ctx, aws.ToString(at.ListenerArn)); err != nil {
				b.problem = err.Error()
			}
			list = append(list, b)
		}
	}
	return list, nil
}

func last(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// String is the page that is printed at the start.
func (w welcome) String() string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "  %-14s "+format+"\n", append([]any{label}, args...)...)
	}
	b.WriteString("A small AWS with Slipway in it, on this machine and for this machine only\n\n")
	line("endpoint", "%s", w.endpoint)
	line("registry", "%s   repositories: %s", w.registry, orNone(w.repositories))
	for _, s := range w.services {
		if s.repository == "" {
			line("service", "%s/%s, not opted in: it has no tag "+rollout.TagRepository, s.cluster, s.name)
			continue
		}
		line("service", "%s/%s deploys what is pushed to %s", s.cluster, s.name, s.repository)
	}
	for _, lb := range w.balancers {
		if lb.problem != "" {
			line("load balancer", "%s has no address here: %s", lb.name, lb.problem)
			continue
		}
		line("load balancer", "%s   (port %d of %s)", lb.url, lb.port, lb.name)
	}
	if w.ports != "" {
		line("ports", "%s", w.ports)
	}
	if w.speed == 1 {
		line("time", "as on the wall clock; --speed 10 makes it ten times faster")
	} else {
		line("time", "%g times faster than the wall clock: its timestamps run ahead of this machine's", w.speed)
	}
	fmt.Fprintf(&b, "\nIn another terminal:\n\n  export AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=%s\n", w.endpoint, region)
	b.WriteString(w.try())
	b.WriteString("\nCtrl-C ends it, and forgets everything. What Slipway does and tells follows here:\n\n")
	return b.String()
}

// try is three commands that can be pasted as they are.
func (w welcome) try() string {
	s := w.sample()
	if s.repository == "" {
		return fmt.Sprintf("\nTry:\n\n  aws ecs list-clusters\n\nNo service is opted in yet: tag one with slipway:repository=REPOSITORY, then push to %s/REPOSITORY:TAG\n", w.registry)
	}
	push := fmt.Sprintf("%s image %s --to %s/%s", w.command, w.app, w.registry, s.repository)
	return fmt.Sprintf(`
Try, one after the other:

  aws ecs describe-services --cluster %s --services %s --query 'services[0].[status,desiredCount,runningCount,taskDefinition]'
  %s:v1
  aws stepfunctions describe-execution --execution-arn $(aws stepfunctions list-executions --state-machine-arn %s --query 'executions[0].executionArn' --output text)

An image that fails, and is rolled back:

  %s:v2 --env REQUIRES=DB_HOST
`, s.cluster, s.name, push, w.machine, push)
}

// sample is the first service that is opted in.
func (w welcome) sample() service {
	for _, s := range w.services {
		if s.repository != "" {
			return s
		}
	}
	return service{}
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
