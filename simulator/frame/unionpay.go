package frame

import "fmt"

// UnionPayHeaderSize is the size of the UnionPay POS message header, in bytes.
const UnionPayHeaderSize = 6

// UnionPayHeader is the header between TPDU and message of the UnionPay POS
// protocol: 12 BCD digits. Source: the header row of PROTOCOL.md, checked
// against the whole packet at q.cnblogs.com/q/128930.
type UnionPayHeader struct {
	ApplicationClass  uint8             // N2, 0 to 99, such as 60
	SoftwareVersion   uint8             // N2, 0 to 99
	TerminalStatus    uint8             // N1, 0 to 9
	ProcessingRequest ProcessingRequest // N1, 0 to 9
	SubVersion        uint32            // N6, 0 to 999,999
}

// ProcessingRequest is what the host wants the terminal to do next, carried in
// the header of a reply.
type ProcessingRequest uint8

// The processing requests; other digits are reserved and kept as they are.
const (
	NoRequest          ProcessingRequest = 0
	DownloadParameters ProcessingRequest = 1 // fetch the terminal's parameters
	UploadStatus       ProcessingRequest = 2 // send the terminal's status
	SignOnAgain        ProcessingRequest = 3 // sign on for new keys
)

// ParseUnionPayHeader reads a header of exactly UnionPayHeaderSize bytes. A
// byte that is not two BCD digits is an error.
func ParseUnionPayHeader(b []byte) (UnionPayHeader, error) {
	if len(b) != UnionPayHeaderSize {
		return UnionPayHeader{}, fmt.Errorf("UnionPay header: %d bytes, want %d", len(b), UnionPayHeaderSize)
	}
	var d [2 * UnionPayHeaderSize]uint8
	for i, c := range b {
		d[2*i], d[2*i+1] = c>>4, c&0x0f
		if d[2*i] > 9 || d[2*i+1] > 9 {
			return UnionPayHeader{}, fmt.Errorf("UnionPay header: byte %d is %02x, want two BCD digits", i+1, c)
		}
	}
	h := UnionPayHeader{
		ApplicationClass:  10*d[0] + d[1],
		SoftwareVersion:   10*d[2] + d[3],
		TerminalStatus:    d[4],
		ProcessingRequest: ProcessingRequest(d[5]),
	}
	for _, digit := range d[6:] {
		h.SubVersion = 10*h.SubVersion + uint32(digit)
	}
	return h, nil
}

// Append appends the header's UnionPayHeaderSize bytes to dst. A value that
// does not fit its digits is an error, and dst is returned as it was.
func (h UnionPayHeader) Append(dst []byte) ([]byte, error) {
	for _, v := range [...]struct {
		name     string
		got, max uint32
	}{
		{"application class", uint32(h.ApplicationClass), 99},
		{"software version", uint32(h.SoftwareVersion), 99},
		{"terminal status", uint32(h.TerminalStatus), 9},
		{"processing request", uint32(h.ProcessingRequest), 9},
		{"sub-version", h.SubVersion, 999_999},
	} {
		if v.got > v.max {
			return dst, fmt.Errorf("UnionPay header: %s is %d, at most %d fits", v.name, v.got, v.max)
		}
	}
	two := func(n uint32) byte { return byte(n/10%10)<<4 | byte(n%10) }
	return append(dst,
		two(uint32(h.ApplicationClass)),
		two(uint32(h.SoftwareVersion)),
		h.TerminalStatus<<4|uint8(h.ProcessingRequest),
		two(h.SubVersion/10_000),
		two(h.SubVersion/100),
		two(h.SubVersion),
	), nil
}
