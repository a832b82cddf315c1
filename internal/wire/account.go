package wire

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// AttemptTimeout bounds one try of a call of AWS. With three tries and their pauses a call ends well within a Lambda's 30
// seconds, and no try outlives the lease by being forgotten.
const AttemptTimeout = 5 * time.Second

const attempts = 3

// account is the AWS configuration of a Lambda, put together by hand: region and credentials are in the environment, and so
// is the endpoint of a local AWS (AWS_ENDPOINT_URL).
//
// config.LoadDefaultConfig would look in the same variables first, but it brings shared files, profiles, SSO, STS,
// container and instance credentials with it: measured with one ECS client (linux/arm64, stripped) 9.6 MB against 7.7 MB,
// and 3 to 4 ms at every cold start. What is not read in consequence: profiles, AWS_ENDPOINT_URL_<SERVICE>, FIPS and
// dual-stack switches.
func account(lookup Lookup) (aws.Config, error) {
	region, err := required(lookup, "AWS_REGION", "the region of the cluster, such as eu-west-1 (Lambda sets it)")
	if err != nil {
		return aws.Config{}, err
	}
	id, err := required(lookup, "AWS_ACCESS_KEY_ID", "an access key (Lambda sets it)")
	if err != nil {
		return aws.Config{}, err
	}
	secret, err := required(lookup, "AWS_SECRET_ACCESS_KEY", "the access key's secret (Lambda sets it)")
	if err != nil {
		return aws.Config{}, err
	}
	token, _ := lookup("AWS_SESSION_TOKEN")
	credentials := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token, Source: "environment"}
	cfg := aws.Config{
		Region:           region,
		Credentials:      aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil }),
		HTTPClient:       awshttp.NewBuildableClient().WithTimeout(AttemptTimeout),
		RetryMode:        aws.RetryModeStandard,
		RetryMaxAttempts: attempts,
	}
	if endpoint, ok := lookup("AWS_ENDPOINT_URL"); ok && endpoint != "" {
		cfg.BaseEndpoint = &endpoint
	}
	return cfg, nil
}
