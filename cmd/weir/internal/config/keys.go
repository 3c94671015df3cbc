package config

import (
	"reflect"
	"strings"
)

// Key is one key of the configuration, for the reference.
type Key struct {
	// Name is the dotted key, Env its environment variable.
	Name, Env string
	// Owner is the struct that Field belongs to; their doc comment explains the key.
	Owner reflect.Type
	Field string
	// Allowed says what values the key takes.
	Allowed string
}

// Keys lists every key in the order of the structs.
func Keys() []Key { return keysOf("", reflect.TypeFor[Config]()) }

func keysOf(prefix string, t reflect.Type) []Key {
	var list []Key
	for _, f := range fieldsOf(prefix, t) {
		if f.section {
			list = append(list, keysOf(f.key, f.Type)...)
			continue
		}
		list = append(list, Key{Name: f.key, Env: env(f.key), Owner: f.owner, Field: f.Name, Allowed: want(f.Type)})
	}
	return list
}

// field is a struct's field that stands for a key or a section.
type field struct {
	reflect.StructField
	owner   reflect.Type
	name    string // the last part of key
	key     string
	section bool
}

// fieldsOf lists the fields of a section's struct.
func fieldsOf(prefix string, t reflect.Type) []field {
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("mapstructure")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		list = append(list, field{StructField: f, owner: t, name: name, key: join(prefix, name), section: f.Type.Kind() == reflect.Struct && !leafStruct(f.Type)})
	}
	return list
}
