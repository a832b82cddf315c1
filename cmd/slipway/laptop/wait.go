package laptop

import (
	"context"
	"errors"
)

// Wait returns when ctx is done, with nil, or when the local AWS has ended by itself, with the reason. Close must be called after it.
func (l *Laptop) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-l.served:
		l.served <- nil // for Close
		if ctx.Err() == nil && err == nil {
			err = errors.New("the local AWS has ended by itself")
		}
		return err
	}
}
