// Package fault holds the closed set of errors that may leave a Lambda of Slipway. Step Functions matches the Go type name
// of the outermost error, so these names are part of the workflow: statemachine/deploy.asl.json retries Throttled and
// Unavailable and nothing else of ours, and a test compares the two sets.
//
// Adapters translate what AWS answers into these types; the deployer unwraps to them at the door.
package fault

import (
	"errors"
	"fmt"
)

// Throttled: AWS asked for patience. Worth a retry.
type Throttled struct{ Words string }

// Unavailable: AWS could not answer, or the network could not. Worth a retry.
type Unavailable struct{ Words string }

// Denied: a permission is missing. A retry cannot help.
type Denied struct{ Words string }

// Missing: something that was named does not exist. Verbs turn it into an ending or a state; it leaves a Lambda only where
// nobody expected it.
type Missing struct{ Words string }

// BadEvent: an event that Slipway cannot read. It goes to the dead-letter queue.
type BadEvent struct{ Words string }

// Impossible: a step got data that no step before it returns, or AWS refused what it should accept: a mistake in Slipway.
type Impossible struct{ Words string }

func (e *Throttled) Error() string   { return e.Words }
func (e *Unavailable) Error() string { return e.Words }
func (e *Denied) Error() string      { return e.Words }
func (e *Missing) Error() string     { return e.Words }
func (e *BadEvent) Error() string    { return e.Words }
func (e *Impossible) Error() string  { return e.Words }

// Names are the type names of the set, as Step Functions sees them.
func Names() []string {
	return []string{"Throttled", "Unavailable", "Denied", "Missing", "BadEvent", "Impossible"}
}

// AtTheDoor turns any error into one of the set, keeping its whole text. nil stays nil.
func AtTheDoor(err error) error {
	if err == nil {
		return nil
	}
	words := err.Error()
	switch {
	case is[*Throttled](err):
		return &Throttled{words}
	case is[*Unavailable](err):
		return &Unavailable{words}
	case is[*Denied](err):
		return &Denied{words}
	case is[*Missing](err):
		return &Missing{words}
	case is[*BadEvent](err):
		return &BadEvent{words}
	}
	return &Impossible{words}
}

// IsMissing reports whether err says that something does not exist.
func IsMissing(err error) bool { return is[*Missing](err) }

// IsThrottled reports whether err asks for patience.
func IsThrottled(err error) bool { return is[*Throttled](err) }

// IsRefusal reports whether AWS answered and said no, so that the call had no effect. An answer that is lost or uncertain is
// none.
func IsRefusal(err error) bool {
	return err != nil && !is[*Throttled](err) && !is[*Unavailable](err)
}

func is[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// Missingf makes a Missing.
func Missingf(format string, args ...any) *Missing { return &Missing{fmt.Sprintf(format, args...)} }
