// Command probe is the workflow's step that looks and judges, again and again. It changes nothing in ECS.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/wire/probe"
)

func main() {
	d, err := probe.FromEnvironment(os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(d.Probe)
}
