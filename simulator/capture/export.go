package capture

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/gopacket/gopacket"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// ExportOptions of Export. The zero value is a valid one.
type ExportOptions struct {
	Format  Format
	Program string // named in a PCAPNG file, such as "acqsim 1.2.0"
}

// Exported is what an export wrote.
type Exported struct {
	Connections int
	Frames      int // payloads: frames, keep-alives, and parts of either
	Packets     int
	Notes       []string // what a reader of the capture should know
}

// Masked is the note that every export begins with.
const Masked = "card data is masked: digits of card numbers, tracks, PIN blocks and keys are zeros"

// Export writes the transcript that d reads to w as a capture: a TCP stream for
// each connection.
//
//   - A connection has its handshake when it was accepted, one segment or more
//     for each frame at the time of its event, and at the end FINs or an RST, by
//     the side that ended it. One that the line lost, or that was still open
//     when the transcript ended, just stops.
//   - Received and discarded frames, keep-alives and bad frames are the
//     terminal's bytes; of a bad frame there is what the journal kept of it.
//   - A reply has its bytes where it was sent. A held one has none until then;
//     of one that was not sent, there are the bytes that had left.
//   - A refused connection has a handshake and a FIN: it was accepted first.
//   - What was inside TLS is written in clear.
//
// Addresses are those of the transcript. An address that it does not have (of a
// listener on every interface) is the loopback for a local terminal and one of
// RFC 5737 or RFC 3849, for documentation, otherwise.
//
// An error is that of w, or what d says is wrong in the transcript.
func Export(w io.Writer, d *transcript.Decoder, o ExportOptions) (Exported, error) {
	out, err := newSink(w, o.Format, o.Program, "Written from a transcript of acqsim: no packet was captured. "+sentence(Masked))
	if err != nil {
		return Exported{}, err
	}
	x := &export{out: out, buffer: gopacket.NewSerializeBuffer()}
	x.newRun()
	var header transcript.Header
	for {
		e, err := d.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Exported{}, err
		}
		if h := d.Header(); h != header || e.Seq != 0 && e.Seq <= x.seq {
			header = h
			x.newRun()
		}
		x.seq = e.Seq
		if err := x.event(&e); err != nil {
			return Exported{}, err
		}
	}
	x.newRun() // counts what is open
	if err := x.out.finish(); err != nil {
		return Exported{}, err
	}
	x.sum.Packets = x.out.written
	x.sum.Notes = x.notes(len(d.Torn()))
	return x.sum, nil
}

// export is one under way.
type export struct {
	out       *sink
	buffer    gopacket.SerializeBuffer
	listeners map[string]listener
	lines     map[uint64]*line // of the run, by connection
	seq       uint64
	lost      string // what the next packet's comment says is missing before it
	sum       Exported

	inTLS, open, headless, endless, madeUp int
	missing                                uint64
}

// listener is what the transcript says of one.
type listener struct {
	addr netip.AddrPort
	tls  bool
}

// newRun forgets everything of the run before: its connection numbers begin
// anew.
func (x *export) newRun() {
	for _, l := range x.lines {
		if !l.ended {
			x.open++
		}
	}
	x.listeners, x.lines = map[string]listener{}, map[uint64]*line{}
	x.seq = 0
}

func (x *export) event(e *transcript.Event) error {
	switch e.Kind {
	case transcript.Listening:
		addr, _ := netip.ParseAddrPort(e.Text) // one that is none is made up
		x.listeners[e.Listener] = listener{addr, e.TLS}
	case transcript.Connected, transcript.Refused:
		return x.connect(e)
	case transcript.Received, transcript.KeepAlive, transcript.BadFrame, transcript.Discarded:
		if len(e.Raw) > 0 {
			return x.data(e, e.Raw, true)
		}
	case transcript.Sent:
		return x.data(e, e.Raw, false)
	case transcript.NotSent:
		if part := e.Raw[:min(len(e.Raw), int(e.Written))]; len(part) > 0 {
			return x.data(e, part, false)
		}
	case transcript.Closed:
		return x.close(e)
	case transcript.Missing:
		x.missing += e.Lost
		x.lost = fmt.Sprintf("%d events are missing before this packet; ", e.Lost)
	}
	return nil
}

// comment is what a packet says of its event.
func (x *export) comment(e *transcript.Event) string {
	var b strings.Builder
	b.WriteString(x.lost)
	x.lost = ""
	fmt.Fprintf(&b, "event %d, connection %d: %s", e.Seq, e.Conn, e.Kind)
	if e.Outcome != 0 {
		fmt.Fprintf(&b, " %s", e.Outcome)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, " %s", e.Code)
	}
	if e.Why != "" {
		fmt.Fprintf(&b, ": %s", e.Why)
	}
	return b.String()
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// connect opens the line of a connection; that of a refused one ends at once.
func (x *export) connect(e *transcript.Event) error {
	l := x.begin(e)
	comment := x.comment(e)
	if x.listeners[e.Listener].tls {
		x.inTLS++
		comment += "; there was TLS on the line: the frames here were inside it"
	}
	if err := l.handshake(l.tick(e.At), comment); err != nil {
		return err
	}
	if e.Kind == transcript.Refused {
		return x.close(e)
	}
	return nil
}

// line returns that of an event's connection. One that the transcript does not
// begin with begins in the middle.
func (x *export) line(e *transcript.Event) *line {
	if l := x.lines[e.Conn]; l != nil {
		return l
	}
	x.headless++
	return x.begin(e)
}

func (x *export) data(e *transcript.Event, b []byte, byTerminal bool) error {
	l := x.line(e)
	x.sum.Frames++
	from, to := &l.server, &l.client
	if byTerminal {
		from, to = to, from
	}
	return l.data(from, to, b, l.tick(e.At), x.comment(e))
}

func (x *export) close(e *transcript.Event) error {
	l := x.line(e)
	delete(x.lines, e.Conn)
	theirs := e.Actor == transcript.Terminal
	first, second := &l.server, &l.client
	if theirs {
		first, second = second, first
	}
	at, comment := l.tick(e.At), x.comment(e)
	switch e.End {
	case transcript.EndFIN:
		return l.finish(first, second, at, comment)
	case transcript.EndTimeout:
		if e.Actor != transcript.Line {
			return l.finish(&l.server, &l.client, at, comment)
		}
	case transcript.EndRST:
		// A fault that resets the line resets acqsim's own end of it.
		return l.reset(first, second, at, comment)
	case transcript.EndCut:
		if e.Actor != transcript.Line {
			return l.reset(first, second, at, comment)
		}
	case transcript.NoEnd:
		x.endless++
	}
	return nil
}

// begin makes the line of a connection, without a handshake.
func (x *export) begin(e *transcript.Event) *line {
	x.sum.Connections++
	source, host := x.addresses(e)
	// Each connection has sequence numbers of its own, so that an address that
	// is used again begins another stream.
	isn := uint32(x.sum.Connections) * 4_000_000
	l := &line{out: x.out, buffer: x.buffer,
		client: side{addr: source, next: isn, acked: isn + 2_000_000}, server: side{addr: host, next: isn + 2_000_000, acked: isn}}
	x.lines[e.Conn] = l
	return l
}
