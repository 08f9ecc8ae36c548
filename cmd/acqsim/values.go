package main

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/acqsim/acqsim/simulator/security"
)

// setText gives field, a setting's field, the meaning of a text from a flag or
// an environment variable. Its errors do not say where the text came from.
func setText(field reflect.Value, text string) error {
	switch target := field.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return target.UnmarshalText([]byte(text))
	case *string:
		*target = text
	case *bool:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		*target = v
	case *int:
		v, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		*target = v
	case *uint64:
		v, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is no whole number from 0 to %d", text, uint64(1<<64-1))
		}
		*target = v
	case *time.Duration:
		v, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is no duration, such as 1.5s or 300ms", text)
		}
		*target = v
	default:
		return fmt.Errorf("a value of type %s can't be read from a text", field.Type())
	}
	return nil
}

// setTexts gives field, a slice, one element for each text.
func setTexts(field reflect.Value, texts []string) error {
	field.Set(reflect.MakeSlice(field.Type(), len(texts), len(texts)))
	for i, text := range texts {
		if err := setText(field.Index(i), text); err != nil {
			return err
		}
	}
	return nil
}

// show returns a setting's value as `acqsim config` prints it; nil: it is kept
// secret.
func show(s setting, c *config) any {
	if s.secret {
		return nil
	}
	switch v := s.in(c).Interface().(type) {
	case time.Duration:
		return v.String()
	case fmt.Stringer:
		return v.String()
	default:
		return v
	}
}

// hint says of a secret what may be said of it.
func hint(s setting, c *config) string {
	switch v := s.in(c).Interface().(type) {
	case masterKey:
		if v.IsZero() {
			return security.DefaultTMK().String() + ", the test key of docs/configuration.md"
		}
		return v.String()
	case baseKey:
		if v.IsZero() {
			return security.DefaultBDK().String() + ", the test key of docs/configuration.md"
		}
		return v.String()
	case fmt.Stringer:
		return v.String()
	}
	return ""
}
