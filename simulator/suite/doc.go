// Package suite runs scenarios: for each a fresh, isolated server that brings
// the cause about, a terminal that a driver makes perform the scenario's
// actions, and a verdict on what it did. Run makes a Report of many.
//
// A Driver is how the terminal under test is made to act. Builtin is the
// reference terminal; others reach programs, test robots and people. StartRig is
// for terminals that something else works, such as a Go test (package simtest).
package suite
