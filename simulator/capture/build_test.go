package capture_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/capture"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// request and reply are a sign-on in unionpay-pos, of 62 bytes each.
func request(stan int) string { return signOn("0800", stan) }
func reply(stan int) string   { return signOn("0810", stan) }

func signOn(mti string, stan int) string {
	b, err := hex.DecodeString("003c6000030000600000000000" + mti + "0020000000c00012" + fmt.Sprintf("%06d", stan) +
		"303030303030303139353237313831383232313738373500110000000100300003303120")
	if err != nil || len(b) != frameSize {
		panic(fmt.Sprint(err, len(b)))
	}
	return string(b)
}

const frameSize = 62

// film is a capture that a test builds.
type film struct {
	b    bytes.Buffer
	w    *pcapgo.Writer
	at   time.Time
	link layers.LinkType
	wrap func(packet []byte, ip6 bool) []byte // adds the link layer
}

func newFilm(link layers.LinkType, wrap func([]byte, bool) []byte) *film {
	f := &film{at: start, link: link, wrap: wrap}
	f.w = pcapgo.NewWriterNanos(&f.b)
	_ = f.w.WriteFileHeader(1<<16, link)
	return f
}

func rawFilm() *film { return newFilm(layers.LinkTypeRaw, func(b []byte, _ bool) []byte { return b }) }

// packet adds bytes as they are, a millisecond after those before; cut is how
// many of them the capture lacks.
func (f *film) packet(b []byte, cut int) {
	f.at = f.at.Add(time.Millisecond)
	_ = f.w.WritePacket(gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: len(b) - cut, Length: len(b)}, b[:len(b)-cut])
}

// talk is a connection in a film.
type talk struct {
	f              *film
	client, server netip.AddrPort
	cseq, sseq     uint32
}

func (f *film) talk(client, server string) *talk {
	return &talk{f, netip.MustParseAddrPort(client), netip.MustParseAddrPort(server), 1000, 5000}
}

func (f *film) standard() *talk { return f.talk("10.0.0.5:40000", "10.0.0.9:8583") }

// segment adds a segment of the client (c) or server (s).
func (t *talk) segment(who byte, seq uint32, flags, payload string, cut int) {
	from, to, ack := t.client, t.server, t.sseq
	if who == 's' {
		from, to, ack = t.server, t.client, t.cseq
	}
	tcp := &layers.TCP{SrcPort: layers.TCPPort(from.Port()), DstPort: layers.TCPPort(to.Port()), Seq: seq, Ack: ack, Window: 65535,
		SYN: strings.Contains(flags, "S"), ACK: !strings.Contains(flags, "-"), FIN: strings.Contains(flags, "F"), RST: strings.Contains(flags, "R")}
	var ip interface {
		gopacket.NetworkLayer
		gopacket.SerializableLayer
	} = &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: net.IP(from.Addr().AsSlice()), DstIP: net.IP(to.Addr().AsSlice())}
	if from.Addr().Is6() {
		ip = &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: from.Addr().AsSlice(), DstIP: to.Addr().AsSlice()}
	}
	_ = tcp.SetNetworkLayerForChecksum(ip)
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, tcp, gopacket.Payload(payload)); err != nil {
		panic(err)
	}
	t.f.packet(t.f.wrap(append([]byte(nil), b.Bytes()...), from.Addr().Is6()), cut)
}

func (t *talk) open() {
	t.segment('c', t.cseq, "S-", "", 0)
	t.cseq++
	t.segment('s', t.sseq, "S", "", 0)
	t.sseq++
	t.segment('c', t.cseq, "", "", 0)
}

// c and s send what comes next.
func (t *talk) c(payload string) {
	t.segment('c', t.cseq, "", payload, 0)
	t.cseq += uint32(len(payload))
}
func (t *talk) s(payload string) {
	t.segment('s', t.sseq, "", payload, 0)
	t.sseq += uint32(len(payload))
}

// lose is what the capture lacks.
func (t *talk) lose(who byte, n int) {
	if who == 'c' {
		t.cseq += uint32(n)
	} else {
		t.sseq += uint32(n)
	}
}

func (t *talk) close() {
	t.segment('c', t.cseq, "F", "", 0)
	t.cseq++
	t.segment('s', t.sseq, "F", "", 0)
	t.sseq++
	t.segment('c', t.cseq, "", "", 0)
}

func loadDialects(t testing.TB, names ...string) (all []*dialect.Dialect) {
	t.Helper()
	if len(names) == 0 {
		names = dialect.Names()
	}
	for _, name := range names {
		d, err := dialect.Load(name)
		require.NoError(t, err)
		all = append(all, d)
	}
	return all
}

// read reads a film and returns a line for each item.
func (f *film) read(t testing.TB) ([]string, capture.Summary) {
	t.Helper()
	lines, sum, err := readAll(f.b.Bytes(), loadDialects(t))
	require.NoError(t, err)
	return lines, sum
}

func readAll(file []byte, dialects []*dialect.Dialect) (lines []string, sum capture.Summary, err error) {
	sum, err = capture.Read(bytes.NewReader(file), dialects, func(x *capture.Item) error {
		lines = append(lines, describe(x))
		return nil
	})
	return lines, sum, err
}

// describe shows an item as "stream sender what".
func describe(x *capture.Item) string {
	who := "s"
	if x.ByClient {
		who = "c"
	}
	line := fmt.Sprintf("%d %s %s", x.Stream.Number, who, x.Kind)
	switch x.Kind {
	case capture.Message:
		line += fmt.Sprintf(" %d %s", x.Offset, content(x))
		if x.IsReply {
			line += " (reply)"
		}
		if x.Reply != nil {
			line += " > " + content(x.Reply)
		}
	case capture.FIN, capture.RST:
	case capture.Skipped:
		line += fmt.Sprintf(" %d+%d %s", x.Offset, x.Size, x.Reason)
	default:
		line += fmt.Sprintf(" %d+%d", x.Offset, x.Size)
	}
	return line
}

// content is MTI and STAN of a sign-on.
func content(x *capture.Item) string {
	b := x.Bytes[x.BodyAt:]
	if len(b) < 13 {
		return fmt.Sprintf("%x", b)
	}
	return fmt.Sprintf("%x/%x", b[:2], b[10:13])
}
