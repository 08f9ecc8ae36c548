package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/acqsim/acqsim/simulator/dialect"
)

// magics are how files begin. pcap: https://www.tcpdump.org/manpages/pcap-savefile.5.html;
// pcapng: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html, 4.1.
var (
	pcapMagics  = []uint32{0xA1B2C3D4, 0xA1B23C4D}
	pcapngMagic = []byte{0x0A, 0x0D, 0x0D, 0x0A}
)

// MagicSize is how many bytes Is looks at.
const MagicSize = 4

// Is reports whether a file that begins with head, its first MagicSize bytes or
// more, is a packet capture.
func Is(head []byte) bool { return formatOf(head) != "" }

func formatOf(head []byte) string {
	if len(head) < MagicSize {
		return ""
	}
	if bytes.HasPrefix(head, pcapngMagic) {
		return "pcapng"
	}
	for _, m := range pcapMagics {
		if binary.LittleEndian.Uint32(head) == m || binary.BigEndian.Uint32(head) == m {
			return "pcap"
		}
	}
	return ""
}

// source is a file of either format.
type source interface {
	ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
}

// Read reads a capture and calls each with what is in its TCP streams: frames
// of the dialects given, in their order of preference, and everything else.
//
// Items come in the order in which they are complete: a request when its reply
// has come or can no longer come, the rest at once; but the end of a direction
// after everything that came earlier. A reply belongs to the
// oldest request of its stream with the same message class, STAN (DE 11) and
// terminal (DE 41). What an item holds is its own.
//
// Link layers are those of github.com/gopacket/gopacket, among them Ethernet,
// VLANs, loopback, Linux cooked captures (SLL, SLL2) and raw IP, with IPv4 and
// IPv6. IP fragments are left out.
//
// An error is a *ReadError, or what each returned. The summary is of what was
// read until then.
func Read(r io.Reader, dialects []*dialect.Dialect, each func(*Item) error) (Summary, error) {
	head := make([]byte, MagicSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return Summary{}, &ReadError{Err: err}
	}
	t := newTable(dialects, each)
	t.sum.Format = formatOf(head[:n])
	r = io.MultiReader(bytes.NewReader(head[:n]), r)
	src, link, err := open(r, t.sum.Format)
	if err != nil {
		return t.sum, &ReadError{Err: err}
	}
	for t.failed == nil {
		data, ci, err := src.ReadPacketData()
		if errors.Is(err, io.EOF) {
			break
		}
		t.sum.Packets++
		if err != nil {
			number := t.sum.Packets
			t.sum.Packets--
			t.end()
			return t.sum, errors.Join(&ReadError{Packet: number, Err: err}, t.failed)
		}
		l := link
		if len(ci.AncillaryData) > 0 {
			if own, ok := ci.AncillaryData[0].(layers.LinkType); ok {
				l = own
			}
		}
		t.packet(data, ci, l)
	}
	t.end()
	return t.sum, t.failed
}

func open(r io.Reader, format string) (source, layers.LinkType, error) {
	switch format {
	case "pcap":
		s, err := pcapgo.NewReader(r)
		if err != nil {
			return nil, 0, short(err)
		}
		return s, s.LinkType(), nil
	case "pcapng":
		s, err := pcapgo.NewNgReader(r, pcapgo.NgReaderOptions{WantMixedLinkType: true, SkipUnknownVersion: true})
		if err != nil {
			return nil, 0, short(err)
		}
		return s, 0, nil
	}
	return nil, 0, errors.New("it begins like neither pcap nor pcapng")
}

// short says that a file ends too early instead of EOF.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// packet takes one packet of the file.
func (t *table) packet(data []byte, ci gopacket.CaptureInfo, link layers.LinkType) {
	if ci.Timestamp.After(t.now) {
		t.now = ci.Timestamp
	}
	p := gopacket.NewPacket(data, link, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	var ip gopacket.NetworkLayer
	var tcp *layers.TCP
	fragment := false
	for _, l := range p.Layers() { // of a tunnel the innermost count
		switch l := l.(type) {
		case *layers.IPv4:
			ip, fragment = l, l.Flags&layers.IPv4MoreFragments != 0 || l.FragOffset != 0
		case *layers.IPv6:
			ip = l
		case *layers.IPv6Fragment:
			fragment = true
		case *layers.TCP:
			tcp = l
		}
		if tcp != nil {
			break
		}
	}
	switch {
	case fragment:
		t.sum.Fragments++
	case tcp == nil || ip == nil:
		t.sum.Others++
	default:
		if p.Metadata().Truncated || ci.CaptureLength < ci.Length {
			t.sum.CutShort++
		}
		from, ok1 := netip.AddrFromSlice(ip.NetworkFlow().Src().Raw())
		to, ok2 := netip.AddrFromSlice(ip.NetworkFlow().Dst().Raw())
		if ok1 && ok2 {
			t.segment(netip.AddrPortFrom(from, uint16(tcp.SrcPort)), netip.AddrPortFrom(to, uint16(tcp.DstPort)), tcp, ci.Timestamp)
		}
	}
	if t.sum.Packets%sweepEvery == 0 {
		t.sweep()
	}
}
