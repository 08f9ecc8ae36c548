package capture

import (
	"bufio"
	"container/heap"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// Format is the format of a capture file.
type Format uint8

// The formats. Both are written with nanoseconds.
const (
	PCAP   Format = iota // no comments
	PCAPNG               // with comments on the file and on packets
)

// linkType of the files that are written: packets begin with their IP header,
// of either version. https://www.tcpdump.org/linktypes.html, LINKTYPE_RAW.
const linkType = layers.LinkTypeRaw

// snapLength is the longest packet that is written, in bytes.
const snapLength = 1 << 16

// window is how many packets wait to be brought into the order of their times.
// Events of different connections come out of order by a little only.
const window = 4096

// sink writes packets in the order of their times.
type sink struct {
	out     *bufio.Writer
	plain   *pcapgo.Writer   // of PCAP
	ng      *pcapgo.NgWriter // of PCAPNG
	waiting packets
	added   uint64
	written int
}

// packet is one that waits.
type packet struct {
	at      time.Time
	number  uint64 // ties keep their order
	data    []byte
	comment string
}

func newSink(w io.Writer, f Format, program, comment string) (*sink, error) {
	s := &sink{out: bufio.NewWriterSize(w, 64<<10)}
	var err error
	switch f {
	case PCAP:
		s.plain = pcapgo.NewWriterNanos(s.out)
		err = s.plain.WriteFileHeader(snapLength, linkType)
	case PCAPNG:
		s.ng, err = pcapgo.NewNgWriterInterface(s.out,
			pcapgo.NgInterface{Name: "acqsim", LinkType: linkType, SnapLength: snapLength, TimestampResolution: 9},
			pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: program, OS: runtime.GOOS, Comment: comment}})
	default:
		err = fmt.Errorf("there is no format %d", f)
	}
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	return s, nil
}

// add takes a packet; data is copied.
func (s *sink) add(at time.Time, data []byte, comment string) error {
	s.added++
	heap.Push(&s.waiting, packet{at, s.added, append([]byte(nil), data...), comment})
	if len(s.waiting) <= window {
		return nil
	}
	return s.writeFirst()
}

func (s *sink) writeFirst() error {
	p := heap.Pop(&s.waiting).(packet) //nolint:forcetypeassert // nothing else is in there
	ci := gopacket.CaptureInfo{Timestamp: p.at, CaptureLength: len(p.data), Length: len(p.data)}
	s.written++
	var err error
	switch {
	case s.plain != nil:
		err = s.plain.WritePacket(ci, p.data)
	case p.comment == "":
		err = s.ng.WritePacket(ci, p.data)
	default:
		err = s.ng.WritePacketWithOptions(ci, p.data, pcapgo.NgPacketOptions{Comments: []string{p.comment}})
	}
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	return nil
}

// finish writes what waits.
func (s *sink) finish() error {
	for len(s.waiting) > 0 {
		if err := s.writeFirst(); err != nil {
			return err
		}
	}
	if s.ng != nil {
		if err := s.ng.Flush(); err != nil {
			return fmt.Errorf("capture: %w", err)
		}
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	return nil
}

// packets is a heap, the earliest first.
type packets []packet

func (p packets) Len() int { return len(p) }
func (p packets) Less(i, j int) bool {
	return p[i].at.Before(p[j].at) || p[i].at.Equal(p[j].at) && p[i].number < p[j].number
}
func (p packets) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *packets) Push(x any)   { *p = append(*p, x.(packet)) }
func (p *packets) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	(*p)[last] = packet{}
	*p = (*p)[:last]
	return x
}
