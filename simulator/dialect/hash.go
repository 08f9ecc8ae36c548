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
	for len(b) >= 8 {
		h = hashUint(h, binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	if len(b) > 0 {
		var rest uint64
		for i, c := range b {
			rest |= uint64(c) << (8 * i)
		}
		h = hashUint(h, rest)
	}
	return h
}
