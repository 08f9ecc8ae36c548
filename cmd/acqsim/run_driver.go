package main

import (
	"strings"

	"github.com/acqsim/acqsim/simulator/suite"
)

// The drivers by the names that --terminal knows them by. What is behind the
// colon is up to the user.
const (
	builtinDriver = "builtin"
	manualDriver  = "manual"
)

var driverNames = []string{builtinDriver, "exec:", "http://", manualDriver}

// openDriver makes the driver that --terminal names. A person is talked to on
// stderr: stdout may be a file, or have a report.
func (a *app) openDriver(name string) (suite.Driver, error) {
	return suite.OpenDriver(name, suite.DriverOptions{In: a.stdin, Out: a.stderr})
}

// paceOf is how fast a terminal is without a word of the user: the reference
// terminal is on this machine and need not wait long.
func paceOf(driver string) suite.Pace {
	if driver == builtinDriver {
		return suite.Quick()
	}
	return suite.Pace{}
}

// talks reports whether the driver's person reads what is written to stderr, so
// that no line there may be written over.
func talks(driver string) bool { return strings.TrimSpace(driver) == manualDriver }
