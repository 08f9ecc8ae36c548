package capture

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// line is a TCP connection that is written packet by packet. What a journal
// does not know is as plain as can be: no options but the MSS, nothing lost or
// late, and an acknowledgement for at least every second full segment, as RFC
// 9293, 3.8.6.3 wants it.
type line struct {
	out            *sink
	client, server side
	begun          bool // with a handshake
	ended          bool
	last           time.Time
	id             uint16 // of the last IPv4 packet

	buffer gopacket.SerializeBuffer
}

// side is one end of a line.
type side struct {
	addr  netip.AddrPort
	next  uint32 // sequence number of its next byte
	acked uint32 // up to where it has acknowledged the other's bytes
}

// tcpFlags are the flags of a segment; all but the first have ACK set.
type tcpFlags struct{ syn, fin, rst, psh, noACK bool }

// The most payload of a segment: what Ethernet takes, less the headers.
const (
	mss4 = 1500 - 20 - 20
	mss6 = 1500 - 40 - 20
)

func (l *line) mss() int {
	if l.client.addr.Addr().Is4() {
		return mss4
	}
	return mss6
}

// tick makes times of one connection never go back.
func (l *line) tick(at time.Time) time.Time {
	if at.Before(l.last) {
		return l.last
	}
	l.last = at
	return at
}

// handshake opens the connection.
func (l *line) handshake(at time.Time, comment string) error {
	l.begun = true
	if err := l.segment(&l.client, &l.server, tcpFlags{syn: true, noACK: true}, nil, at, comment); err != nil {
		return err
	}
	l.client.next++
	if err := l.segment(&l.server, &l.client, tcpFlags{syn: true}, nil, at, ""); err != nil {
		return err
	}
	l.server.next++
	return l.segment(&l.client, &l.server, tcpFlags{}, nil, at, "")
}

// data sends bytes from one side to the other.
func (l *line) data(from, to *side, b []byte, at time.Time, comment string) error {
	for len(b) > 0 {
		n := min(len(b), l.mss())
		if err := l.segment(from, to, tcpFlags{psh: n == len(b)}, b[:n], at, comment); err != nil {
			return err
		}
		comment = ""
		from.next += uint32(n)
		b = b[n:]
		if from.next-to.acked >= uint32(2*l.mss()) {
			if err := l.segment(to, from, tcpFlags{}, nil, at, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish closes both directions, that of first first.
func (l *line) finish(first, second *side, at time.Time, comment string) error {
	l.ended = true
	if err := l.segment(first, second, tcpFlags{fin: true}, nil, at, comment); err != nil {
		return err
	}
	first.next++
	if err := l.segment(second, first, tcpFlags{fin: true}, nil, at, ""); err != nil {
		return err
	}
	second.next++
	return l.segment(first, second, tcpFlags{}, nil, at, "")
}

// reset ends the connection at once.
func (l *line) reset(by, other *side, at time.Time, comment string) error {
	l.ended = true
	return l.segment(by, other, tcpFlags{rst: true}, nil, at, comment)
}

// segment writes one packet.
func (l *line) segment(from, to *side, f tcpFlags, payload []byte, at time.Time, comment string) error {
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(from.addr.Port()), DstPort: layers.TCPPort(to.addr.Port()),
		Seq: from.next, Window: 0xFFFF, SYN: f.syn, FIN: f.fin, RST: f.rst, PSH: f.psh, ACK: !f.noACK,
	}
	if tcp.ACK {
		tcp.Ack = to.next
		from.acked = to.next
	}
	if f.syn {
		mss := l.mss()
		tcp.Options = []layers.TCPOption{{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{byte(mss >> 8), byte(mss)}}}
	}
	source, target := from.addr.Addr(), to.addr.Addr()
	var ip interface {
		gopacket.SerializableLayer
		gopacket.NetworkLayer
	}
	if source.Is4() {
		l.id++
		ip = &layers.IPv4{Version: 4, TTL: 64, Id: l.id, Flags: layers.IPv4DontFragment, Protocol: layers.IPProtocolTCP,
			SrcIP: source.AsSlice(), DstIP: target.AsSlice()}
	} else {
		ip = &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: source.AsSlice(), DstIP: target.AsSlice()}
	}
	err := tcp.SetNetworkLayerForChecksum(ip)
	if err == nil {
		err = gopacket.SerializeLayers(l.buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, tcp, gopacket.Payload(payload))
	}
	if err != nil {
		return fmt.Errorf("capture: a packet can't be made: %w", err)
	}
	return l.out.add(at, l.buffer.Bytes(), comment)
}
