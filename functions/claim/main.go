// Command claim is the workflow's first step: it validates the wish, takes the lease on the service or waits its turn, and sees
// to it that the revision to run exists.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/wire"
	"slipway/internal/wire/claim"
)

func main() {
	d, err := wire.Deployer(os.LookupEnv, claim.New)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(d.Claim)
}
