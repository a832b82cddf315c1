package protocol

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// enums are the values that the SDK knows of its enums, by their types; nil for a type that is none, or not a closed one.
var enums sync.Map // reflect.Type -> []string

// open are enums of which the SDK knows too few values: AWS adds to them between two releases of it.
var open = []string{"github.com/aws/aws-sdk-go-v2/service/lambda/types.Runtime"}

// valuesOf are the values that a text of the type may have; nil for any.
func valuesOf(t reflect.Type) []string {
	if known, ok := enums.Load(t); ok {
		return known.([]string)
	}
	var values []string
	method, ok := t.MethodByName("Values")
	if ok && method.Type.NumIn() == 1 && !slices.Contains(open, t.PkgPath()+"."+t.Name()) {
		list := method.Func.Call([]reflect.Value{reflect.Zero(t)})[0]
		for i := range list.Len() {
			values = append(values, list.Index(i).String())
		}
	}
	enums.Store(t, values)
	return values
}

var stringType = reflect.TypeFor[string]()

// setText sets a text, and refuses one that is no value of an enum in AWS's words. "" is as good as absent in the SDK's structs.
func setText(v reflect.Value, text, path string) error {
	if t := v.Type(); t != stringType && text != "" {
		if values := valuesOf(t); values != nil && !slices.Contains(values, text) {
			return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
				text, path, strings.Join(values, ", "))
		}
	}
	v.SetString(text)
	return nil
}

// invalid is an input that cannot be right, under the code of the API that answers it: API.Invalid.
func invalid(format string, args ...any) *Error {
	e := Errorf("ValidationException", format, args...)
	e.validation = true
	return e
}

// coded gives an error of this package the code that the service has for it.
func (a *API) coded(err error) error {
	var e *Error
	if errors.As(err, &e) && e.validation && a.Invalid != "" {
		e.Code = a.Invalid
	}
	return err
}
