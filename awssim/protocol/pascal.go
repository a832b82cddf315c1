package protocol

import (
	"reflect"
	"sync"
)

var pascalTypes sync.Map // reflect.Type -> true

// RegisterPascal makes the members of the struct T start with an upper case letter on the wire although those of its API
// do not: ECR's Tag has Key and Value. It returns true so that a package variable can hold it.
func RegisterPascal[T any]() bool {
	pascalTypes.Store(reflect.TypeFor[T](), true)
	return true
}

func isPascal(t reflect.Type) bool {
	_, ok := pascalTypes.Load(t)
	return ok
}
