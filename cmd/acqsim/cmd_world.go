package main

import (
	"github.com/spf13/cobra"
)

func newWorldCommand(a *app) *cobra.Command {
	var asYAML, withKeys bool
	cmd := &cobra.Command{
		Use:   "world",
		Short: "Print the merchants, terminals, cards and accounts that the host knows",
		Long: `Print the world that acqsim serve would decide from: merchants, terminals, cards,
accounts and issuers, each with what it is good for. A world file is laid over the
embedded world; with "base: none" it stands alone.

Everything in a world is test data, so card numbers and PINs are printed in
clear. Keys are printed as check values.

To make one's own: acqsim world --yaml > mine.yaml prints a file that loads to
the same world; a file needs to name only what differs. acqsim world lint
mine.yaml checks it, acqsim serve --world mine.yaml uses it.`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if withKeys && !asYAML {
				return usagef("--keys goes with --yaml")
			}
			_, w, err := a.loadWithWorld(cmd)
			if err != nil {
				return err
			}
			switch {
			case withKeys:
				return w.WriteYAMLWithKeys(a.stdout)
			case asYAML:
				return w.WriteYAML(a.stdout)
			}
			return w.WriteTable(a.stdout)
		},
	}
	addSettings(cmd, "world")
	cmd.Flags().BoolVar(&asYAML, "yaml", false, "print a world file, without keys")
	cmd.Flags().BoolVar(&withKeys, "keys", false, "with --yaml: print terminal and card keys as well, in clear")
	cmd.AddCommand(&cobra.Command{
		Use:   "lint FILE...",
		Short: "Report every mistake in world files, with its place",
		Long: `Report every mistake in world files: file, line, column, the line itself, and
what to do about it. - is stdin. The exit code is 1 if there are any.`,
		RunE: func(_ *cobra.Command, files []string) error {
			return a.lint(files, lintWorld)
		},
	})
	return cmd
}
