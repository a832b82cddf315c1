// Command probe is the workflow's step that looks and judges, again and again. It changes nothing in ECS.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/wire"
	"slipway/internal/wire/probe"
)

func main() {
	d, err := wire.Deployer(os.LookupEnv, probe.New)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(d.Probe)
}
