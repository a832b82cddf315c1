// Package driftcheck is the command `slipway drift`: what the scheduled check would find now, as a table or as JSON. It reads the same
// ledger and the same AWS, and changes neither.
//
// table.go prints, profile.go finds a person's credentials. What is not here: what drift is (internal/drift), and how it is looked for (internal/deployer).
package driftcheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"slipway/internal/drift"
	"slipway/internal/wire"
	wired "slipway/internal/wire/drift"
)

// ErrDrifted: the check went well and found drift. The report is printed; the exit status is 2.
var ErrDrifted = errors.New("drift was found")

// machine is the name of the workflow. There is one Slipway in an account and region.
const machine = "slipway"

// Command is the command line of `slipway drift`.
type Command struct {
	JSON bool `name:"json" help:"Print JSON instead of a table."`
}

// Run checks the account and region of the environment or of a profile, or the local AWS that AWS_ENDPOINT_URL names.
func (c *Command) Run(ctx context.Context) error {
	environment, err := signedIn(ctx, os.LookupEnv)
	if err != nil {
		return err
	}
	return c.run(ctx, environment, os.Stdout, os.Stderr)
}

func (c *Command) run(ctx context.Context, environment wire.Lookup, out, log io.Writer) error {
	settings, err := configuration(environment)
	if err != nil {
		return err
	}
	settings.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	settings, now, err := identified(ctx, settings)
	if err != nil {
		return err
	}
	report, err := wired.New(settings).FindDrift(ctx, now)
	return c.conclude(out, report, err, now)
}

// conclude prints what could be checked. That something could not be comes before that something drifted: the exit status is 1.
func (c *Command) conclude(out io.Writer, r drift.Report, failed error, now time.Time) error {
	if failed != nil && len(r.Services) == 0 {
		return failed
	}
	err := c.print(out, r, now)
	if failed != nil {
		return failed
	}
	return err
}

// print prints the report. The error is ErrDrifted if something drifted.
func (c *Command) print(out io.Writer, r drift.Report, now time.Time) (err error) {
	if c.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(r)
	} else {
		_, err = io.WriteString(out, table(r, now))
	}
	if err == nil && r.Drifted > 0 {
		return ErrDrifted
	}
	return err
}

// Find looks for drift at the time now. The report has what could be checked even if the error says that something could not.
func Find(ctx context.Context, settings *wire.Config, now time.Time) (drift.Report, error) {
	settings, _, err := identified(ctx, settings)
	if err != nil {
		return drift.Report{}, err
	}
	return wired.New(settings).FindDrift(ctx, now)
}

// identified asks AWS whose the credentials are, which names the workflow, and what time it is there: what the ledger holds is of that
// clock, which may run ahead of this machine's. An AWS that does not tell has this machine's time.
func identified(ctx context.Context, settings *wire.Config) (*wire.Config, time.Time, error) {
	account := settings.AWS
	who, err := sts.NewFromConfig(account).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if errors.Is(err, syscall.ECONNREFUSED) && account.BaseEndpoint != nil {
		return nil, time.Time{}, fmt.Errorf("nothing answers at AWS_ENDPOINT_URL=%s: start the local AWS there with `slipway local`, or unset the variable to check the account in AWS", *account.BaseEndpoint)
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("ask AWS for the account: %w", err)
	}
	now, ok := middleware.GetServerTime(who.ResultMetadata)
	if !ok {
		now = time.Now()
	}
	named := *settings
	if named.StateMachineARN == "" {
		partition := "aws"
		if parts := strings.SplitN(aws.ToString(who.Arn), ":", 3); len(parts) == 3 {
			partition = parts[1]
		}
		named.StateMachineARN = fmt.Sprintf("arn:%s:states:%s:%s:stateMachine:%s", partition, account.Region, aws.ToString(who.Account), machine)
	}
	return &named, now, nil
}

// configuration reads the environment as the functions do, but for what a person leaves out: the ledger's name, and the region
// under the name that the aws CLI gives it.
func configuration(environment wire.Lookup) (*wire.Config, error) {
	lookup := func(name string) (string, bool) {
		value, ok := environment(name)
		if ok && value != "" {
			return value, true
		}
		switch name {
		case "SLIPWAY_TABLE":
			return machine, true
		case "AWS_REGION":
			return environment("AWS_DEFAULT_REGION")
		}
		return "", false
	}
	settings, err := wire.Settings(lookup)
	if err != nil {
		return nil, fmt.Errorf("%w, or name a profile of the aws CLI that has it: export AWS_PROFILE=NAME", err)
	}
	return settings, nil
}
