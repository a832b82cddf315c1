// Command drift runs on a schedule: it compares what should run with what runs, and heals lost pushes and dead leases.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/wire"
	"slipway/internal/wire/drift"
)

func main() {
	d, err := wire.Deployer(os.LookupEnv, drift.New)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(d.Drift)
}
