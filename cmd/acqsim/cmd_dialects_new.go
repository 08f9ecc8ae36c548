package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/simulator/dialect"
)

func newDialectsNewCommand(a *app) *cobra.Command {
	var from, file string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Start a dialect file, with comments that say what to change",
		Long: `Start a dialect file from one that resembles it. It is complete, and speaks what
the other one speaks until it is changed. Its comments say, step by step, what to
change and where a vendor's document has it.

To choose --from: iso87-bcd for packed digits, iso87-ascii for characters,
iso87-ebcdic for mainframes, iso93-ascii where message types begin with 1,
unionpay-pos for terminals in China. acqsim decode tells what a sample resembles.`,
		Example: `  acqsim dialects new mine --from iso87-bcd -o mine.yaml`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("name the new dialect")
			}
			return a.newDialect(args[0], from, file)
		},
	}
	cmd.Flags().StringVar(&from, "from", "iso87-bcd", "the `DIALECT` to start from")
	cmd.Flags().StringVarP(&file, "output", "o", "-", "write this `FILE`, which must not be there yet; - is stdout")
	completeWords(cmd, "from", dialect.Names())
	return cmd
}

func (a *app) newDialect(name, from, file string) error {
	src, err := a.dialectSource(from)
	if err != nil {
		return err
	}
	text, err := dialect.Scaffold(name, from, src)
	if err != nil {
		return exitWith(exitUsage, err)
	}
	if file == "-" {
		_, err = a.stdout.Write(text)
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // the user names the file, for others to read
	if errors.Is(err, fs.ErrExist) {
		return usagef("%s is there already: choose another name, or delete it", file)
	}
	if err != nil {
		return usagef("the file can't be written: %w", unwrapPath(err))
	}
	if _, err = f.Write(text); err == nil {
		err = f.Close()
	} else {
		_ = f.Close() // the first error counts
	}
	if err != nil {
		return exitWith(exitInternal, fmt.Errorf("%s can't be written: %w", file, unwrapPath(err)))
	}
	_, err = fmt.Fprintf(a.stdout, "%s: dialect %s, started from %s\n", file, name, from)
	return err
}
