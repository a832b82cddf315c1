// Package awssim is a small AWS that fits on a laptop and into a test: one handler that speaks the wire protocols of its
// services, which are wired to each other and to one clock.
//
//   - sim.go: the services and how they know each other
//   - handler.go: which request goes to which service; loopback.go: who may ask
//   - client.go, config.go: SDK clients without sockets, with virtual latency, counted calls and faults
//   - deploy.go, resources*.go: CloudFormation templates and what their resources become
//   - serve.go: the same on a port of this machine
//
// What is not here: the behaviour of any service, and anything that Slipway is. docs/awssim.md says what is exact, what is
// approximate and what is refused.
package awssim
