package local

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"slipway/cmd/slipway/laptop"
	"slipway/cmd/slipway/story"
	"slipway/internal/deployer"
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
	built              bool   // the one that is pushed is there
}

// service is a service of any cluster. The repository is the one it follows, "" if it has not opted in; wrong says what is wrong with
// its tags, so that nothing can be deployed, "" for nothing.
type service struct{ cluster, name, repository, wrong string }

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
	if w.repositories, err = repositories(ctx, ecr.NewFromConfig(cfg)); err != nil {
		return w, fmt.Errorf("list the repositories: %w", err)
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

func repositories(ctx context.Context, client *ecr.Client) (names []string, err error) {
	for pages := ecr.NewDescribeRepositoriesPaginator(client, &ecr.DescribeRepositoriesInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Repositories {
			names = append(names, aws.ToString(r.RepositoryName))
		}
	}
	return names, nil
}

func services(ctx context.Context, client *ecs.Client) (list []service, err error) {
	for clusters := ecs.NewListClustersPaginator(client, &ecs.ListClustersInput{}); clusters.HasMorePages(); {
		page, err := clusters.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, cluster := range page.ClusterArns {
			found, err := servicesOf(ctx, client, cluster)
			if err != nil {
				return nil, err
			}
			list = append(list, found...)
		}
	}
	return list, nil
}

// servicesOf lists a cluster's services. A page of ListServices is as many as DescribeServices takes.
func servicesOf(ctx context.Context, client *ecs.Client, cluster string) (list []service, err error) {
	const most = 10 // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
	for pages := ecs.NewListServicesPaginator(client, &ecs.ListServicesInput{Cluster: &cluster, MaxResults: aws.Int32(most)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		if len(page.ServiceArns) == 0 {
			continue
		}
		found, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: page.ServiceArns, Include: []types.ServiceField{types.ServiceFieldTags}})
		if err != nil {
			return nil, err
		}
		for _, s := range found.Services {
			list = append(list, serviceOf(last(cluster), s))
		}
	}
	return list, nil
}

func serviceOf(cluster string, found types.Service) service {
	tags := map[string]string{}
	for _, t := range found.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	s := service{cluster: cluster, name: aws.ToString(found.ServiceName), repository: tags[rollout.TagRepository]}
	if err := deployer.CheckTags(tags); err != nil {
		s.wrong = err.Error()
	}
	return s
}

func balancers(ctx context.Context, l *laptop.Laptop, client *elasticloadbalancingv2.Client) (list []balancer, err error) {
	for pages := elasticloadbalancingv2.NewDescribeLoadBalancersPaginator(client, &elasticloadbalancingv2.DescribeLoadBalancersInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, lb := range page.LoadBalancers {
			found, err := listeners(ctx, l, client, lb)
			if err != nil {
				return nil, err
			}
			list = append(list, found...)
		}
	}
	return list, nil
}

func listeners(ctx context.Context, l *laptop.Laptop, client *elasticloadbalancingv2.Client, lb elbtypes.LoadBalancer) (list []balancer, err error) {
	all := &elasticloadbalancingv2.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn}
	for pages := elasticloadbalancingv2.NewDescribeListenersPaginator(client, all); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, at := range page.Listeners {
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

// String is the page that is printed at the start, in lines that fit a terminal of 80 columns.
func (w welcome) String() string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		b.WriteString(prose(fmt.Sprintf("  %-14s ", label)+fmt.Sprintf(format, args...), 17))
	}
	b.WriteString("A small AWS with Slipway in it, on this machine and for this machine only\n\n")
	line("endpoint", "%s", w.endpoint)
	line("registry", "%s   repositories: %s", w.registry, orNone(w.repositories))
	for _, s := range w.services {
		line("service", "%s", s)
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
	fmt.Fprintf(&b, "\nIn another terminal:\n\n  export AWS_ENDPOINT_URL=%s AWS_DEFAULT_REGION=%s \\\n    AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n", w.endpoint, region)
	b.WriteString(w.try())
	b.WriteString("\nCtrl-C ends it, and forgets everything. What Slipway does and tells follows:\n\n")
	return b.String()
}

// String is a clause about the service and what it follows.
func (s service) String() string {
	name := s.cluster + "/" + s.name
	switch {
	case s.repository == "" && s.wrong != "":
		return name + ", not opted in: " + s.wrong
	case s.repository == "":
		return name + ", not opted in: it has no tag " + rollout.TagRepository
	case s.wrong != "":
		return fmt.Sprintf("%s can deploy nothing that is pushed to %s: %s", name, s.repository, s.wrong)
	}
	return fmt.Sprintf("%s deploys what is pushed to %s", name, s.repository)
}

// columns is how wide the page is.
const columns = 79

// prose is text in lines of the page.
func prose(text string, indent int) string {
	return strings.Join(story.Folded(text, columns, indent), "\n") + "\n"
}

// pasted is a command in lines of the page.
func pasted(command string) string {
	return strings.Join(story.Continued("  "+command, columns, 2), "\n") + "\n"
}

// try is commands that can be pasted as they are, one after the other or all at once.
func (w welcome) try() string {
	s := w.sample()
	if s.repository == "" {
		return "\nTry:\n\n" + pasted("aws ecs list-clusters") + "\n" +
			prose(fmt.Sprintf("No service is opted in yet: tag one with slipway:repository=REPOSITORY, then push to %s/REPOSITORY:TAG", w.registry), 0)
	}
	push := fmt.Sprintf("%s image %s --to %s/%s", w.command, w.app, w.registry, s.repository)
	page := "\nTry, one after the other:\n\n" +
		pasted(fmt.Sprintf("aws ecs describe-services --cluster %s --services %s --query 'services[0].[status,desiredCount,runningCount,taskDefinition]'", s.cluster, s.name)) +
		pasted(push+":v1") +
		pasted(fmt.Sprintf("aws stepfunctions list-executions --state-machine-arn %s --query 'executions[].[status,name]' --output text", w.machine)) +
		"\nAn image that fails, and is rolled back:\n\n" + pasted(push+":v2 --env REQUIRES=DB_HOST")
	if !w.built {
		page += "\n" + prose(w.app+" is not built: type `make tools` in the repository's folder first.", 0)
	}
	return page
}

// typed is a program as a person types it: what `go run` has built is gone with it.
func typed(program string) string {
	slashed := filepath.ToSlash(program)
	if strings.Contains(slashed, "/go-build") && strings.HasSuffix(filepath.ToSlash(filepath.Dir(program)), "/exe") {
		return "go run ./cmd/slipway"
	}
	return program
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
