// Package scenarios plays whole deployments in virtual time: the real template, the real state machine and the verbs of the
// real functions over awssim, told as scripts in testdata. A thirty-minute deployment takes milliseconds, and the same seed
// gives the same trace.
//
// world_test.go is the world, script_test.go the script's words. What is not here: tests of single verbs or services.
package scenarios
