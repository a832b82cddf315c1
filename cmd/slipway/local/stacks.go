package local

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"slipway/awssim/cloudformation"
	"slipway/cmd/slipway/laptop"
)

const (
	sampleStack = "shop"
	sampleFile  = "examples/pingpong/service.yaml"
	ownStack    = "slipway"
)

// stack is a template of services to deploy.
type stack struct {
	name, file string
	parameters map[string]string
}

// stacks reads --stack and --parameter, sorted by name.
func (c *Command) stacks() ([]stack, error) {
	files := c.Stack
	if len(files) == 0 {
		files = map[string]string{sampleStack: sampleFile}
	}
	given := map[string]map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Parameter)) {
		stackName, key, ok := strings.Cut(name, ".")
		if !ok {
			return nil, fmt.Errorf("--parameter %s=%s names no stack: write --parameter STACK.%s=%s", name, c.Parameter[name], name, c.Parameter[name])
		}
		if files[stackName] == "" {
			return nil, fmt.Errorf("--parameter %s: there is no stack %s; there are %s", name, stackName, strings.Join(slices.Sorted(maps.Keys(files)), ", "))
		}
		if given[stackName] == nil {
			given[stackName] = map[string]string{}
		}
		given[stackName][key] = c.Parameter[name]
	}
	var list []stack
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == ownStack {
			return nil, fmt.Errorf("--stack %s=%s: that is Slipway's own stack; choose another name", name, files[name])
		}
		template, err := cloudformation.Load(files[name])
		if err != nil {
			return nil, fmt.Errorf("--stack %s: %w", name, err)
		}
		list = append(list, stack{name, files[name], fill(template.Parameters(), given[name])})
	}
	return list, nil
}

// fill gives parameters that every template of a service has, and that mean nothing on a laptop, a value where none is given.
func fill(declared []string, given map[string]string) map[string]string {
	usual := map[string]string{
		"VpcId": "vpc-local", "PublicSubnetIds": "subnet-public-a,subnet-public-b", "PrivateSubnetIds": "subnet-private-a,subnet-private-b",
		"SubnetIds": "subnet-local-a,subnet-local-b", "CpuArchitecture": laptop.CPUArchitecture(), "Bake": "1m",
	}
	filled := map[string]string{}
	for _, name := range declared {
		if value, ok := usual[name]; ok {
			filled[name] = value
		}
	}
	maps.Copy(filled, given)
	return filled
}
