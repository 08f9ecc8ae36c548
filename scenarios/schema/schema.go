// Package schema makes JSON Schemas of the types that package strictyaml
// decodes files into, so that editors can complete and check such files while
// they are written. The loader stays the judge: it checks what a schema cannot
// say.
package schema

import (
	"encoding"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// Draft is the JSON Schema draft that schemas are written in: the one that
// editors understand best.
const Draft = "http://json-schema.org/draft-07/schema#"

// Object is a JSON Schema, or a part of one.
type Object map[string]any

// Describer is implemented by types that decode themselves and say of which
// form they are.
type Describer interface{ JSONSchema() Object }

// File returns the schema of a kind of file that is decoded into t.
func File(title string, t reflect.Type) Object {
	o := Of(t)
	share(o)
	o["$schema"] = Draft
	o["title"] = title
	return o
}

// Text is the schema of a text of a certain form.
func Text(pattern string) Object { return Object{"type": "string", "pattern": pattern} }

// Scalar is the schema of a value that may be written with quotes or, where
// YAML does not change it, without.
func Scalar() Object { return Object{"type": []string{"string", "number"}} }

// Enum is the schema of one of several texts.
func Enum(words []string) Object { return Object{"type": "string", "enum": words} }

// OneOf is the schema of a value with several forms.
func OneOf(forms ...Object) Object { return Object{"anyOf": forms} }

// List is the schema of a list.
func List(of Object) Object { return Object{"type": "array", "items": of} }

// Of returns the schema of what strictyaml decodes into t. A field's tag `doc`
// becomes its description.
func Of(t reflect.Type) Object {
	if o := described(t); o != nil {
		return o
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		return Text(`^[0-9.]+(ns|us|µs|ms|s|m|h)([0-9.]+(ns|us|µs|ms|s|m|h))*$`)
	case reflect.TypeFor[strictyaml.Node]():
		return Object{}
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return Scalar()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return Of(t.Elem())
	case reflect.String:
		return Object{"type": "string"}
	case reflect.Bool:
		return Object{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Object{"type": "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Object{"type": "integer", "minimum": 0}
	case reflect.Float32, reflect.Float64:
		return Object{"type": "number"}
	case reflect.Slice:
		if v, ok := mapValue(t); ok {
			return Object{"type": []string{"object", "null"}, "additionalProperties": Of(v)}
		}
		return List(Of(t.Elem()))
	case reflect.Map:
		return Object{"type": []string{"object", "null"}, "additionalProperties": Of(t.Elem())}
	case reflect.Struct:
		return structure(t)
	}
	return Object{}
}

// described asks a type that describes itself; nil if it does not.
func described(t reflect.Type) Object {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return nil
	}
	if d, ok := reflect.New(t).Interface().(Describer); ok {
		return maps.Clone(d.JSONSchema())
	}
	return nil
}

// mapValue returns V of a strictyaml.Map[V].
func mapValue(t reflect.Type) (reflect.Type, bool) {
	e := t.Elem()
	if e.PkgPath() != reflect.TypeFor[strictyaml.Node]().PkgPath() || !strings.HasPrefix(e.Name(), "MapEntry[") {
		return nil, false
	}
	f, ok := e.FieldByName("Value")
	return f.Type, ok
}

func structure(t reflect.Type) Object {
	properties, required := Object{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || name == "" || name == "-" {
			continue
		}
		o := Of(f.Type)
		if doc := f.Tag.Get("doc"); doc != "" {
			o["description"] = doc
		}
		properties[name] = o
		if options == "required" {
			required = append(required, name)
		}
	}
	o := Object{"properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["type"], o["required"] = "object", required
	} else {
		o["type"] = []string{"object", "null"}
	}
	return o
}
