package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-viper/mapstructure/v2"
)

// hooks converts what YAML, variables and flags give into the types of the
// structs.
func hooks() mapstructure.DecodeHookFunc {
	return mapstructure.ComposeDecodeHookFunc(
		durations,
		mapstructure.TextUnmarshallerHookFunc(),
		sizes, booleans, lists, strict)
}

// sizes turns 512KiB, 5MB or 2GiB into a number.
func sizes(from, to reflect.Type, value any) (any, error) {
	if from.Kind() != reflect.String || to.Kind() < reflect.Int || to.Kind() > reflect.Uint64 || to.PkgPath() != "" {
		return value, nil
	}
	return ParseSize(value.(string))
}

// units are the suffixes of a size, longest first where one ends in another.
var units = []struct {
	suffix string
	factor float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"KB", 1e3}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1}}

// ParseSize reads a number of bytes: 1048576, 512KiB (binary) or 5MB (decimal).
func ParseSize(s string) (int64, error) {
	for _, u := range units {
		number, ok := strings.CutSuffix(strings.TrimSpace(s), u.suffix)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || f != f || math.Abs(f*u.factor) > 1<<53 || f*u.factor != math.Trunc(f*u.factor) {
			return 0, errors.New("not a size")
		}
		return int64(f * u.factor), nil
	}
	return 0, errors.New("not a size")
}

// booleans takes the words that people write in variables.
func booleans(from, to reflect.Type, value any) (any, error) {
	if from.Kind() != reflect.String || to.Kind() != reflect.Bool {
		return value, nil
	}
	switch strings.ToLower(value.(string)) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0", "":
		return false, nil
	}
	return nil, errors.New("neither true nor false")
}

// lists splits a text at commas, for variables, and makes one value a list.
func lists(from, to reflect.Type, value any) (any, error) {
	if from.Kind() != reflect.String || to.Kind() != reflect.Slice {
		return value, nil
	}
	list := []any{}
	for _, part := range strings.Split(value.(string), ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list, nil
}

// strict refuses the conversions that mapstructure would make silently.
func strict(from, to reflect.Type, value any) (any, error) {
	number := func(t reflect.Type) bool { return t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64 }
	switch {
	case to.String() == "time.Duration" && from.String() != "time.Duration":
		return nil, errors.New("a duration needs a unit")
	case to.Kind() == reflect.String && from.Kind() != reflect.String && !number(from):
		return nil, fmt.Errorf("a text is wanted, not %s", from.Kind())
	case to.Kind() == reflect.Bool && from.Kind() != reflect.Bool, number(to) && from.Kind() == reflect.Bool:
		return nil, errors.New("of another type")
	case number(to) && to.Kind() <= reflect.Uint64 && from.Kind() == reflect.Float64:
		if f := value.(float64); f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return nil, errors.New("not a whole number")
		}
	}
	return value, nil
}

// decodeLeaf tries one value alone.
func decodeLeaf(value any, t reflect.Type) error {
	if value == nil {
		return errors.New("no value")
	}
	target := reflect.New(t)
	d, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{Result: target.Interface(), DecodeHook: hooks(), WeaklyTypedInput: t.Kind() == reflect.String || t.Kind() == reflect.Slice, ErrorUnused: true})
	if err != nil {
		return err
	}
	return d.Decode(value)
}

// detail adds what a type's own reading says, where want cannot know it.
func detail(err error) string {
	text := err.Error()
	for _, known := range []string{"not a size", "neither true", "needs a unit", "no value", "of another type", "text is wanted", "not a duration", "unconvertible type", "not a whole number"} {
		if strings.Contains(text, known) {
			return ""
		}
	}
	text = strings.TrimPrefix(text, "decoding failed due to the following error(s):\n\n")
	return " (" + strings.Join(strings.Fields(text), " ") + ")"
}
