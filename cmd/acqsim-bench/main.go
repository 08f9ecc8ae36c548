// Command acqsim-bench measures acqsim against a raw echo on this machine, and
// prints one table. `make bench` runs it.
//
// Exit codes: 0 all was measured, 1 it was not or replies were wrong, 2 wrong
// usage, 3 something to reach was not reached (with -check), 130 interrupted.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// childFlag makes the program a server process: not for people. The server and
// the file of its CPU profile, or "", follow.
const childFlag = "-serve"

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 3 && args[0] == childFlag {
		return serve(args[1], args[2], stdin, stdout, stderr)
	}
	return measure(ctx, args, stdout, stderr)
}
