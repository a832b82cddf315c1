// Package cloudformation reads CloudFormation templates, SAM ones included, and creates what they declare through a Provider.
//
// A template is read into a tree that keeps every tag and position (value.go), its sections are checked (template.go), SAM
// resources are rewritten into plain ones as the SAM transform does it (sam*.go), parameters and conditions are settled
// (parameters.go, conditions.go), intrinsics are evaluated (intrinsics.go), and resources are created in the order that
// their references demand (graph.go, stack.go). properties.go says which properties a resource type may have.
//
// The rule is: what is not understood is an error that names file, line and column. No unknown section, key, intrinsic, resource
// type, property or event type is ignored.
//
// What is not here: any service (the Provider has them), updates and deletions of a stack, nested stacks, macros, and exports
// between stacks.
package cloudformation
