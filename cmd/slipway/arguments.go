package main

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// values read texts, whole numbers, numbers and durations, and say what to type instead of what is none.
func values() []kong.Option {
	return []kong.Option{
		kong.KindMapper(reflect.String, value("a text", func(text string) (string, error) { return text, nil })),
		kong.KindMapper(reflect.Int, value("a whole number", strconv.Atoi)),
		kong.KindMapper(reflect.Float64, value("a number", func(text string) (float64, error) { return strconv.ParseFloat(text, 64) })),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), value("a duration", time.ParseDuration)),
	}
}

func value[T any](what string, parse func(string) (T, error)) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		if ctx.Scan.Peek().IsEOL() {
			return errValueless
		}
		var text string
		if err := ctx.Scan.PopValueInto("text", &text); err != nil {
			return err
		}
		v, err := parse(text)
		if err != nil {
			return fmt.Errorf("%q is not %s: write for example --%s %s", text, what, ctx.Value.Name, ctx.Value.Default)
		}
		target.Set(reflect.ValueOf(v).Convert(target.Type()))
		return nil
	}
}

// errValueless is a flag at the end of the command line that takes a value. Kong's own words for lists and maps begin like this.
var errValueless = errors.New("missing value, expecting one")

// mistyped is an error of the command line in words for people. Kong looks for its own error below it.
type mistyped struct {
	words string
	error
}

func (m *mistyped) Error() string { return m.words }
func (m *mistyped) Unwrap() error { return m.error }

// worded says what to type where a flag ends the command line without the value that it takes.
func worded(err error) error {
	var parse *kong.ParseError
	flag, what, _ := strings.Cut(err.Error(), ": ")
	if !strings.HasPrefix(what, "missing value, expecting ") || !errors.As(err, &parse) || parse.Context == nil {
		return err
	}
	for _, f := range parse.Context.Flags() {
		if "--"+f.Name == flag {
			return &mistyped{fmt.Sprintf("%s needs a value: write %s %s", flag, flag, f.FormatPlaceHolder()), err}
		}
	}
	return err
}
