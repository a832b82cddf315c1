package awssim

import (
	"fmt"
	"sort"

	"slipway/awssim/cloudformation"
)

// Deploy creates a stack from the template in a file, as CREATE_STACK does, and returns when its resources exist; it does not
// wait for services to be steady. It is called outside the clock or in a coroutine's turn. A stack that failed half way stays
// as it is and is returned with the error, where CloudFormation would roll it back.
func (s *Sim) Deploy(stackName, file string, parameters map[string]string) (*cloudformation.Stack, error) {
	template, err := cloudformation.Load(file)
	if err != nil {
		return nil, err
	}
	return s.DeployTemplate(stackName, template, parameters)
}

// DeployTemplate is Deploy for a template that was read before. It does not change it: several Sims may use the same one.
func (s *Sim) DeployTemplate(stackName string, template *cloudformation.Template, parameters map[string]string) (stack *cloudformation.Stack, err error) {
	s.inTurn("deploy "+stackName, func() { stack, err = s.deploy(stackName, template, parameters) })
	return stack, err
}

func (s *Sim) deploy(name string, template *cloudformation.Template, parameters map[string]string) (*cloudformation.Stack, error) {
	if s.stacks[name] != nil {
		return nil, fmt.Errorf("there is a stack %s already; awssim creates stacks and does not update them", name)
	}
	env := cloudformation.Environment{Account: s.ID.Account, Region: s.ID.Region, StackName: name, Parameter: s.SSM.Value}
	plan, err := template.Plan(env, parameters)
	if err != nil {
		return nil, err
	}
	stack, err := plan.Create(&provider{sim: s, stack: name})
	s.stacks[name] = stack
	return stack, err
}

// Stacks are the stacks that were deployed, sorted by name. It is called in a turn.
func (s *Sim) Stacks() []*cloudformation.Stack {
	list := make([]*cloudformation.Stack, 0, len(s.stacks))
	for _, stack := range s.stacks {
		list = append(list, stack)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}
