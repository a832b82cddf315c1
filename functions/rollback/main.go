// Command rollback is the workflow's step that tells ECS to run the last good revision again.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/wire/rollback"
)

func main() {
	d, err := rollback.FromEnvironment(os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(d.Rollback)
}
