package transcript

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// errTorn is what a line that ends in the middle gives.
var errTorn = errors.New("the line ends before its object does")

// scanner reads the JSON of one line: objects and arrays of them, strings,
// integers and truths, which is all that a transcript has. encoding/json would let
// repeated keys, keys in other letter case and null pass.
type scanner struct {
	line []byte
	at   int
}

func (s *scanner) space() {
	for s.at < len(s.line) {
		switch s.line[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// expect takes the character c.
func (s *scanner) expect(c byte, what string) error {
	if !s.accept(c) {
		return s.unexpected(what)
	}
	return nil
}

func (s *scanner) accept(c byte) bool {
	s.space()
	if s.at < len(s.line) && s.line[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) unexpected(what string) error {
	if s.at >= len(s.line) {
		return errTorn
	}
	r, _ := utf8.DecodeRune(s.line[s.at:])
	return fmt.Errorf("%s is expected here, not %q", what, r)
}

// end makes sure that nothing follows.
func (s *scanner) end() error {
	if s.space(); s.at < len(s.line) {
		return s.unexpected("the end of the line")
	}
	return nil
}

// object reads an object; field reads the value of each key.
func (s *scanner) object(field func(key string) error) error {
	if err := s.expect('{', "an object"); err != nil {
		return err
	}
	if s.accept('}') {
		return nil
	}
	var few [40]string // an event has fewer keys
	seen := few[:0]
	for {
		s.space()
		start := s.at
		key, err := s.string()
		if err != nil {
			return err
		}
		for _, k := range seen {
			if k == key {
				s.at = start
				return fmt.Errorf("%q stands here twice", key)
			}
		}
		seen = append(seen, key)
		if err := s.expect(':', "a colon"); err != nil {
			return err
		}
		s.space()
		value := s.at
		if err := field(key); err != nil {
			if errors.Is(err, errUnknownKey) {
				s.at = start
				return fmt.Errorf("%w: %q", err, key)
			}
			if s.at > value && !errors.Is(err, errTorn) && errors.Is(err, errValue) {
				s.at = value
			}
			return err
		}
		if s.accept('}') {
			return nil
		}
		if err := s.expect(',', "a comma or }"); err != nil {
			return err
		}
	}
}

// errUnknownKey and errValue mark errors that are about the key, or about the
// value as a whole, so that the column given is where that begins.
var (
	errUnknownKey = errors.New("unknown key")
	errValue      = errors.New("wrong value")
)

// array reads an array; item reads each of its values.
func (s *scanner) array(item func() error) error {
	if err := s.expect('[', "an array"); err != nil {
		return err
	}
	if s.accept(']') {
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if s.accept(']') {
			return nil
		}
		if err := s.expect(',', "a comma or ]"); err != nil {
			return err
		}
	}
}

// string reads a string.
func (s *scanner) string() (string, error) {
	if err := s.expect('"', "a string"); err != nil {
		return "", err
	}
	from := s.at
	plain := true
	for ; s.at < len(s.line); s.at++ {
		switch c := s.line[s.at]; {
		case c == '"':
			text := s.line[from:s.at]
			s.at++
			if plain {
				return string(text), nil
			}
			var unescaped string
			if err := json.Unmarshal(s.line[from-1:s.at], &unescaped); err != nil {
				s.at = from - 1
				return "", fmt.Errorf("wrong string: %w", err)
			}
			return unescaped, nil
		case c == '\\':
			plain = false
			s.at++
		case c < ' ' || c >= utf8.RuneSelf:
			plain = false // encoding/json judges it
		}
	}
	s.at = len(s.line)
	return "", errTorn
}

// unsigned reads an integer up to limit.
func (s *scanner) unsigned(limit uint64) (uint64, error) {
	token, err := s.integer()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(token, 10, 64)
	if err != nil || n > limit {
		return 0, fmt.Errorf("%w: %s is not between 0 and %d", errValue, token, limit)
	}
	return n, nil
}

// signed reads an integer of 64 bits.
func (s *scanner) signed() (int64, error) {
	token, err := s.integer()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(token, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %s is not between %d and %d", errValue, token, math.MinInt64, math.MaxInt64)
	}
	return n, nil
}

func (s *scanner) integer() (string, error) {
	s.space()
	from := s.at
	if s.at < len(s.line) && s.line[s.at] == '-' {
		s.at++
	}
	first := s.at
	for s.at < len(s.line) && s.line[s.at] >= '0' && s.line[s.at] <= '9' {
		s.at++
	}
	if s.at == first {
		return "", s.unexpected("an integer")
	}
	if s.at == len(s.line) {
		return "", errTorn // an object must still end
	}
	token := string(s.line[from:s.at])
	if s.line[first] == '0' && s.at > first+1 || token == "-0" {
		return "", fmt.Errorf("%w: %s is no integer in JSON's way of writing", errValue, token)
	}
	return token, nil
}

// digits reads a string of decimal digits with the given width at least.
func (s *scanner) digits(width int, limit uint64) (uint64, error) {
	text, err := s.string()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > limit || string(appendPadded(nil, n, width)) != text {
		return 0, fmt.Errorf("%w: %q is not a number of %d digits", errValue, text, width)
	}
	return n, nil
}

// truth reads true or false.
func (s *scanner) truth() (bool, error) {
	s.space()
	for _, word := range []string{"true", "false"} {
		rest := s.line[s.at:]
		if bytes.HasPrefix(rest, []byte(word)) {
			s.at += len(word)
			return word == "true", nil
		}
		if len(rest) < len(word) && strings.HasPrefix(word, string(rest)) {
			s.at = len(s.line)
			return false, errTorn
		}
	}
	return false, s.unexpected("true or false")
}

// time reads an RFC 3339 time.
func (s *scanner) time() (time.Time, error) {
	text, err := s.string()
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %q is not an RFC 3339 time", errValue, text)
	}
	return t.UTC(), nil
}

// named reads the name of a value.
func named[T any](s *scanner, parse func(string) (T, error)) (T, error) {
	var none T
	text, err := s.string()
	if err != nil {
		return none, err
	}
	v, err := parse(text)
	if err != nil {
		return none, fmt.Errorf("%w: %w", errValue, err)
	}
	return v, nil
}
