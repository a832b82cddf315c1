// Package ecs is Amazon ECS for the local AWS: its API in the SDK's own types, and the scheduler behind it.
//
// The API's files are named after what they serve: cluster.go, instance.go, taskdef.go, service_create.go, service_update.go,
// service_read.go, rollout_api.go, task_read.go, task_run.go, tags.go. The scheduler is one pure decision (plan.go: how many tasks may
// start and stop now), the loop around it (scheduler.go), the deployments it moves (deployment.go), the circuit breaker
// (breaker.go) and the life of a task (task.go, launch.go, stop.go). lacking.go says what a task definition asks for and awssim does not do.
//
// A service is looked at only when something about it changed or a deadline of its own is due; an idle service costs nothing.
//
// What is not here: images (awssim/ecr), health checks of load balancers (awssim/elbv2) and whatever runs the containers: a
// Runtime. CODE_DEPLOY and EXTERNAL services and the strategies BLUE_GREEN, CANARY and LINEAR can be created and described,
// but they start no deployment.
package ecs
