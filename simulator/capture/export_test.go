package capture_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/capture"
)

var update = flag.Bool("update", false, "rewrite the expected outputs in testdata")

var start = time.Date(2026, 2, 17, 15, 30, 0, 123456789, time.UTC)

// tape writes a transcript: each event is a millisecond after the one before.
type tape struct {
	b   bytes.Buffer
	enc *transcript.Encoder
	seq uint64
	at  time.Time
}

func newTape() *tape {
	t := &tape{at: start}
	t.enc = transcript.NewEncoder(&t.b, transcript.Header{Started: start, Program: "acqsim test"})
	return t
}

func (t *tape) add(e transcript.Event) {
	t.seq++
	if e.Seq == 0 {
		e.Seq = t.seq
	}
	if e.At.IsZero() {
		t.at = t.at.Add(time.Millisecond)
		e.At = t.at
	}
	if e.Listener == "" {
		e.Listener = "pos"
	}
	if err := t.enc.Encode(&e); err != nil {
		panic(err)
	}
}

// run begins another run behind a header of its own.
func (t *tape) run() {
	_ = t.enc.Flush()
	t.b.Write(transcript.AppendHeader(nil, transcript.Header{Started: t.at, Program: "acqsim test"}))
	t.seq = 0
}

func (t *tape) decoder() *transcript.Decoder {
	_ = t.enc.Flush()
	return transcript.NewDecoder(bytes.NewReader(t.b.Bytes()), "test.jsonl")
}

func (t *tape) listening(address string, tls bool) {
	t.add(transcript.Event{Kind: transcript.Listening, Actor: transcript.Acqsim, Text: address, TLS: tls})
}

func (t *tape) connected(conn uint64, source string) {
	t.add(transcript.Event{Kind: transcript.Connected, Actor: transcript.Terminal, Conn: conn, Source: source})
}

func (t *tape) received(conn uint64, raw string) {
	t.add(transcript.Event{Kind: transcript.Received, Actor: transcript.Terminal, Conn: conn, Raw: []byte(raw)})
}

func (t *tape) sent(conn uint64, raw string) {
	t.add(transcript.Event{Kind: transcript.Sent, Actor: transcript.Host, Conn: conn, Raw: []byte(raw), Code: "00", Why: "open world"})
}

func (t *tape) closed(conn uint64, who transcript.Actor, how transcript.End) {
	t.add(transcript.Event{Kind: transcript.Closed, Actor: who, End: how, Conn: conn, Why: "ended"})
}

// everything has each kind of event, and each way to end.
func everything() *tape {
	t := newTape()
	t.listening("0.0.0.0:8583", false)
	t.connected(1, "198.51.100.7:40000")
	t.received(1, "request")
	t.add(transcript.Event{Kind: transcript.Decided, Actor: transcript.Host, Conn: 1, Why: "no packet"})
	t.sent(1, "reply")
	t.add(transcript.Event{Kind: transcript.KeepAlive, Actor: transcript.Terminal, Conn: 1, Raw: []byte{0, 0}})
	t.received(1, "slow")
	t.add(transcript.Event{Kind: transcript.Held, Actor: transcript.Host, Conn: 1, Why: "no packet before it is sent"})
	t.add(transcript.Event{Kind: transcript.Discarded, Actor: transcript.Host, Conn: 1, Raw: []byte("unroutable"), Why: "the TPDU"})
	t.add(transcript.Event{Kind: transcript.Discarded, Actor: transcript.Host, Conn: 1, Why: "no packet: it was received"})
	t.sent(1, "late reply")
	t.closed(1, transcript.Terminal, transcript.EndFIN)
	for i, end := range []struct {
		who transcript.Actor
		how transcript.End
	}{
		{transcript.Acqsim, transcript.EndFIN}, {transcript.Terminal, transcript.EndRST}, {transcript.Host, transcript.EndRST},
		{transcript.Line, transcript.EndRST}, {transcript.Acqsim, transcript.EndCut}, {transcript.Line, transcript.EndCut},
		{transcript.Host, transcript.EndTimeout}, {transcript.Terminal, transcript.EndTimeout}, {transcript.Line, transcript.EndTimeout},
		{transcript.Line, transcript.NoEnd},
	} {
		conn := uint64(i + 2)
		t.connected(conn, fmt.Sprintf("127.0.0.1:%d", 50000+conn))
		t.closed(conn, end.who, end.how)
	}
	t.connected(20, "198.51.100.7:40001")
	t.add(transcript.Event{Kind: transcript.Refused, Actor: transcript.Host, Conn: 21, Source: "198.51.100.7:40002", End: transcript.EndFIN, Why: "limit"})
	t.add(transcript.Event{Kind: transcript.BadFrame, Actor: transcript.Terminal, Conn: 20, Raw: []byte("junk"), Why: "no length"})
	t.add(transcript.Event{Kind: transcript.NotSent, Actor: transcript.Host, Conn: 20, Raw: []byte("half a reply"), Written: 4, Why: "reset"})
	t.add(transcript.Event{Kind: transcript.NotSent, Actor: transcript.Host, Conn: 20, Raw: []byte("none of it"), Why: "reset"})
	t.closed(20, transcript.Terminal, transcript.EndRST)

	t.run() // connection numbers begin anew
	t.listening("[::]:8584", true)
	t.received(7, "of a connection that began before the transcript")
	t.connected(1, "[2001:db8::7%eth0]:40000")
	t.add(transcript.Event{Kind: transcript.Missing, Actor: transcript.Acqsim, Lost: 3})
	t.received(1, strings.Repeat("x", 3000)) // three segments
	t.sent(1, "reply")
	t.connected(2, "somewhere")
	t.connected(3, "127.0.0.1:40000")
	t.add(transcript.Event{Kind: transcript.Note, Actor: transcript.Acqsim, Text: "no packet"})
	return t
}

// summary shows the packets of a capture, one on each line.
func summary(t *testing.T, file []byte) string {
	t.Helper()
	var b strings.Builder
	ng, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.NgReaderOptions{})
	require.NoError(t, err)
	fmt.Fprintf(&b, "%s\n%s\n\n", ng.SectionInfo().Application, ng.SectionInfo().Comment)
	for {
		data, ci, o, err := ng.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		require.NoError(t, err)
		p := gopacket.NewPacket(data, ng.LinkType(), gopacket.Default)
		require.Nil(t, p.ErrorLayer())
		tcp := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
		require.NoError(t, tcp.SetNetworkLayerForChecksum(p.NetworkLayer()))
		err, mismatches := p.VerifyChecksums()
		require.NoError(t, err)
		require.Empty(t, mismatches)
		var flags []string
		for name, set := range map[string]bool{"SYN": tcp.SYN, "FIN": tcp.FIN, "RST": tcp.RST, "PSH": tcp.PSH, "ACK": tcp.ACK} {
			if set {
				flags = append(flags, name)
			}
		}
		flow := p.NetworkLayer().NetworkFlow()
		payload := string(tcp.Payload)
		if len(payload) > 60 {
			payload = fmt.Sprintf("%d bytes", len(payload))
		}
		fmt.Fprintf(&b, "%s %s:%d > %s:%d %s seq %d ack %d %q", ci.Timestamp.UTC().Format("15:04:05.000000000"),
			flow.Src(), tcp.SrcPort, flow.Dst(), tcp.DstPort, sortedWords(flags), tcp.Seq, tcp.Ack, payload)
		for _, c := range o.Comments {
			fmt.Fprintf(&b, "  # %s", c)
		}
		b.WriteByte('\n')
	}
}

func TestExport(t *testing.T) {
	var out bytes.Buffer
	sum, err := capture.Export(&out, everything().decoder(), capture.ExportOptions{Format: capture.PCAPNG, Program: "acqsim test"})
	require.NoError(t, err)
	got := summary(t, out.Bytes()) + "\n" + fmt.Sprintf("%d connections, %d frames, %d packets\n", sum.Connections, sum.Frames, sum.Packets) +
		strings.Join(sum.Notes, "\n") + "\n"
	const golden = "testdata/export.txt"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "go test ./simulator/capture -update rewrites it")
}

// Events of different connections come out of the order of their times; the
// packets of a capture do not.
func TestExportIsInOrderOfTime(t *testing.T) {
	tape := newTape()
	tape.listening("192.0.2.9:8583", false)
	for conn := uint64(1); conn <= 3; conn++ {
		tape.connected(conn, fmt.Sprintf("198.51.100.7:%d", 40000+conn))
	}
	at := start.Add(time.Second)
	for i := range 100 {
		tape.add(transcript.Event{Kind: transcript.Received, Conn: uint64(i%3 + 1), Raw: []byte("x"), At: at.Add(-time.Duration(i*7919%50) * time.Microsecond)})
	}
	var out bytes.Buffer
	_, err := capture.Export(&out, tape.decoder(), capture.ExportOptions{})
	require.NoError(t, err)
	r, err := pcapgo.NewReader(&out)
	require.NoError(t, err)
	var last time.Time
	packets := 0
	for {
		_, ci, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		assert.False(t, ci.Timestamp.Before(last))
		last = ci.Timestamp
		packets++
	}
	assert.Equal(t, 3*3+100, packets)
	assert.True(t, last.Equal(at), "nanoseconds are kept")
}

func TestExportSaysWhatIsWrongInATranscript(t *testing.T) {
	var syntax *transcript.SyntaxError
	_, err := capture.Export(io.Discard, transcript.NewDecoder(strings.NewReader("no transcript\n"), "x.jsonl"), capture.ExportOptions{})
	assert.ErrorAs(t, err, &syntax)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestExportSaysThatTheDiskIsFull(t *testing.T) {
	for _, f := range []capture.Format{capture.PCAP, capture.PCAPNG} {
		_, err := capture.Export(full{}, everything().decoder(), capture.ExportOptions{Format: f})
		assert.ErrorContains(t, err, "disk full")
	}
}
