// Command settle is the workflow's last step: it records how the deployment ended and tells people. EventBridge calls it as
// well, for executions that ended without that step.
package main

import (
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/wire"
	"slipway/internal/wire/settle"
)

func main() {
	d, err := wire.Deployer(os.LookupEnv, settle.New)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(d.Settle)
}
