package wire

import (
	"context"
	"io"
	"net/http"
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
		HTTPClient:       client{awshttp.NewBuildableClient().WithTimeout(AttemptTimeout)},
		RetryMode:        aws.RetryModeStandard,
		RetryMaxAttempts: attempts,
	}
	if endpoint, ok := lookup("AWS_ENDPOINT_URL"); ok && endpoint != "" {
		cfg.BaseEndpoint = &endpoint
	}
	return cfg, nil
}

// client sends requests whose bodies can only be read. The SDK closes a body as soon as the answer has begun, and its closed body
// answers WriteTo, but not Read, with an error (smithy-go 1.28.8, safeWriteToReadCloser). net/http asks once more for the end
// of the body after writing it; when a near and quick server has answered by then, that error makes it drop the connection
// under an answer that is still being read.
type client struct{ *awshttp.BuildableClient }

func (c client) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.BuildableClient.Do(r)
}
