package local

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
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
	files, err := c.files()
	if err != nil {
		return nil, err
	}
	given, err := c.parameters(files)
	if err != nil {
		return nil, err
	}
	var list []stack
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == ownStack {
			return nil, fmt.Errorf("--stack %s=%s: that is Slipway's own stack; choose another name", name, files[name])
		}
		template, err := cloudformation.Load(files[name])
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("--stack %s=%s: there is no such file: write --stack %s=FILE, with a template of services", name, files[name], name)
		}
		if err != nil {
			return nil, fmt.Errorf("--stack %s: %w", name, err)
		}
		list = append(list, stack{name, files[name], fill(template.Parameters(), given[name])})
	}
	return list, nil
}

// files are the templates by the names of their stacks.
func (c *Command) files() (map[string]string, error) {
	if len(c.Stack) == 0 {
		return map[string]string{sampleStack: sampleFile}, nil
	}
	files := map[string]string{}
	for _, s := range c.Stack {
		name, file, ok := strings.Cut(s, "=")
		if !ok || name == "" || file == "" {
			return nil, fmt.Errorf("--stack %s names no stack and its template: write --stack NAME=%s", s, cmp.Or(strings.Trim(s, "="), "FILE"))
		}
		if files[name] != "" {
			return nil, fmt.Errorf("--stack %s is given twice, with %s and %s: give each stack a name of its own", name, files[name], file)
		}
		files[name] = file
	}
	return files, nil
}

// parameters are the values given, by stack and key.
func (c *Command) parameters(files map[string]string) (map[string]map[string]string, error) {
	given := map[string]map[string]string{}
	for _, p := range c.Parameter {
		name, value, valued := strings.Cut(p, "=")
		stackName, key, ok := strings.Cut(name, ".")
		if !ok || !valued {
			return nil, fmt.Errorf("--parameter %s: write --parameter STACK.%s", p, cmp.Or(key, stackName, "KEY")+"="+cmp.Or(value, "VALUE"))
		}
		if files[stackName] == "" {
			return nil, fmt.Errorf("--parameter %s: there is no stack %s; there are %s", name, stackName, strings.Join(slices.Sorted(maps.Keys(files)), ", "))
		}
		if given[stackName] == nil {
			given[stackName] = map[string]string{}
		}
		if _, twice := given[stackName][key]; twice {
			return nil, fmt.Errorf("--parameter %s is given twice", name)
		}
		given[stackName][key] = value
	}
	return given, nil
}

// explain says what to type where a parameter lacks its value, and what several templates may have in their way: names are of the whole account, in AWS as here.
func (s stack) explain(err error, stacks int) error {
	var wrong *cloudformation.Error
	if errors.As(err, &wrong) {
		if name, lacking := strings.CutSuffix(wrong.Message, " has no default and was not given"); lacking {
			name = strings.TrimPrefix(name, "parameter ")
			return fmt.Errorf("%w: write --parameter %s.%s=VALUE", err, s.name, name)
		}
	}
	if stacks > 1 && strings.Contains(err.Error(), "AlreadyExists") {
		return fmt.Errorf("--stack %s=%s makes what another stack has made already: give it a name of its own in the template, or by a parameter (%w)", s.name, s.file, err)
	}
	return err
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
