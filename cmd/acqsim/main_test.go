package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// update rewrites expected outputs and the documents made from tables; the diff
// is reviewed like any other.
var update = flag.Bool("update", false, "rewrite the expected outputs of testdata/script and the documents made from tables")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"acqsim": main})
}

// TestScripts runs testdata/script/*.txtar: each shows the program, in a folder
// and an environment of its own, as its users meet it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "truncate": truncate},
		Setup:               endAtOnce,
	})
}

// endAtOnce has programs under the race detector end when they end: it sleeps
// for a second else, and hundreds of short runs are minutes then.
func endAtOnce(env *testscript.Env) error {
	env.Setenv("GORACE", "atexit_sleep_ms=10")
	return nil
}

// exits is the script command `exits CODE PROGRAM ARGUMENTS…`: like exec, but
// the program must end with this very code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENTS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var ended *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &ended) {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// truncate is the script command `truncate FILE BYTES`: it leaves the first
// bytes of a file.
func truncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncate FILE BYTES")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}
