package taskdef

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// largest bounds what is read of an answer. A task definition has at most 64 KB.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
const largest = 4 << 20

// capture keeps the body of the answer as ECS sent it. The middleware is the innermost of the deserialize step, so that the
// SDK reads the same bytes afterwards; a retried call keeps the last answer.
func capture(into *[]byte) func(*ecs.Options) {
	m := middleware.DeserializeMiddlewareFunc("CaptureBody", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		response, ok := out.RawResponse.(*smithyhttp.Response)
		if err != nil || !ok {
			return out, metadata, err
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, largest+1))
		if err != nil {
			return out, metadata, fmt.Errorf("read answer: %w", err)
		}
		if len(body) > largest {
			return out, metadata, fmt.Errorf("the answer is larger than %d bytes", largest)
		}
		original := response.Body
		response.Body = struct {
			io.Reader
			io.Closer
		}{bytes.NewReader(body), original}
		*into = body
		return out, metadata, nil
	})
	return ecs.WithAPIOptions(func(stack *middleware.Stack) error { return stack.Deserialize.Add(m, middleware.After) })
}

// send replaces the body of the request. The middleware is the innermost of the serialize step: after the SDK has written
// its own body, before length and signature are computed.
func send(body []byte) func(*ecs.Options) {
	m := middleware.SerializeMiddlewareFunc("SendBody", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
		request, ok := in.Request.(*smithyhttp.Request)
		if !ok {
			return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("unexpected request %T", in.Request)
		}
		replaced, err := request.SetStream(bytes.NewReader(body))
		if err != nil {
			return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("set request body: %w", err)
		}
		in.Request = replaced
		return next.HandleSerialize(ctx, in)
	})
	return ecs.WithAPIOptions(func(stack *middleware.Stack) error { return stack.Serialize.Add(m, middleware.After) })
}
