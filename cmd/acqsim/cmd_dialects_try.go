package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/simulator/dialect"
)

func newDialectsTryCommand(a *app) *cobra.Command {
	var o decodeOptions
	cmd := &cobra.Command{
		Use:   "try FILE SAMPLE",
		Short: "Show how a dialect file reads a sample, and what could be wrong with it",
		Long: `Show how a dialect file reads a sample message, field by field, with offsets, and
where it stops. SAMPLE is a file or - for stdin, written in any way that acqsim
decode takes, with or without the frame. FILE is a dialect file, file/VARIANT, or
the name of a dialect.

Where the sample can't be read, or makes no sense, likely causes are told: other
encodings, prefixes and lengths are tried for the fields around the place, other
frames for the whole. They are guesses: the vendor's document decides.

Card numbers, tracks, PIN blocks and keys are masked, unless --unsafe is given.

The exit code is 2 if anything can't be read.`,
		Example: `  acqsim dialects try mine.yaml sample.hex
  xxd -p capture.bin | acqsim dialects try mine.yaml -`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("name a dialect file and a sample, or - for a sample on stdin")
			}
			return a.tryDialect(&o, args[0], args[1])
		},
	}
	addDecodeFlags(cmd, &o)
	return cmd
}

// tryDialect is decode with a dialect under suspicion.
func (a *app) tryDialect(o *decodeOptions, file, sample string) error {
	o.dialect, o.file, o.offsets, o.suggest = file, sample, true, true
	return a.decode(o, nil)
}

// suggestions are what could be wrong with the dialect of a piece, as far as its
// bytes tell.
func suggestions(p *piece) (all []string) {
	d := p.dialect
	all = d.Suggest(p.body())
	if len(p.length) > 0 && p.warning == "" {
		return all // the frame is right
	}
	if at, ok := d.Find(p.raw); ok && (at != p.bodyAt || p.warning != "") && at > 0 {
		for _, f := range dialect.SuggestFrame(p.raw, at) {
			all = append(all, "the sample is framed like this: `"+f+"`")
		}
		if len(all) == 0 {
			all = append(all, fmt.Sprintf("the message begins at byte %d; what stands before it is no frame that acqsim knows", at))
		}
	}
	return all
}
