package protocol

import (
	"encoding/json"
	"reflect"
	"sync"
	"time"
)

// Union teaches the codec a union (an interface type of the SDK, such as DynamoDB's AttributeValue): how a value is read
// from JSON and written back. Services register theirs in an init-time variable.
type Union struct {
	Decode func(json.RawMessage) (any, error)
	Encode func(any) (any, error) // to something encoding/json can write
}

var (
	unionsMu sync.RWMutex
	unions   = map[reflect.Type]Union{}
)

// RegisterUnion registers the codec of the interface type T. It returns true so that a package variable can hold it.
func RegisterUnion[T any](u Union) bool {
	unionsMu.Lock()
	defer unionsMu.Unlock()
	unions[reflect.TypeFor[T]()] = u
	return true
}

func unionOf(t reflect.Type) (Union, bool) {
	unionsMu.RLock()
	defer unionsMu.RUnlock()
	u, ok := unions[t]
	return u, ok
}

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
)
