package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"github.com/acqsim/acqsim/simulator/capture"
)

// captureInput returns the packet capture that decode was given, a file or
// stdin, and its name; nil if it was given something else. What was read of
// stdin to know is put back.
func (a *app) captureInput(o *decodeOptions, args []string) (r io.ReadCloser, name string, err error) {
	name = o.file
	if name == "" && len(args) == 1 {
		name = args[0]
	}
	if o.encoding != encodingAuto || o.file != "" && len(args) > 0 {
		return nil, "", nil
	}
	if name == "-" || name == "" && len(args) == 0 {
		if isTerminal(a.stdin) {
			return nil, "", nil
		}
		b := bufio.NewReaderSize(a.stdin, 64<<10)
		a.stdin = b
		if head, _ := b.Peek(capture.MagicSize); capture.Is(head) {
			return io.NopCloser(b), stdinName, nil
		}
		return nil, "", nil
	}
	if !isFile(name) {
		return nil, "", nil // readInput says what is wrong with it
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, "", usagef("the input can't be read: %w", err)
	}
	head := make([]byte, capture.MagicSize)
	n, _ := io.ReadFull(f, head)
	if _, err := f.Seek(0, io.SeekStart); err != nil || !capture.Is(head[:n]) {
		return nil, "", f.Close()
	}
	return f, name, nil
}

// stdinName is what stdin is called in messages.
const stdinName = "stdin"

// captureDecoder prints what a capture holds while it is read.
type captureDecoder struct {
	a     *app
	o     *decodeOptions
	v     *viewer
	split *splitter
	live  bool // somebody watches while packets come
	out   *bufio.Writer

	items, messages, exchanges, unanswered, replies int
	bad                                             int
	firstBad                                        error
	wrongMAC                                        bool
	foreign, midst, oneWay                          map[int]bool // streams, by number
	missing                                         int64
}

// decodeCapture decodes a packet capture.
func (a *app) decodeCapture(r io.Reader, name string, o *decodeOptions, s *splitter, v *viewer) error {
	d := &captureDecoder{a: a, o: o, v: v, split: s, live: name == stdinName, out: bufio.NewWriterSize(a.stdout, 64<<10),
		foreign: map[int]bool{}, midst: map[int]bool{}, oneWay: map[int]bool{}}
	if o.json {
		fmt.Fprint(d.out, "{\n  \"items\": [")
	}
	sum, err := capture.Read(r, s.dialects, d.item)
	var bad *capture.ReadError
	if err != nil && !errors.As(err, &bad) {
		return err
	}
	if err := d.finish(&sum, bad); err != nil {
		return err
	}
	if err := d.out.Flush(); err != nil {
		return err
	}
	return d.verdict(name, &sum, bad)
}

// captureItem is an item as it is shown.
type captureItem struct {
	Stream  int            `json:"stream"`
	Kind    string         `json:"kind"`
	At      time.Time      `json:"at"`
	Packet  int            `json:"packet"`
	From    netip.AddrPort `json:"from"`
	To      netip.AddrPort `json:"to"`
	Offset  int64          `json:"offset"` // in what the sender sent
	Size    int64          `json:"size,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	Message *decoded       `json:"message,omitempty"`
	Parts   []*decoded     `json:"parts,omitempty"` // what can be made of bytes skipped
	AfterNS int64          `json:"after_ns,omitempty"`
	Reply   *captureItem   `json:"reply,omitempty"`

	note string
}

// item takes the next one.
func (d *captureDecoder) item(x *capture.Item) error {
	shown, err := d.view(x)
	if err != nil {
		return err
	}
	d.count(x, shown)
	d.items++
	if d.o.json {
		b, err := json.MarshalIndent(shown, "    ", "  ")
		if err != nil {
			return err
		}
		comma := ","
		if d.items == 1 {
			comma = ""
		}
		_, err = fmt.Fprintf(d.out, "%s\n    %s", comma, b)
		return err
	}
	if err := d.write(shown); err != nil || !d.live {
		return err
	}
	return d.out.Flush()
}

// view decodes an item for people.
func (d *captureDecoder) view(x *capture.Item) (*captureItem, error) {
	s := x.Stream
	shown := &captureItem{Stream: s.Number, Kind: x.Kind.String(), At: x.At.UTC(), Packet: x.Packet,
		From: s.Server, To: s.Client, Offset: x.Offset, Size: x.Size}
	if x.ByClient {
		shown.From, shown.To = shown.To, shown.From
	}
	var err error
	switch x.Kind {
	case capture.Message:
		if shown.Message, err = d.message(x); err != nil {
			return nil, err
		}
		if x.IsReply {
			shown.note = "a reply to no request in the capture"
		}
		if x.Reply != nil {
			if shown.Reply, err = d.view(x.Reply); err != nil {
				return nil, err
			}
			took := x.Reply.At.Sub(x.At)
			shown.Reply.AfterNS = int64(took)
			shown.Reply.note = fmt.Sprintf("the reply, after %.3f ms", float64(took)/float64(time.Millisecond))
		}
	case capture.Skipped:
		shown.Reason = x.Reason.String()
		shown.Parts, err = d.skipped(x)
	}
	return shown, err
}

// message decodes the frame of an item.
func (d *captureDecoder) message(x *capture.Item) (*decoded, error) {
	p := piece{at: int(x.Offset), raw: x.Bytes, dialect: x.Dialect, bodyAt: x.BodyAt}
	p.length = x.Bytes[:min(x.Dialect.Format().Length.Size(), x.BodyAt)]
	p.divide()
	p.warnUnroutable()
	return d.v.view(&p)
}

// skipped shows what can be made of bytes that are no frame. Of a stream of
// something else the beginning is enough.
func (d *captureDecoder) skipped(x *capture.Item) (all []*decoded, err error) {
	pieces := []piece{{raw: x.Bytes}} // its beginning is shown
	if int64(len(x.Bytes)) == x.Size && (x.Stream.Dialect != nil || d.split.only) {
		s := *d.split
		if x.Stream.Dialect != nil {
			s.dialects = s.dialects[:0:0]
			s.dialects = append(s.dialects, x.Stream.Dialect)
		}
		pieces = s.split(x.Bytes)
	}
	for i := range pieces {
		pieces[i].at += int(x.Offset)
		pieces[i].torn = pieces[i].dialect == nil && x.Reason != capture.NoFrame
		m, err := d.v.view(&pieces[i])
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// tornEdges returns how many bytes at the beginning and at the end of a piece
// could be a part of a card number or track that goes on outside of it, where
// nothing can be checked.
func tornEdges(b []byte) (first, last int) {
	const most = 37 // digits of a track 2 (ISO/IEC 7813)
	run := func(at func(i int) byte) int {
		packed, characters := 0, 0
		for packed < len(b) && packed < most && trackNibble(at(packed)>>4) && trackNibble(at(packed)&0xF) {
			packed++
		}
		for characters < len(b) && characters < most && at(characters) >= 0xF0 && at(characters) <= 0xF9 {
			characters++
		}
		switch {
		case characters > 4: // EBCDIC; more than the last four may be shown of
			return characters
		case packed > 2:
			return packed
		}
		return 0
	}
	return run(func(i int) byte { return b[i] }), run(func(i int) byte { return b[len(b)-1-i] })
}

// trackNibble reports whether half a byte can belong to a track: a digit, or
// the separator. Digits of ASCII are two such halves.
func trackNibble(n byte) bool { return n <= 9 || n == 0xD }

// count keeps the figures of the end.
func (d *captureDecoder) count(x *capture.Item, shown *captureItem) {
	n := x.Stream.Number
	if x.Stream.OneWay {
		d.oneWay[n] = true
	}
	if !x.Stream.Begun && len(d.midst) < maxCounted {
		d.midst[n] = true
	}
	switch x.Kind {
	case capture.Message:
		d.messages++
		d.judge(x, shown.Message)
		switch {
		case x.Reply != nil:
			d.messages++
			d.exchanges++
			d.judge(x.Reply, shown.Reply.Message)
		case x.IsReply:
			d.replies++
		default:
			d.unanswered++
		}
	case capture.Missing:
		d.missing += x.Size
	case capture.Skipped:
		switch x.Reason {
		case capture.NoDialect:
			if len(d.foreign) < maxCounted {
				d.foreign[n] = true
			}
		case capture.NoFrame, capture.Unfinished:
			d.wrong(fmt.Errorf("%s of stream %d from byte %d on can't be read: %s", plural(int(x.Size), "byte"), n, x.Offset, x.Reason))
		}
	}
}

// maxCounted bounds the streams that are remembered for a note.
const maxCounted = 100_000

func (d *captureDecoder) judge(x *capture.Item, m *decoded) {
	d.wrongMAC = d.wrongMAC || m.MAC == macWrong
	if m.Error != nil {
		d.wrong(fmt.Errorf("the message in packet %d can't be read beyond byte %d: %s: %s", x.Packet, m.Error.Offset, m.Error.place(langEN), m.Error.Reason))
	}
}

func (d *captureDecoder) wrong(err error) {
	d.bad++
	if d.firstBad == nil {
		d.firstBad = err
	}
}

// verdict is the command's error.
func (d *captureDecoder) verdict(name string, sum *capture.Summary, bad *capture.ReadError) error {
	switch {
	case bad != nil:
		return usagef("%s: %w", name, bad)
	case d.bad == 1:
		return exitWith(exitUsage, d.firstBad)
	case d.bad > 1:
		return usagef("%d messages or pieces can't be read; the first: %w", d.bad, d.firstBad)
	case d.messages == 0:
		return usagef("%s: no dialect finds a message in its %s", name, plural(sum.Streams, "TCP stream"))
	case d.wrongMAC:
		return exitWith(exitNegative, errWrongMAC)
	}
	return nil
}
