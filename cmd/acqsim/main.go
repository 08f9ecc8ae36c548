// Command acqsim is an ISO 8583 acquirer simulator and fault injector for POS
// terminals. It is a thin layer: flags and configuration in, packages of
// simulator and scenarios behind it, text and an exit code out.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
