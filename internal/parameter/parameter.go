// Package parameter adapts AWS Systems Manager Parameter Store, where templates read which image is last good.
package parameter

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"slipway/internal/awsfault"
)

// Parameters is the parameters of one account and region.
type Parameters struct{ ssm *ssm.Client }

// New returns the parameters that client sees.
func New(client *ssm.Client) *Parameters { return &Parameters{ssm: client} }

// Put sets a parameter of type String, whether it exists or not. Its name begins with a slash.
func (p *Parameters) Put(ctx context.Context, name, value string) error {
	_, err := p.ssm.PutParameter(ctx, &ssm.PutParameterInput{Name: &name, Value: &value, Type: types.ParameterTypeString, Overwrite: aws.Bool(true)})
	return awsfault.Of(err, "put parameter %s", name)
}
