package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// The exit codes of every command. Scripts depend on them: they change with a
// major version only. exitCodes says in words what each one means.
const (
	exitOK           = 0
	exitNegative     = 1
	exitUsage        = 2
	exitNoAnswer     = 3
	exitNoConnection = 4
	exitInternal     = 5
	exitInterrupted  = 130 // 128 + SIGINT, as shells have it
)

// exitCodes documents the codes; docs/exit-codes.md and `acqsim help
// exit-codes` are made from it.
var exitCodes = []struct {
	code    int
	meaning string
	cases   string
}{
	{exitOK, "Done; the answer is yes.", "approved; no mistakes found; every rule passed; the server was told to stop and stopped"},
	{exitNegative, "Done; the answer is no.", "declined; mistakes found by a lint; a rule failed"},
	{exitUsage, "Not started: the command line, the configuration or an input can't be used.", "an unknown flag or key; a value out of bounds; a file that can't be read; a message that can't be decoded; a scenario that could not be run"},
	{exitNoAnswer, "The other side was reached and did not answer as it should.", "no reply in time; a reply that can't be read, does not fit the request, or has a wrong MAC; at a terminal, what it refuses or ends by itself, such as a card that is removed too early"},
	{exitNoConnection, "No connection.", "a connect refused or timed out; an address that can't be listened on"},
	{exitInternal, "acqsim failed.", "a full disk; a bug"},
	{exitInterrupted, "Interrupted from the keyboard before there was an answer.", "Ctrl-C while waiting"},
}

// exitError is an error that knows its exit code. A nil err says nothing on
// stderr: the command has printed its answer itself.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// exitWith gives err an exit code. A nil err ends the program silently with
// that code.
func exitWith(code int, err error) error { return &exitError{code: code, err: err} }

// usagef is the error of a command line, configuration or input that can't be
// used.
func usagef(format string, args ...any) error {
	return exitWith(exitUsage, fmt.Errorf(format, args...))
}

// report prints err on stderr, one line per mistake, each as
//
//	acqsim: what, where, what to do
//
// and returns the exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	code := exitInternal
	var known *exitError
	switch {
	case errors.As(err, &known):
		if known.err == nil {
			return known.code
		}
		code, err = known.code, known.err
	case errors.Is(err, context.Canceled):
		code = exitInterrupted
	}
	for _, line := range mistakes(err) {
		// A message that cannot be written has nowhere else to go.
		_, _ = fmt.Fprintf(stderr, "acqsim: %s\n", line)
	}
	return code
}

// mistakes puts err on one line, or on one for each mistake of a file.
func mistakes(err error) []string {
	var many strictyaml.Problems
	if !errors.As(err, &many) {
		return []string{oneLine(err)}
	}
	all := make([]string, len(many))
	for i, p := range many {
		all[i] = oneLine(p)
	}
	return all
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
