package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// app is what commands share. A command reads the world through it only, so
// that a test can be its world; the context is the cobra command's.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	configFile     string // --config; empty: not given
}

// run is the whole program: it executes the command line args and returns the
// exit code. The first interrupt ends ctx, the second one the process.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := newRoot(&app{stdin: stdin, stdout: stdout, stderr: stderr})
	root.SetArgs(args)
	return report(stderr, root.ExecuteContext(ctx))
}

// newRoot lists every command. Each has a file of its own, cmd_NAME.go, with a
// function that returns it.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "acqsim",
		Short: "An ISO 8583 acquirer that POS terminals can be pointed at",
		Long: `acqsim is an ISO 8583 acquirer simulator and fault injector. It answers POS
terminals over TCP as a real acquirer does, keeps books, and says why.`,
		SilenceErrors: true, // report prints them
		SilenceUsage:  true,
		Version:       versionText(),
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().StringVar(&a.configFile, "config", "",
		"read this configuration `FILE` instead of ./"+configName)

	root.AddCommand(
		newServeCommand(a),
		newSendCommand(a),
		newTerminalCommand(a),
		newRunCommand(a),
		newDecodeCommand(a),
		newExportCommand(a),
		newDialectsCommand(a),
		newCausesCommand(a),
		newFaultsCommand(a),
		newRulesCommand(a),
		newVerdictCommand(a),
		newWorldCommand(a),
		newLintCommand(a),
		newSchemaCommand(a),
		newKeysCommand(a),
		newConfigCommand(a),
		newVersionCommand(a),
		newExitCodesTopic(),
	)
	root.SetHelpCommand(newHelpCommand(root))
	markErrors(root)
	return root
}

// markErrors makes errors of commands without an exit code of their own
// internal ones; what cobra finds before a command runs is a usage error.
func markErrors(cmd *cobra.Command) {
	if body := cmd.RunE; body != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			err := body(cmd, args)
			var known *exitError
			if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
				return err
			}
			return exitWith(exitInternal, err)
		}
	}
	if args := cmd.Args; args != nil {
		cmd.Args = func(cmd *cobra.Command, given []string) error {
			if err := args(cmd, given); err != nil {
				return exitWith(exitUsage, err)
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		markErrors(sub)
	}
}

// noArgs is the check of a command that takes no arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no arguments, but was given %s (see %s --help)", cmd.Name(), args[0], cmd.CommandPath())
}

// noSuchCommand is the root's check of arguments: there are none but commands.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	p := &strictyaml.Problem{Message: "unknown command " + args[0], Hint: "acqsim help lists them"}
	return p.Suggest(args[0], names)
}

// flagError turns pflag's errors into usage errors with a suggestion.
func flagError(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if errors.As(err, &missing) && missing.GetSpecifiedShortnames() == "" {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		p := &strictyaml.Problem{Message: "unknown flag --" + missing.GetSpecifiedName(), Hint: "see " + cmd.CommandPath() + " --help"}
		err = p.Suggest("--"+missing.GetSpecifiedName(), names)
	}
	return exitWith(exitUsage, err)
}
