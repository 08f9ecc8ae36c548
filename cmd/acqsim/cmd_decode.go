package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
)

// decodeOptions are the flags of acqsim decode.
type decodeOptions struct {
	dialect  string // name or file; empty: detected
	file     string
	encoding string
	lang     string
	macKey   string
	offsets  bool
	json     bool
	unsafe   bool
	suggest  bool // likely causes of what goes wrong
}

func newDecodeCommand(a *app) *cobra.Command {
	var o decodeOptions
	cmd := &cobra.Command{
		Use:   "decode [MESSAGE | FILE | -]",
		Short: "Show what is in a message, and where a bad one goes wrong",
		Long: `Show the fields of ISO 8583 messages. They are given as arguments, in a file, or
on stdin (-, or no argument); in hexadecimal with or without spaces, as a dump
with offsets (hexdump -C, xxd, tcpdump -x, Wireshark), in base64, or as they
stood on the line. With or without length header, TPDU and header; in any number,
one after the other or, in hexadecimal, one on each line.

A packet capture (pcap or pcapng, of tcpdump or Wireshark) is put together again
to its TCP streams, and these are cut into frames. Each request is shown with its
reply, the time and the addresses, and so is what ends a stream, what is missing
in it, and what is no frame.

The dialect is recognised unless --dialect names one. Of a message that goes
wrong, everything before the place is shown, then why, then the bytes around it.

Card numbers, tracks, PIN blocks and keys are masked, unless --unsafe is given.

The exit code is 2 if anything can't be read, and 1 if --mac-key is given and a
MAC is wrong.`,
		Example: `  acqsim decode 0800 2020 0000 00C0 0012 ...
  acqsim decode capture.bin
  xxd capture.bin | acqsim decode --offsets
  acqsim decode terminal.pcap
  tcpdump -i eth0 -w - tcp port 8583 | acqsim decode
  acqsim decode --dialect my.yaml --json < messages.hex`,
		RunE: func(_ *cobra.Command, args []string) error { return a.decode(&o, args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.dialect, "dialect", "", "the dialect, by `NAME` (acqsim dialects lists them), NAME/VARIANT or file (default: recognised)")
	f.StringVar(&o.file, "file", "", "read the messages from this `FILE`; - is stdin")
	addDecodeFlags(cmd, &o)
	f.StringVar(&o.macKey, "mac-key", "", "check MACs with this working key, in `HEX`")
	f.BoolVar(&o.offsets, "offsets", false, "show where each field starts")
	completeWords(cmd, "dialect", dialect.Names())
	return cmd
}

// addDecodeFlags adds the flags of every command that shows messages.
func addDecodeFlags(cmd *cobra.Command, o *decodeOptions) {
	f := cmd.Flags()
	f.StringVar(&o.encoding, "encoding", encodingAuto, "`HOW` the input is written: "+strings.Join(inputEncodings, ", "))
	f.StringVar(&o.lang, "lang", langEN, "`LANGUAGE` of names: "+strings.Join(langs, ", "))
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVar(&o.unsafe, "unsafe", false, "show card numbers, tracks, PIN blocks and keys")
	completeWords(cmd, "encoding", inputEncodings)
	completeWords(cmd, "lang", langs)
}

// completeWords has the shell complete a flag.
func completeWords(cmd *cobra.Command, flag string, words []string) {
	// The error is for a flag that is unknown or has a completion already.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveDefault))
}

// decode reads the input, decodes it in the way that makes most sense of it,
// and prints the result.
func (a *app) decode(o *decodeOptions, args []string) error {
	v := viewer{unsafe: o.unsafe, suggest: o.suggest}
	if err := o.check(&v); err != nil {
		return err
	}
	named, all, err := a.splitters(o.dialect)
	if err != nil {
		return err
	}
	packets, name, err := a.captureInput(o, args)
	if err != nil {
		return err
	}
	if packets != nil {
		defer packets.Close()
		return a.decodeCapture(packets, name, o, named, &v)
	}
	src, err := a.readInput(o.file, args)
	if err != nil {
		return err
	}
	result, err := decodeInput(src, o.encoding, named, all, &v)
	if err != nil {
		return err
	}
	if o.json {
		err = result.writeJSON(a)
	} else {
		err = result.writeText(a, o)
	}
	if err != nil {
		return err
	}
	return result.verdict()
}

func (o *decodeOptions) check(v *viewer) error {
	if err := oneOf(inputEncodings, o.encoding); err != nil {
		return usagef("--encoding: %w", err)
	}
	if err := oneOf(langs, o.lang); err != nil {
		return usagef("--lang: %w", err)
	}
	if o.macKey == "" {
		return nil
	}
	key, err := security.ParseKey(o.macKey)
	if err != nil {
		return usagef("--mac-key: a MAC key is 16, 32 or 48 hexadecimal digits")
	}
	v.macKey = key
	return nil
}

// splitters returns one for the dialect that the command line names, and one for
// all that are known: those of the configuration first, then the embedded ones;
// frames as they are by default before those of variants.
func (a *app) splitters(name string) (named, all *splitter, err error) {
	// The configuration without flags: here --dialect is not a list of files.
	e, err := a.load(&cobra.Command{})
	if err != nil {
		return nil, nil, err
	}
	known, err := loadDialects(e.Dialects)
	if err != nil {
		return nil, nil, err
	}
	all = &splitter{}
	for _, name := range append(sortedKeys(known.files), dialect.Names()...) {
		d, err := known.open(name)
		if err != nil {
			return nil, nil, err
		}
		all.dialects = append(all.dialects, d)
	}
	for _, d := range slices.Clone(all.dialects) {
		for _, variant := range d.Variants() {
			x, err := known.open(d.Name() + "/" + variant)
			if err != nil {
				return nil, nil, err
			}
			all.dialects = append(all.dialects, x)
		}
	}
	if name == "" {
		return all, all, nil
	}
	d, err := known.open(name)
	if err != nil {
		return nil, nil, err
	}
	return &splitter{dialects: []*dialect.Dialect{d}, only: true}, all, nil
}

// decodeResult is what acqsim decode found out.
type decodeResult struct {
	Encoding string     `json:"encoding"`
	Bytes    int        `json:"bytes"`
	Notes    []string   `json:"notes,omitempty"`
	Messages []*decoded `json:"messages"`
}

// attempt is what one reading of the input gave. The numbers are bytes.
type attempt struct {
	reading
	pieces      []piece
	bytes       int
	read, sound int // of it: read, and in messages without a mistake
}

func (x *attempt) clean() bool { return x.sound == x.bytes }

// better reports whether an attempt makes more sense of the input than one that
// is likelier as such.
func (x *attempt) better(y *attempt) bool {
	if x.sound == 0 && y.sound == 0 {
		return y.read == 0 && x.read > 0
	}
	return x.sound*y.bytes > y.sound*x.bytes
}

// attempts tries every reading and returns the best, and the encodings of those
// that make sense of all of the input.
func attempts(all []reading, s *splitter) (best *attempt, clean []string) {
	for _, r := range all {
		x := tryReading(r, s)
		if x.clean() && !slices.Contains(clean, x.encoding) {
			clean = append(clean, x.encoding)
		}
		if best == nil || x.better(best) {
			best = x
		}
	}
	return best, clean
}

// decodeInput decodes an input in the way that makes most sense of it. Where
// that is little, all dialects are asked as well.
func decodeInput(src []byte, encoding string, s, every *splitter, v *viewer) (*decodeResult, error) {
	if len(src) == 0 || isTextInput(src) && len(bytes.TrimSpace(src)) == 0 {
		return nil, usagef("the input is empty: give a message in hex, base64 or binary (acqsim decode --help)")
	}
	all, reasons := readings(src, encoding)
	if len(all) == 0 {
		return nil, usagef("the input can't be read: %s", strings.Join(reasons, "; "))
	}
	best, clean := attempts(all, s)
	isHex := slices.ContainsFunc(all, func(r reading) bool { return r.encoding == encodingHex || r.encoding == encodingHexdump })
	if best.read == 0 && encoding == encodingAuto && isTextInput(src) && !isHex {
		return nil, usagef("the input can't be read: it is %s; as base64 and as it stands it holds no message, and there is no file of that name", strings.Join(reasons, "; "))
	}
	notes := slices.Clone(best.notes)
	if best.clean() && len(clean) > 1 {
		others := slices.DeleteFunc(clean, func(e string) bool { return e == best.encoding })
		notes = append(notes, fmt.Sprintf("the input was taken for %s; it could be %s, too (--encoding chooses)", best.encoding, strings.Join(others, " or ")))
	}
	if !best.clean() && s.only {
		if x, _ := attempts(all, every); x.clean() && x.pieces[0].dialect != nil {
			notes = append(notes, fmt.Sprintf("without --dialect it reads as %s, to its end", x.pieces[0].dialect.Name()))
		}
	}
	result := &decodeResult{Encoding: best.encoding, Bytes: best.bytes, Notes: notes, Messages: []*decoded{}}
	for i := range best.pieces {
		m, err := v.view(&best.pieces[i])
		if err != nil {
			return nil, err
		}
		result.Messages = append(result.Messages, m)
	}
	return result, nil
}

// tryReading splits every part of a reading into messages.
func tryReading(r reading, s *splitter) *attempt {
	x := &attempt{reading: r}
	for _, part := range r.parts {
		pieces := s.split(part)
		read, sound := sense(pieces)
		if payload, skipped, ok := tcpPayload(part); ok && sound < len(part) {
			inner := s.split(payload)
			innerRead, innerSound := sense(inner)
			if innerSound > sound || innerRead > read || len(payload) == 0 {
				x.notes = append(slices.Clip(x.notes), fmt.Sprintf("the first %d bytes of a packet were left out: they are the headers of TCP", skipped))
				part, pieces, read, sound = payload, inner, innerRead, innerSound
			}
		}
		x.pieces = append(x.pieces, pieces...)
		x.read += read
		x.sound += sound
		x.bytes += len(part)
	}
	return x
}

// sense returns how many bytes of the pieces can be read, and how many belong
// to pieces without a mistake.
func sense(pieces []piece) (read, sound int) {
	for i := range pieces {
		n, clean := pieces[i].read()
		read += n
		if clean {
			sound += len(pieces[i].raw)
		}
	}
	return read, sound
}

func (r *decodeResult) writeJSON(a *app) error {
	return writeJSON(a.stdout, r)
}

func (r *decodeResult) writeText(a *app, o *decodeOptions) error {
	t := decodeText{lang: o.lang, offsets: o.offsets}
	t.line("Input: %s, %s.", r.Encoding, plural(r.Bytes, "byte"))
	for _, n := range r.Notes {
		t.line("Note: %s.", n)
	}
	for i, m := range r.Messages {
		which := ""
		if len(r.Messages) > 1 {
			which = fmt.Sprintf("%d of %d: ", i+1, len(r.Messages))
		}
		t.line("")
		t.message(m, which)
	}
	_, err := a.stdout.Write([]byte(t.b.String()))
	return err
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

var errWrongMAC = errors.New("a MAC is wrong: it was made with another key, or the message was changed")

// verdict is the command's error: each message that can't be read, or MACs that
// are wrong.
func (r *decodeResult) verdict() error {
	var bad []error
	wrongMACs := false
	for i, m := range r.Messages {
		wrongMACs = wrongMACs || m.MAC == macWrong
		which := "the message"
		if len(r.Messages) > 1 {
			which = fmt.Sprintf("message %d of %d", i+1, len(r.Messages))
		}
		switch {
		case m.Error != nil && m.Error.Field == "":
			bad = append(bad, fmt.Errorf("no dialect reads %s", which))
		case m.Error != nil:
			bad = append(bad, fmt.Errorf("%s can't be read beyond byte %d: %s: %s", which, m.Error.Offset, m.Error.place(langEN), m.Error.Reason))
		case m.Warning != "":
			bad = append(bad, fmt.Errorf("the frame of %s is wrong: %s", which, m.Warning))
		}
	}
	switch {
	case len(bad) == 1:
		return exitWith(exitUsage, bad[0])
	case len(bad) > 1:
		return usagef("%d of %d messages can't be read; the first: %w", len(bad), len(r.Messages), bad[0])
	case wrongMACs:
		return exitWith(exitNegative, errWrongMAC)
	}
	return nil
}
