// Package scenarios plays whole deployments in virtual time: the real template, the real state machine and the verbs of the
// real functions over awssim, told as scripts in testdata. A thirty-minute deployment takes milliseconds, and the same seed
// gives the same trace.
//
// world_test.go is the world, script_test.go plays scripts and has the words of all of them, words_test.go says how a word is
// written; recovery_test.go and family_test.go have words of their own. What is not here: tests of single verbs or services.
package scenarios
