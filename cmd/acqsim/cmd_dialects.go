package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
)

func newDialectsCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dialects",
		Short: "List the dialects, start one's own, check and try it",
		Long: `List the dialects that acqsim speaks: the embedded ones, and those of the files
that the configuration names. A dialect is one YAML file: how messages are framed
and laid out, and what a host makes of them.

To make one's own: acqsim dialects new mine --from iso87-bcd -o mine.yaml, change
it, check it with acqsim dialects lint mine.yaml, see how it reads a sample of the
vendor's with acqsim dialects try mine.yaml sample.hex, and use it with
acqsim serve --listen :9000=mine.yaml. docs/dialects.md does it step by step.`,
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.listDialects(cmd) },
	}
	addSettings(cmd, "dialects")
	cmd.AddCommand(
		newDialectsNewCommand(a),
		newDialectsTryCommand(a),
		&cobra.Command{
			Use:   "lint FILE...",
			Short: "Report every mistake in dialect files, with its place",
			Long: `Report every mistake in dialect files: file, line, column, the line itself, and
what to do about it. - is stdin. The exit code is 1 if there are any.`,
			RunE: func(_ *cobra.Command, files []string) error { return a.lint(files, dialect.Lint) },
		},
		&cobra.Command{
			Use:   "show NAME",
			Short: "Print the file of a dialect, to start one's own from",
			RunE:  func(_ *cobra.Command, args []string) error { return a.showDialect(args) },
			ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return dialect.Names(), cobra.ShellCompDirectiveNoFileComp
			},
		},
	)
	return cmd
}

func (a *app) listDialects(cmd *cobra.Command) error {
	e, err := a.load(cmd)
	if err != nil {
		return err
	}
	known, err := loadDialects(e.Dialects)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, name := range append(sortedKeys(known.files), dialect.Names()...) {
		d, err := known.open(name)
		if err != nil {
			return err
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		if err := describeDialect(&b, d, known, e.Listeners); err != nil {
			return err
		}
	}
	_, err = a.stdout.Write([]byte(b.String()))
	return err
}

// describeDialect writes a dialect, its variants, and where acqsim serve would
// speak it.
func describeDialect(b *strings.Builder, d *dialect.Dialect, known *dialects, listeners []listener) error {
	fmt.Fprintf(b, "%s\n", d.Name())
	line := func(what, text string) { fmt.Fprintf(b, "  %-9s %s\n", what, text) }
	title := words(d.Title())
	line("title", title.in(langBoth))
	line("frame", frameText(d.Format()))
	line("MAC", macText(d))
	for _, v := range d.Variants() {
		name := d.Name() + "/" + v
		x, err := known.open(name)
		if err != nil {
			return err
		}
		text := frameText(x.Format())
		if x.Spec() != d.Spec() {
			charset, numbers := x.Encodings()
			text += ", text in " + charset + ", numbers in " + numbers
		}
		line("variant", name+": "+text)
	}
	for i := range listeners {
		if l := &listeners[i]; l.Dialect == d.Name() || strings.HasPrefix(l.Dialect, d.Name()+"/") {
			line("serve", "listens on "+l.Address)
		}
	}
	if file, ok := known.files[d.Name()]; ok {
		line("file", file)
	}
	return nil
}

var lengthTexts = map[frame.LengthKind]string{
	frame.Binary2: "length of 2 bytes",
	frame.Binary4: "length of 4 bytes",
	frame.BCD2:    "length of 4 BCD digits",
	frame.ASCII4:  "length of 4 ASCII digits",
	frame.Hex4:    "length of 4 hexadecimal ASCII digits",
	frame.VML:     "Visa length header of 4 bytes",
}

// frameText is a frame in words.
func frameText(f frame.Format) string {
	text := lengthTexts[f.Length]
	switch {
	case f.CountsItself && f.ExcludesHeader:
		text += " that counts itself and the message only"
	case f.CountsItself:
		text += " that counts itself"
	case f.ExcludesHeader:
		text += " that counts the message only"
	}
	if f.TPDU {
		text += ", TPDU"
	}
	if f.Header > 0 {
		text += fmt.Sprintf(", header of %d bytes", f.Header)
	}
	return text
}

// macText says what a host does about MACs.
func macText(d *dialect.Dialect) string {
	if d.MACField() == 0 {
		return "none"
	}
	text := fmt.Sprintf("%s in field %d, %s", d.MACAlgorithm(), d.MACField(), d.MACPolicy())
	switch {
	case !d.HasKeys():
		text += " (no `keys:`, so it can't be required)"
	case d.MACPolicy() == security.MACOff:
		text += " (--mac changes that)"
	}
	return text
}

func (a *app) showDialect(args []string) error {
	if len(args) != 1 {
		return usagef("name one dialect: %s", strings.Join(dialect.Names(), ", "))
	}
	src, err := a.dialectSource(args[0])
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(src)
	return err
}

// dialectSource returns the file of a dialect: of the configuration, or an
// embedded one.
func (a *app) dialectSource(name string) ([]byte, error) {
	e, err := a.load(&cobra.Command{})
	if err != nil {
		return nil, err
	}
	known, err := loadDialects(e.Dialects)
	if err != nil {
		return nil, err
	}
	var src []byte
	if file, ours := known.files[name]; ours {
		src, err = os.ReadFile(file) //nolint:gosec // the user's configuration names the file
	} else {
		src, err = dialect.Source(name)
	}
	if err != nil {
		return nil, exitWith(exitUsage, err)
	}
	return src, nil
}
