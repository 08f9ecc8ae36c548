package main

import (
	"fmt"

	"github.com/acqsim/acqsim/simulator/suite"
)

// builtinDriver is the reference terminal.
const builtinDriver = "builtin"

// openDriver makes the driver that --terminal names.
func openDriver(name string) (suite.Driver, error) {
	if name == builtinDriver {
		return &suite.Builtin{}, nil
	}
	return nil, fmt.Errorf("no terminal is called %q: builtin is the reference terminal", name)
}

// paceOf is how fast a terminal is without a word of the user: the reference
// terminal is on this machine and need not wait long.
func paceOf(driver string) suite.Pace {
	if driver == builtinDriver {
		return suite.Quick()
	}
	return suite.Pace{}
}
