package security

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"strings"
)

// PINFormat is a PIN block format of ISO 9564-1. Configuration files use the
// names iso-0, iso-1, iso-2, iso-3 and iso-4, or the digit alone.
type PINFormat uint8

// The formats; the zero value is format 0, which UnionPay and most others use.
const (
	ISO0 PINFormat = 0 // PIN and PAN, filler F
	ISO1 PINFormat = 1 // PIN and random filler; no PAN
	ISO2 PINFormat = 2 // PIN and filler F; for a PIN that only travels to the chip, but test hosts take it
	ISO3 PINFormat = 3 // PIN and PAN, random filler A to F
	ISO4 PINFormat = 4 // PIN, PAN and random bytes under AES; 16 bytes
)

const pinFormatNames = "iso-0, iso-1, iso-2, iso-3, iso-4"

func (f PINFormat) valid() bool { return f <= ISO4 }

func (f PINFormat) mixesPAN() bool { return f == ISO0 || f == ISO3 }

func (f PINFormat) check() error {
	if !f.valid() {
		return unknownName("PIN block format", f.String(), pinFormatNames)
	}
	return nil
}

// String returns the name that configuration files use.
func (f PINFormat) String() string {
	if f.valid() {
		return "iso-" + string('0'+rune(f))
	}
	return fmt.Sprintf("PINFormat(%d)", uint8(f))
}

// MarshalText returns the name that configuration files use.
func (f PINFormat) MarshalText() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return []byte(f.String()), nil
}

// UnmarshalText reads a name that configuration files use.
func (f *PINFormat) UnmarshalText(text []byte) error {
	name := strings.TrimPrefix(string(text), "iso-")
	if len(name) == 1 {
		if got := PINFormat(name[0] - '0'); got.valid() {
			*f = got
			return nil
		}
	}
	return unknownName("PIN block format", string(text), pinFormatNames)
}

// BlockSize returns the length of a PIN block in bytes: 16 for format 4, 8 for
// the others.
func (f PINFormat) BlockSize() int {
	if f == ISO4 {
		return 16
	}
	return 8
}

// EncodePIN returns the clear PIN block. Formats 1, 2 and 4 ignore the PAN: 1
// and 2 have none in it, and 4 mixes it in while it enciphers ([EncryptPIN]), so that its
// clear block is what the standard calls the PIN field. The filler of formats 1, 3 and 4 comes from random; nil means
// crypto/rand.
func EncodePIN(f PINFormat, pin, pan string, random io.Reader) ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if err := checkPIN(pin); err != nil {
		return nil, err
	}
	// One nibble each: control, length, digits, filler.
	var nibbles [16]byte
	nibbles[0] = byte(f)
	nibbles[1] = byte(len(pin))
	for i := range len(pin) {
		nibbles[2+i] = pin[i] - '0'
	}
	if random == nil {
		random = rand.Reader
	}
	if err := fill(f, nibbles[2+len(pin):], random); err != nil {
		return nil, err
	}
	block := make([]byte, f.BlockSize())
	pack(block, nibbles[:])
	switch {
	case f == ISO4:
		if err := read(random, block[8:]); err != nil {
			return nil, err
		}
	case f.mixesPAN():
		field, err := panField(pan)
		if err != nil {
			return nil, err
		}
		subtle.XORBytes(block, block, field[:])
	}
	return block, nil
}

// DecodePIN reads a clear PIN block as [EncodePIN] makes it. A block that isn't
// one of this format and PAN is an [ErrPINBlock]; a block made for another PAN
// may also decode to a wrong PIN, in the nature of the formats.
func DecodePIN(f PINFormat, block []byte, pan string) (PIN, error) {
	if err := f.check(); err != nil {
		return PIN{}, err
	}
	if len(block) != f.BlockSize() {
		return PIN{}, badBlock(f, "it has %d bytes instead of %d", len(block), f.BlockSize())
	}
	clear := [8]byte(block)
	if f.mixesPAN() {
		field, err := panField(pan)
		if err != nil {
			return PIN{}, err
		}
		subtle.XORBytes(clear[:], clear[:], field[:])
	}
	var nibbles [16]byte
	for i, b := range clear {
		nibbles[2*i], nibbles[2*i+1] = b>>4, b&0xF
	}
	if got := PINFormat(nibbles[0]); got != f {
		if got.valid() {
			return PIN{}, badBlock(f, "it looks like %s: check the dialect's PIN format, or the working key differs", got)
		}
		return PIN{}, badBlock(f, "it has no format number: the working key differs (sign on again)")
	}
	n := int(nibbles[1])
	if n < MinPIN || n > MaxPIN {
		return PIN{}, badBlock(f, "its PIN length is outside %d to %d: the working key differs (sign on again)", MinPIN, MaxPIN)
	}
	var digits [MaxPIN]byte
	for i, d := range nibbles[2 : 2+n] {
		if d > 9 {
			return PIN{}, badBlock(f, "PIN position %d is not a digit: the PAN or the working key differs", i+1)
		}
		digits[i] = '0' + d
	}
	for _, d := range nibbles[2+n:] {
		if !fits(f, d) {
			return PIN{}, badBlock(f, "its filler is wrong: the PAN or the working key differs")
		}
	}
	return newPIN(string(digits[:n])), nil
}

// badBlock never names what is in the block, only what kind of mistake it is.
func badBlock(f PINFormat, format string, args ...any) error {
	return fmt.Errorf("security: %w as %s: %s", ErrPINBlock, f, fmt.Sprintf(format, args...))
}

// fill writes the nibbles after the PIN. Format 3 wants A to F: a byte modulo 6
// favours the first four by 1 in 43, which a filler bears.
func fill(f PINFormat, nibbles []byte, random io.Reader) error {
	if f == ISO1 || f == ISO3 {
		if err := read(random, nibbles); err != nil {
			return err
		}
	}
	for i := range nibbles {
		switch f {
		case ISO0, ISO2:
			nibbles[i] = 0xF
		case ISO1:
			nibbles[i] &= 0xF
		case ISO3:
			nibbles[i] = 0xA + nibbles[i]%6
		case ISO4:
			nibbles[i] = 0xA
		}
	}
	return nil
}

// fits reports whether a nibble may stand after the PIN.
func fits(f PINFormat, nibble byte) bool {
	switch f {
	case ISO0, ISO2:
		return nibble == 0xF
	case ISO3:
		return nibble >= 0xA
	case ISO4:
		return nibble == 0xA
	default:
		return true
	}
}

func read(random io.Reader, b []byte) error {
	if _, err := io.ReadFull(random, b); err != nil {
		return fmt.Errorf("security: read random filler for a PIN block: %w", err)
	}
	return nil
}

// panField is what formats 0 and 3 mix in: 0000 and the 12 rightmost digits of
// the PAN without its check digit (zeros before a shorter one).
func panField(pan string) ([8]byte, error) {
	var field [8]byte
	if err := checkPAN(pan); err != nil {
		return field, err
	}
	var nibbles [16]byte
	digits := pan[:len(pan)-1]
	if len(digits) > 12 {
		digits = digits[len(digits)-12:]
	}
	for i := range len(digits) {
		nibbles[16-len(digits)+i] = digits[i] - '0'
	}
	pack(field[:], nibbles[:])
	return field, nil
}

// panField4 is what format 4 mixes in: how many digits the PAN has beyond 12,
// the PAN itself, zeros.
func panField4(pan string) ([16]byte, error) {
	var field [16]byte
	if err := checkPAN(pan); err != nil {
		return field, err
	}
	var nibbles [32]byte
	nibbles[0] = byte(len(pan) - 12)
	for i := range len(pan) {
		nibbles[1+i] = pan[i] - '0'
	}
	pack(field[:], nibbles[:])
	return field, nil
}

// pack joins pairs of nibbles.
func pack(dst, nibbles []byte) {
	for i := range len(nibbles) / 2 {
		dst[i] = nibbles[2*i]<<4 | nibbles[2*i+1]
	}
}
