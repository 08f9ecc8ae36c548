package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// newHelpCommand replaces cobra's, which takes an unknown topic for a success.
func newHelpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command or topic]",
		Short: "Show what a command does, or a topic",
		RunE: func(_ *cobra.Command, args []string) error {
			about, _, err := root.Find(args)
			if err != nil {
				return exitWith(exitUsage, err)
			}
			if about == root && len(args) > 0 {
				return usagef("%w", noSuchCommand(root, args))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
			for _, c := range root.Commands() {
				names = append(names, c.Name())
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// newExitCodesTopic is `acqsim help exit-codes`.
func newExitCodesTopic() *cobra.Command {
	var text strings.Builder
	text.WriteString("Every command ends with one of these codes:\n")
	for _, c := range exitCodes {
		fmt.Fprintf(&text, "\n%5d  %s\n       For example: %s.\n", c.code, c.meaning, c.cases)
	}
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: text.String()}
}
