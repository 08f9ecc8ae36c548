package security

import (
	"crypto/des" //nolint:gosec // payment terminals speak DES: that is the subject here
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/bits"
	"strings"
)

// KSN is a key serial number of ANSI X9.24-1: what a terminal sends along so
// that the host can derive the key of one transaction. The first 59 bits name
// the base derivation key and the device, the last 21 count transactions. It
// is no secret. The zero KSN is none.
type KSN [10]byte

const (
	ksnCounterBits = 21
	ksnCounterMask = 1<<ksnCounterBits - 1

	// ksnMostOnes is how many one-bits a counter may have: it bounds how many
	// keys a device steps through and a host derives (ANSI X9.24-1).
	ksnMostOnes = 10
)

// ParseKSN reads a key serial number of 20 hexadecimal digits, or of 16 where
// the leading FFFF is left out, as DE 53 of 8 bytes has it. Spaces between
// digits are allowed.
func ParseKSN(s string) (KSN, error) {
	text := strings.ReplaceAll(s, " ", "")
	if len(text) != 16 && len(text) != 20 {
		return KSN{}, fmt.Errorf("security: %w: %d hexadecimal digits; it has 20, or 16 without the leading FFFF", ErrKSN, len(text))
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return KSN{}, fmt.Errorf("security: %w: it is not written in hexadecimal digits", ErrKSN)
	}
	return NewKSN(b)
}

// NewKSN makes a key serial number of its 10 bytes, or of 8 without the leading
// FFFF.
func NewKSN(b []byte) (KSN, error) {
	k := KSN{0xFF, 0xFF}
	switch len(b) {
	case 8:
		copy(k[2:], b)
	case 10:
		copy(k[:], b)
	default:
		return KSN{}, fmt.Errorf("security: %w: %d bytes; it has 10, or 8 without the leading FFFF", ErrKSN, len(b))
	}
	return k, nil
}

// IsZero reports whether there is no key serial number.
func (k KSN) IsZero() bool { return k == KSN{} }

// Counter returns the transaction counter, 0 to 2,097,151.
func (k KSN) Counter() uint32 { return binary.BigEndian.Uint32(k[6:]) & ksnCounterMask }

// Device returns the key serial number with a counter of zero: the one that the
// device's initial key belongs to, equal for all its transactions.
func (k KSN) Device() KSN { return k.withCounter(0) }

func (k KSN) withCounter(n uint32) KSN {
	word := binary.BigEndian.Uint32(k[6:])&^ksnCounterMask | n&ksnCounterMask
	binary.BigEndian.PutUint32(k[6:], word)
	return k
}

// Check says why no transaction key belongs to this key serial number: its
// counter is zero, as for loading the initial key, or has more than 10
// one-bits, a value that every device skips.
func (k KSN) Check() error {
	switch n := k.Counter(); {
	case n == 0:
		return fmt.Errorf("security: %w: its counter is 0, which stands for the initial key and for no transaction", ErrKSN)
	case bits.OnesCount32(n) > ksnMostOnes:
		return fmt.Errorf("security: %w: its counter %06X has %d one-bits; a device skips those with more than %d",
			ErrKSN, n, bits.OnesCount32(n), ksnMostOnes)
	}
	return nil
}

// Next returns the key serial number of the device's next transaction. After
// the last of its 1,048,575 counters the device is worn out: [ErrKeysUsedUp].
func (k KSN) Next() (KSN, error) {
	n := k.Counter() + 1
	// Adding the lowest one-bit skips every counter with one-bits to spare.
	for bits.OnesCount32(n) > ksnMostOnes {
		n += n & -n
	}
	if n > ksnCounterMask {
		return KSN{}, fmt.Errorf("security: key serial number %s: %w", k, ErrKeysUsedUp)
	}
	return k.withCounter(n), nil
}

// At returns the key serial number of the device's nth transaction, from 1: what
// n times [KSN.Next] from a counter of zero gives. Beyond the last it is
// [ErrKeysUsedUp].
func (k KSN) At(n uint32) (KSN, error) {
	var counter uint32
	ones, left := ksnMostOnes, n
	for bit := ksnCounterBits - 1; bit >= 0; bit-- {
		// How many counters begin as this one does and have no bit here.
		below := uint32(0)
		for i, c := 0, uint32(1); i <= min(ones, bit); i++ {
			below += c
			c = c * uint32(bit-i) / uint32(i+1) //nolint:gosec // i stays below bit
		}
		if left < below {
			continue
		}
		if ones == 0 {
			break
		}
		counter |= 1 << bit
		left -= below
		ones--
	}
	if left > 0 {
		return KSN{}, fmt.Errorf("security: transaction %d of key serial number %s: %w", n, k.Device(), ErrKeysUsedUp)
	}
	if counter == 0 {
		return KSN{}, fmt.Errorf("security: %w: transactions are counted from 1", ErrKSN)
	}
	return k.withCounter(counter), nil
}

// String returns the 20 upper-case hexadecimal digits.
func (k KSN) String() string { return strings.ToUpper(hex.EncodeToString(k[:])) }

// MarshalText is [KSN.String].
func (k KSN) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is [ParseKSN].
func (k *KSN) UnmarshalText(text []byte) (err error) {
	*k, err = ParseKSN(string(text))
	return err
}

// DefaultBDK returns the base derivation key that a simulator uses if it is
// told no other: 0123456789ABCDEF FEDCBA9876543210, that of the examples in
// ANSI X9.24-1, annex A. Check value 08D7B4FB.
func DefaultBDK() Key { return DefaultTMK() }

// keyMask makes the second key of every pair (ANSI X9.24-1, A.2).
var keyMask = [16]byte{
	0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0,
	0xC0, 0xC0, 0xC0, 0xC0, 0, 0, 0, 0,
}

// InitialKey returns the key that is loaded into the device of a key serial
// number (IPEK), from a base derivation key of 16 bytes (ANSI X9.24-1, A.6).
// The counter counts for nothing.
func InitialKey(bdk Key, ksn KSN) (Key, error) {
	if err := doubleLength(bdk, "a base derivation key"); err != nil {
		return Key{}, err
	}
	device := ksn.Device()
	left, err := bdk.EncryptECB(device[:8])
	if err != nil {
		return Key{}, err
	}
	var masked [16]byte
	subtle.XORBytes(masked[:], bdk.bytes(), keyMask[:])
	second, err := NewKey(masked[:])
	if err != nil {
		return Key{}, err
	}
	right, err := second.EncryptECB(device[:8])
	if err != nil {
		return Key{}, err
	}
	return NewKey(append(left, right...))
}

// doubleLength refuses a key that has not 16 bytes.
func doubleLength(k Key, what string) error {
	switch k.Len() {
	case 16:
		return nil
	case 0:
		return fmt.Errorf("security: %s: %w", what, ErrNoKey)
	default:
		return fmt.Errorf("security: %w: %d bytes; %s has 16", ErrKey, k.Len(), what)
	}
}

// TransactionKey is the key of one transaction under DUKPT (ANSI X9.24-1), of
// which the working keys are variants. Like [Key] it never shows its bytes.
type TransactionKey struct{ m *sealed[[16]byte] }

// DeriveTransaction returns the key of the transaction that ksn counts, from
// the device's initial key. It wraps [ErrKSN] where no transaction has this
// counter.
func DeriveTransaction(initial Key, ksn KSN) (TransactionKey, error) {
	if err := ksn.Check(); err != nil {
		return TransactionKey{}, err
	}
	if err := doubleLength(initial, "an initial key"); err != nil {
		return TransactionKey{}, err
	}
	key := [16]byte(initial.bytes())
	device := ksn.Device()
	register := binary.BigEndian.Uint64(device[2:])
	for bit := uint64(1) << (ksnCounterBits - 1); bit > 0; bit >>= 1 {
		if uint64(ksn.Counter())&bit == 0 {
			continue
		}
		register |= bit
		if err := stepKey(&key, register); err != nil {
			return TransactionKey{}, err
		}
	}
	return TransactionKey{seal(&key)}, nil
}

// stepKey is the non-reversible key generation of ANSI X9.24-1, A.2: each half
// of the new key is the register, encrypted by the old key's left half between
// two XORs with its right half; for the left one the old key is masked.
func stepKey(key *[16]byte, register uint64) error {
	var next [16]byte
	half := func(dst []byte, k *[16]byte) error {
		block, err := des.NewCipher(k[:8]) //nolint:gosec // see import
		if err != nil {
			return fmt.Errorf("security: %w: this Go runtime refuses DES: %w", ErrKey, err)
		}
		binary.BigEndian.PutUint64(dst, register)
		subtle.XORBytes(dst, dst, k[8:])
		block.Encrypt(dst, dst)
		subtle.XORBytes(dst, dst, k[8:])
		return nil
	}
	if err := half(next[8:], key); err != nil {
		return err
	}
	var masked [16]byte
	subtle.XORBytes(masked[:], key[:], keyMask[:])
	if err := half(next[:8], &masked); err != nil {
		return err
	}
	*key = next
	return nil
}

// The variants of ANSI X9.24-1, A.4.1: the byte of each half that is inverted.
const (
	pinVariant          = 7
	macRequestVariant   = 6
	macResponseVariant  = 4
	dataRequestVariant  = 5
	dataResponseVariant = 3
)

// PIN returns the key that enciphers the transaction's PIN block.
func (t TransactionKey) PIN() (Key, error) { return t.variant(pinVariant) }

// MACRequest returns the key of the request's MAC. Terminals that have one MAC
// key for both ways use it for the reply, too.
func (t TransactionKey) MACRequest() (Key, error) { return t.variant(macRequestVariant) }

// MACResponse returns the key of the reply's MAC.
func (t TransactionKey) MACResponse() (Key, error) { return t.variant(macResponseVariant) }

// DataRequest returns the key that enciphers data of the request.
func (t TransactionKey) DataRequest() (Key, error) { return t.dataKey(dataRequestVariant) }

// DataResponse returns the key that enciphers data of the reply.
func (t TransactionKey) DataResponse() (Key, error) { return t.dataKey(dataResponseVariant) }

// IsZero reports whether the key holds nothing.
func (t TransactionKey) IsZero() bool { return t.m == nil }

func (t TransactionKey) variant(at int) (Key, error) {
	if t.m == nil {
		return Key{}, fmt.Errorf("security: transaction key: %w", ErrNoKey)
	}
	b := *t.m.p
	b[at] ^= 0xFF
	b[8+at] ^= 0xFF
	return NewKey(b[:])
}

// dataKey enciphers the variant with itself, so that a data key that gets known
// tells nothing of the others (ANSI X9.24-1:2009, A.4.1).
func (t TransactionKey) dataKey(at int) (Key, error) {
	k, err := t.variant(at)
	if err != nil {
		return Key{}, err
	}
	b, err := k.EncryptECB(k.bytes())
	if err != nil {
		return Key{}, err
	}
	return NewKey(b)
}

// String describes the key without showing it.
func (t TransactionKey) String() string {
	if t.m == nil {
		return "transaction-key(none)"
	}
	return "transaction-key(16 bytes)"
}

// GoString is [TransactionKey.String].
func (t TransactionKey) GoString() string { return t.String() }

// Format writes [TransactionKey.String] whatever the verb.
func (t TransactionKey) Format(s fmt.State, _ rune) { writeText(s, t.String()) }

// MarshalText is [TransactionKey.String].
func (t TransactionKey) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue is [TransactionKey.String].
func (t TransactionKey) LogValue() slog.Value { return slog.StringValue(t.String()) }
