// Command probe is the workflow's step that looks and judges, again and again. It changes nothing in ECS.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/wire"
)

func main() {
	d, err := wire.Probe(os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(d.Probe)
}
