// Command push serves EventBridge: an image was pushed to ECR. It records the image as the wish of every service that follows
// the repository and starts the workflow for each.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/wire"
	"slipway/internal/wire/push"
)

func main() {
	d, err := wire.Deployer(os.LookupEnv, push.New)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(d.Push)
}
