// Package cloudformation reads CloudFormation templates, SAM ones included, and creates what they declare through a Provider.
//
// A template is read into a tree that keeps every tag and position (value.go), its sections are checked (template.go), SAM
// resources are rewritten into plain ones as the SAM transform does it (sam*.go), parameters and conditions are settled
// (parameters.go, conditions.go), intrinsics are evaluated (intrinsics.go), and resources are created in an order that
// their references demand (graph.go, stack.go). Which properties a resource type may have stands in properties.go.
//
// The rule is: what is not understood is an error that names file, line and column. An unknown section, key, intrinsic, resource
// type, property or event type is never passed over.
//
// What is not here: any service (the Provider has them), updates and deletions of a stack, nested stacks, macros, and exports
// between stacks.
package cloudformation
