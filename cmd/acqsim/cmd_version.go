package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the Makefile. Without it, as with `go install`, the
// module's version is taken.
var version string

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what acqsim can't do on this platform",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			text := versionText() + "\n"
			for _, limit := range platformLimits(runtime.GOOS) {
				text += "On " + runtime.GOOS + ": " + limit + "\n"
			}
			_, err := fmt.Fprint(a.stdout, text)
			return err
		},
	}
}

// versionText is one line: version, Go version and platform.
func versionText() string {
	v := version
	if v == "" {
		v = "devel"
		if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
			v = info.Main.Version
		}
	}
	return fmt.Sprintf("acqsim %s (%s, %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
