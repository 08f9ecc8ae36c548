package bench

import "encoding/binary"

// lengthHeader is how a message's length precedes it.
type lengthHeader uint8

const (
	binary2 lengthHeader = iota // 2 bytes, big-endian, not counting themselves
	ascii4                      // 4 decimal digits, not counting themselves
)

func (l lengthHeader) size() int {
	if l == ascii4 {
		return 4
	}
	return 2
}

// frame returns the length of the first message of b with its header: 0 if b
// holds too little to tell. It is not ok if the header is no length, or one
// that a buffer of bufferSize can't hold.
func (l lengthHeader) frame(b []byte) (n int, ok bool) {
	if len(b) < l.size() {
		return 0, true
	}
	if l == binary2 {
		n = int(binary.BigEndian.Uint16(b))
	} else {
		for _, c := range b[:4] {
			if c < '0' || c > '9' {
				return 0, false
			}
			n = n*10 + int(c-'0')
		}
	}
	n += l.size()
	return n, n <= bufferSize
}
