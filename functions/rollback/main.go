// Command rollback is the workflow's step that tells ECS to run the last good revision again.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/wire"
	"slipway/internal/wire/rollback"
)

func main() {
	d, err := wire.Deployer(os.LookupEnv, rollback.New)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(d.Rollback)
}
