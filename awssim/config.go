package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Config is the configuration of SDK clients that reach this Sim without a socket: static credentials whose access key id is
// accessKey, the Sim's region, its HTTPClient, and a retryer that waits on the Sim's clock.
func (s *Sim) Config(accessKey string) aws.Config {
	return aws.Config{
		Region:      s.ID.Region,
		Credentials: credentials.NewStaticCredentialsProvider(accessKey, "secret", ""),
		HTTPClient:  s.HTTPClient(),
		Retryer:     s.retryer,
		// An endpoint of its own, so that no account or region can be reached by mistake.
		BaseEndpoint: new("http://awssim.invalid"),
	}
}

// retryer retries as the SDK does, three attempts in all, but sleeps on the clock and leaves no waiting to the SDK, whose timers
// run on the wall clock. The SDK's own client-side rate limit is off: it would tie one test's calls to another's.
func (s *Sim) retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 3
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			s.inTurn("client backoff", func() { s.Clock.Sleep(s.backoff(attempt)) })
			return 0, nil
		})
	})
}

// backoff is the SDK's exponential backoff with full jitter, at most 20 s, drawn from the clock's seed.
func (s *Sim) backoff(attempt int) time.Duration {
	most := min(20*time.Second, time.Second<<min(attempt, 5))
	return time.Duration(s.Clock.Rand().Int64N(int64(most)))
}
