package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// worthSharing is from how many bytes on a part that occurs more than once is
// written once, under "definitions".
const worthSharing = 300

// share moves parts that occur more than once into "definitions", so that a
// schema of many alternatives stays readable. It changes o.
func share(o Object) {
	s := sharer{count: map[string]int{}, names: map[string]string{}, definitions: Object{}}
	s.each(o, func(part Object) Object {
		s.count[text(part)]++
		return part
	})
	s.rewrite(o)
	if len(s.definitions) > 0 {
		o["definitions"] = s.definitions
	}
}

type sharer struct {
	count       map[string]int
	names       map[string]string
	definitions Object
}

// text is the same for equal schemas: JSON sorts the keys.
func text(o Object) string {
	b, err := json.Marshal(o)
	if err != nil {
		panic("schema: a type describes itself as what is no JSON: " + err.Error())
	}
	return string(b)
}

// rewrite replaces the parts of a schema, the largest first.
func (s *sharer) rewrite(o Object) {
	s.parts(o, func(part Object) Object {
		was := text(part)
		if s.count[was] < 2 || len(was) < worthSharing {
			s.rewrite(part)
			return part
		}
		name, known := s.names[was]
		if !known {
			name = fmt.Sprintf("part%d", len(s.names)+1)
			s.names[was] = name
			s.rewrite(part)
			s.definitions[name] = part
		}
		return Object{"$ref": "#/definitions/" + name}
	})
}

// each calls do for every schema below o.
func (s *sharer) each(o Object, do func(Object) Object) {
	s.parts(o, func(part Object) Object {
		do(part)
		s.each(part, do)
		return part
	})
}

// parts replaces the schemas that o consists of, in a fixed order. What is
// changed is copied: types describe themselves with shared parts.
func (s *sharer) parts(o Object, replace func(Object) Object) {
	for _, key := range []string{"items", "additionalProperties"} {
		if part, ok := o[key].(Object); ok {
			o[key] = replace(maps.Clone(part))
		}
	}
	if all, ok := o["anyOf"].([]Object); ok {
		next := make([]Object, len(all))
		for i, part := range all {
			next[i] = replace(maps.Clone(part))
		}
		o["anyOf"] = next
	}
	if properties, ok := o["properties"].(Object); ok {
		next := make(Object, len(properties))
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			next[name] = properties[name]
			if part, ok := properties[name].(Object); ok {
				next[name] = replace(maps.Clone(part))
			}
		}
		o["properties"] = next
	}
}
