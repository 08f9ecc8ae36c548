package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/capture"
)

// exportOptions are the flags of acqsim export.
type exportOptions struct {
	pcap   string // the file to write; - is stdout
	pcapng bool
}

func newExportCommand(a *app) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export --pcap FILE TRANSCRIPT",
		Short: "Write a transcript as a packet capture for Wireshark",
		Long: `Write a transcript (acqsim serve --journal FILE) as a packet capture that
Wireshark, tshark and tcpdump open: a TCP stream for each connection, each frame
at its time, and at the end FIN or RST as it was. Card data in it is masked, as
it is in the transcript. What was inside TLS is written in clear.

With --pcapng, or a FILE that ends in .pcapng, packets carry comments: what was
decided, and why; why a frame was bad; who ended a connection.

The exit code is 2 if the transcript can't be read.`,
		Example: `  acqsim serve --journal shop.jsonl
  acqsim export --pcap shop.pcapng shop.jsonl
  tshark -r shop.pcapng
  acqsim decode shop.pcapng`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("give one transcript, as acqsim serve --journal FILE writes it; - is stdin")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.export(&o, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.pcap, "pcap", "", "write the capture to this `FILE`; - is stdout")
	f.BoolVar(&o.pcapng, "pcapng", false, "write pcapng, with comments, whatever the file is called")
	return cmd
}

// export writes the transcript of a file as a capture.
func (a *app) export(o *exportOptions, name string) error {
	if o.pcap == "" {
		return usagef("say where to write the capture: --pcap FILE")
	}
	in := a.stdin
	if name == "-" {
		name = "stdin"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return usagef("the transcript can't be read: %w", err)
		}
		defer f.Close()
		if same(f, o.pcap) {
			return usagef("%s is the transcript itself: write the capture to another file", o.pcap)
		}
		in = f
	}
	format := capture.PCAP
	if o.pcapng || strings.EqualFold(filepath.Ext(o.pcap), ".pcapng") {
		format = capture.PCAPNG
	}
	var sum capture.Exported
	write := func(w io.Writer) (err error) {
		sum, err = capture.Export(w, transcript.NewDecoder(in, name), capture.ExportOptions{Format: format, Program: versionText()})
		return err
	}
	to, told := o.pcap, a.stdout
	var err error
	if o.pcap == "-" {
		to, told = "stdout", a.stderr
		err = write(a.stdout)
	} else {
		err = writeWhole(o.pcap, write)
	}
	var syntax *transcript.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return usagef("the transcript can't be read: %w", err)
	case err != nil:
		return fmt.Errorf("the capture can't be written: %w", err)
	}
	_, err = fmt.Fprintf(told, "%s: %s, %s, %s.\n", to, plural(sum.Connections, "connection"), plural(sum.Frames, "frame"), plural(sum.Packets, "packet"))
	for _, n := range sum.Notes {
		if err == nil {
			_, err = fmt.Fprintf(told, "Note: %s.\n", n)
		}
	}
	return err
}

// same reports whether a path leads to the open file f.
func same(f *os.File, path string) bool {
	x, err := f.Stat()
	if err != nil {
		return false
	}
	y, err := os.Stat(path)
	return err == nil && os.SameFile(x, y)
}

// writeWhole writes a file that is there as a whole or not at all. What is no
// regular file, such as a pipe, is written to as it is.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return usagef("%s can't be written: %w", path, unwrapPath(err))
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err := errors.Join(write(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
