package driftcheck

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"slipway/internal/wire"
)

// signedIn completes the environment with what the aws CLI would use: the profile's region, and credentials of a shared file, SSO, a role
// or the machine. A full environment is left as it is. The functions read their environment alone: only people have profiles, and
// package config is large.
func signedIn(ctx context.Context, environment wire.Lookup) (wire.Lookup, error) {
	has := func(name string) bool { value, ok := environment(name); return ok && value != "" }
	if has("AWS_ACCESS_KEY_ID") && (has("AWS_REGION") || has("AWS_DEFAULT_REGION")) {
		return environment, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	found, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{})) // the error says it all
	if err != nil {
		return nil, fmt.Errorf("read the profiles of the aws CLI: %w", err)
	}
	keys, err := found.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, noCredentials(environment, err)
	}
	completed := map[string]string{
		"AWS_REGION": found.Region, "AWS_ENDPOINT_URL": aws.ToString(found.BaseEndpoint),
		"AWS_ACCESS_KEY_ID": keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY": keys.SecretAccessKey, "AWS_SESSION_TOKEN": keys.SessionToken,
	}
	return func(name string) (string, bool) {
		if value, ok := completed[name]; ok {
			return value, value != ""
		}
		return environment(name)
	}, nil
}

// noCredentials says which credentials to give. Why there are none matters only where a profile was chosen: that the machine has none
// of its own goes without saying.
func noCredentials(environment wire.Lookup, err error) error {
	words := "no credentials: set AWS_PROFILE to a profile of the aws CLI (type `aws sso login` first where it signs in by SSO), or AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION; " +
		"for the local AWS, paste the export line that `slipway local` prints"
	if profile, _ := environment("AWS_PROFILE"); profile != "" {
		return fmt.Errorf("%s (profile %s: %w)", words, profile, err)
	}
	return errors.New(words)
}
