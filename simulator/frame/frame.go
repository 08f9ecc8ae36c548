// Package frame finds messages in a byte stream and puts length headers in
// front of them: length header, TPDU, fixed proprietary header, body.
//
// It never looks into a body. Everything that it reads is bounded: by size
// (Limits.Max), by time (Limits.Frame, Limits.Idle), and in memory, which
// follows the bytes that have arrived and never the length that was announced.
//
// A Reader reads frames from a connection; Format.Cut takes one from bytes in
// memory; Format.Begin and Format.Finish write one around a body that the
// caller appends.
package frame

// Frame is one frame as it stood on the line.
//
// The slices of a frame that came from a Reader point into its buffer and are
// valid until the next call of Next; copy what has to live longer. Their
// capacity ends with them, so that appending to one never writes into the next.
type Frame struct {
	Raw    []byte // all of it, length header included
	TPDU   []byte // 5 bytes, or empty where the format has none
	Header []byte // the proprietary header, or empty where the format has none
	Body   []byte // the message; empty in a keep-alive

	// KeepAlive says that the frame carries no message: its length is zero,
	// or it is a VML session control message. It is recorded, not answered.
	KeepAlive bool
}

// AppendTo appends the bytes of a frame to buf, and returns the frame that they
// are, and the longer buf.
func (f Frame) AppendTo(buf []byte) (own Frame, longer []byte) {
	from := len(buf)
	buf = append(buf, f.Raw...)
	raw := buf[from:len(buf):len(buf)]
	if f.KeepAlive {
		return Frame{Raw: raw, KeepAlive: true}, buf
	}
	// The parts of a frame stand one behind the other, the body at its end.
	body := len(raw) - len(f.Body)
	header := body - len(f.Header)
	tpdu := header - len(f.TPDU)
	f.Raw, f.TPDU, f.Header, f.Body = raw, raw[tpdu:header:header], raw[header:body:body], raw[body:]
	return f, buf
}

// TPDUSize is the size of a transport protocol data unit header, in bytes: an
// identifier (usually 0x60), a destination address of 2 bytes and a source
// address of 2 bytes.
const TPDUSize = 5

// SwapTPDU writes into dst the TPDU that answers src: the identifier stays,
// destination and source change places, as network access controllers expect.
// dst and src may be the same slice. If either has fewer than TPDUSize bytes,
// dst is left as it is.
func SwapTPDU(dst, src []byte) {
	if len(dst) < TPDUSize || len(src) < TPDUSize {
		return
	}
	id, d0, d1, s0, s1 := src[0], src[1], src[2], src[3], src[4]
	dst[0], dst[1], dst[2], dst[3], dst[4] = id, s0, s1, d0, d1
}
