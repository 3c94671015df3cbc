package config

import (
	"reflect"
	"slices"
	"strings"
)

// schema lists the keys of the configuration, from the structs themselves.
type schema struct {
	// leaves maps a key to the type of its value.
	leaves map[string]reflect.Type
	// sections maps a key to the names below it; "" is the top.
	sections map[string][]string
}

func newSchema() schema {
	s := schema{map[string]reflect.Type{}, map[string][]string{}}
	s.add("", reflect.TypeFor[Config]())
	return s
}

func (s *schema) add(prefix string, t reflect.Type) {
	for _, f := range fieldsOf(prefix, t) {
		s.sections[prefix] = append(s.sections[prefix], f.name)
		if f.section {
			s.add(f.key, f.Type)
			continue
		}
		s.leaves[f.key] = f.Type
	}
	slices.Sort(s.sections[prefix])
}

// leafStruct reports whether a struct is a single value, as netip.Prefix is.
func leafStruct(t reflect.Type) bool {
	_, text := reflect.PointerTo(t).MethodByName("UnmarshalText")
	return text
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + delimiter + name
}

// delimiter stands between the parts of a key.
const delimiter = "."

// keys gives every leaf in order.
func (s *schema) keys() []string {
	list := make([]string, 0, len(s.leaves))
	for key := range s.leaves {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

// env is the environment variable of a key.
func env(key string) string {
	return "WEIR_" + strings.ToUpper(strings.ReplaceAll(key, delimiter, "_"))
}

// secret reports whether a value must not be shown.
func secret(key string) bool {
	last := key[strings.LastIndex(key, delimiter)+1:]
	switch last {
	case "password", "api_key", "token", "secret", "bearer_token", "service_token", "cloud_auth", "headers":
		return true
	}
	return false
}

// want says what values a type allows.
func want(t reflect.Type) string {
	switch {
	case t.String() == "time.Duration":
		return "a duration such as 500ms, 30s, 10m, 2h or 30d"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "a text"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return "a list of texts, such as [one, two]"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Map:
		return "a table of key: value"
	case t.Kind() == reflect.Float64:
		return "a number"
	}
	return "a whole number, or a size such as 512KiB, 5MB or 2GiB"
}
