package capture

import (
	"container/list"
	"fmt"
	"net/netip"
	"time"

	"github.com/acqsim/acqsim/simulator/dialect"
)

// Kind says what an Item is.
type Kind uint8

// The kinds of item.
const (
	Message    Kind = iota + 1 // one frame, with its reply where that is known
	KeepAlives                 // frames without a message, in a row
	Skipped                    // bytes that are no frame; Reason says why
	Missing                    // bytes that are not in the capture
	FIN                        // the sender closed its side
	RST                        // the sender reset the connection
)

var kindNames = map[Kind]string{Message: "message", KeepAlives: "keep-alives", Skipped: "skipped", Missing: "missing", FIN: "fin", RST: "rst"}

// String returns the kind's name, such as "keep-alives".
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Reason says why bytes are no frame.
type Reason uint8

// The reasons.
const (
	NoFrame    Reason = iota + 1 // no frame of the stream's dialect begins here
	NoDialect                    // no dialect finds a frame in this stream
	InTheMidst                   // the capture begins, or goes on after a gap, inside a frame
	Unfinished                   // the sender closed, or reset, inside a frame
	CutShort                     // the capture ends, or has a gap, inside a frame
)

var reasonTexts = map[Reason]string{
	NoFrame:    "no frame begins here",
	NoDialect:  "no dialect finds a frame in this stream",
	InTheMidst: "the capture goes on inside a frame",
	Unfinished: "the stream ends inside a frame",
	CutShort:   "the capture breaks off inside a frame",
}

// String says it in words.
func (r Reason) String() string {
	if text, ok := reasonTexts[r]; ok {
		return text
	}
	return fmt.Sprintf("reason(%d)", uint8(r))
}

// MaxSkipped is how many of the bytes skipped an Item holds, in bytes.
const MaxSkipped = 4 << 10

// Item is something in a stream.
type Item struct {
	Kind   Kind
	Stream *Stream
	// ByClient says that the connection's client sent it.
	ByClient bool
	At       time.Time // when its last byte was captured
	Packet   int       // number of the packet with its last byte, from 1

	Offset int64 // of its first byte among those that the sender sent; of a capture that begins late, among those captured
	Size   int64 // in bytes
	// Bytes are in clear. Of bytes skipped they are the first MaxSkipped;
	// those that are missing have none.
	Bytes []byte

	Dialect *dialect.Dialect // of Message and KeepAlives
	BodyAt  int              // where the message begins in Bytes
	Reason  Reason           // of Skipped

	IsReply bool  // of a Message: it is a reply, by its MTI, whose request is not in the capture
	Reply   *Item // of a request: nil if there is none

	key    pairKey       // of a request that waits for its reply
	queued *list.Element // and its place among all that wait
}

// Stream is a TCP connection.
type Stream struct {
	Number         int // from 1, in the order of their first packets
	Client, Server netip.AddrPort
	// Begun says that the capture has the connection's SYN. Otherwise it began
	// before, and who is the client is told from the messages or the ports.
	Begun bool
	// Dialect is that of its frames; nil as long as none was found.
	Dialect *dialect.Dialect
	// OneWay says that the capture has one direction only, which is known when
	// the stream has ended.
	OneWay bool
}

// Summary is what a capture held.
type Summary struct {
	Format  string // pcap or pcapng
	Packets int
	Streams int // TCP connections with a SYN or with bytes

	Fragments int // IP fragments, which are left out
	CutShort  int // TCP packets of which the capture has a part only
	Others    int // packets without TCP
	Strange   int // TCP segments far outside their stream, which are left out
	Dropped   int // connections that were given up, since too many were open
}

// ReadError says in which packet a file goes wrong. What comes before it has
// been read.
type ReadError struct {
	Packet int // from 1; 0: the file's header
	Err    error
}

// Error names the packet.
func (e *ReadError) Error() string {
	if e.Packet == 0 {
		return fmt.Sprintf("the header of the capture can't be read: %v", e.Err)
	}
	return fmt.Sprintf("packet %d can't be read: %v", e.Packet, e.Err)
}

// Unwrap returns what is wrong.
func (e *ReadError) Unwrap() error { return e.Err }
