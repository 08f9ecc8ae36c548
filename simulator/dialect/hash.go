package dialect

import (
	"encoding/binary"
	"math/bits"
)

// The hash of card numbers and duplicate keys: 64 bits, 8 bytes at a step, the
// same on every machine and in every run. It keeps unlike keys apart; it is no
// protection against somebody who makes them alike on purpose.
const (
	hashStart  uint64 = 0x9E3779B97F4A7C15
	hashFactor uint64 = 0xD6E8FEB86659FD93
)

func hashUint(h, v uint64) uint64 {
	high, low := bits.Mul64(h^v, hashFactor)
	return high ^ low ^ hashStart
}

// hashBytes takes in b and its length, so that "1","23" and "12","3" differ.
func hashBytes(h uint64, b []byte) uint64 {
	h = hashUint(h, uint64(len(b)))
	if len(b) < 8 {
		if len(b) == 0 {
			return h
		}
		return hashUint(h, upTo7(b))
	}
	last, rest := binary.LittleEndian.Uint64(b[len(b)-8:]), len(b)%8
	for ; len(b) >= 8; b = b[8:] {
		h = hashUint(h, binary.LittleEndian.Uint64(b))
	}
	if rest > 0 {
		h = hashUint(h, last>>(64-8*rest))
	}
	return h
}

// upTo7 returns the 1 to 7 bytes of b as a number, the first one lowest.
func upTo7(b []byte) uint64 {
	n := len(b)
	if n >= 4 {
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<(8*n-32)
	}
	return uint64(b[0]) | uint64(b[n/2])<<(8*(n/2)) | uint64(b[n-1])<<(8*n-8)
}
