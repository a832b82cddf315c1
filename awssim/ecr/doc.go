// Package ecr is Amazon ECR for awssim: private repositories, their API, and the registry that docker, crane and skopeo
// push to.
package ecr
