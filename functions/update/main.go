// Command update is the workflow's step that tells ECS to run the new revision.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/wire"
	"slipway/internal/wire/update"
)

func main() {
	d, err := wire.Deployer(os.LookupEnv, update.New)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(d.Update)
}
