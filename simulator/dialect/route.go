package dialect

import (
	"bytes"
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
)

// route is what a host does about the parts of a frame around the message.
type route struct {
	keepTPDU bool     // the reply's TPDU is the request's; otherwise swapped
	tpdu     [][]byte // accepted beginnings; none: any
	header   [][]byte
	short    bool // bodies without MTI and bitmap are dropped
}

// Unroutable reports why a host of this dialect would silently drop the frame:
// an unexpected TPDU or header, or a body too short for MTI and bitmap. The
// empty string says that it would not.
func (d *Dialect) Unroutable(f frame.Frame) string {
	if !expected(d.route.tpdu, f.TPDU) {
		return fmt.Sprintf("unexpected TPDU %X", f.TPDU)
	}
	if !expected(d.route.header, f.Header) {
		return fmt.Sprintf("unexpected header %X", f.Header)
	}
	if d.route.short && len(f.Body) < d.Shortest() {
		return fmt.Sprintf("%d bytes are no message: MTI and bitmap alone have %d", len(f.Body), d.Shortest())
	}
	return ""
}

func expected(beginnings [][]byte, b []byte) bool {
	if len(beginnings) == 0 || len(b) == 0 {
		return true
	}
	for _, want := range beginnings {
		if bytes.HasPrefix(b, want) {
			return true
		}
	}
	return false
}

// Shortest returns the size of what every message has: MTI and one bitmap.
func (d *Dialect) Shortest() int {
	n := 4
	if d.mti.packedNibbles() {
		n = 2
	}
	if d.bitmap.hex {
		return n + 16
	}
	return n + 8
}

// AppendFrame appends the reply to req as a whole frame: length header, TPDU
// as the dialect answers it, the request's proprietary header, and the body of
// [Dialect.AppendReply].
func (d *Dialect) AppendFrame(dst []byte, req *Request, resp *Response) ([]byte, error) {
	var tpdu [frame.TPDUSize]byte
	n := copy(tpdu[:], req.Frame.TPDU)
	if n == frame.TPDUSize && !d.route.keepTPDU {
		frame.SwapTPDU(tpdu[:], tpdu[:])
	}
	start := len(dst)
	var header [frame.UnionPayHeaderSize]byte
	dst, mark := d.format.Begin(dst, tpdu[:n], asking(req.Frame.Header, &header, resp.Asked))
	dst, err := d.AppendReply(dst, req, resp)
	if err != nil {
		return dst[:start], err
	}
	if err := d.format.Finish(dst, mark); err != nil {
		return dst[:start], fmt.Errorf("frame the reply: %w", err)
	}
	return dst, nil
}

// asking returns the header of a reply: the request's, and in UnionPay's the
// processing request, which is written to buf.
func asking(header []byte, buf *[frame.UnionPayHeaderSize]byte, chore world.Chore) []byte {
	if chore == world.NoChore || len(header) != len(buf) {
		return header
	}
	copy(buf[:], header)
	buf[2] = buf[2]&0xF0 | byte(chore)
	return buf[:]
}
