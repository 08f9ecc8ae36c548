package security

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// PINKey encrypts PIN blocks: a [Key] or an [AESKey]. Formats 0 to 3 need a
// Key. Format 4 takes an AESKey, or a Key of 16 or 24 bytes, whose bytes it
// then uses as an AES key: so a downloaded PIN key serves every format.
type PINKey interface {
	// pinCipher returns the block cipher for a format.
	pinCipher(f PINFormat) (cipher.Block, error)
}

// EncryptPIN encodes and encrypts a PIN: 8 bytes for DE 52, or format 4's 16
// bytes. See [EncodePIN] for random.
func EncryptPIN(f PINFormat, key PINKey, pin, pan string, random io.Reader) ([]byte, error) {
	block, err := EncodePIN(f, pin, pan, random)
	if err != nil {
		return nil, err
	}
	c, err := cipherFor(f, key)
	if err != nil {
		return nil, err
	}
	c.Encrypt(block, block)
	if f != ISO4 {
		return block, nil
	}
	// Format 4 enciphers twice, with the PAN in between.
	field, err := panField4(pan)
	if err != nil {
		return nil, err
	}
	subtle.XORBytes(block, block, field[:])
	c.Encrypt(block, block)
	return block, nil
}

// DecryptPIN decrypts and decodes a PIN block. An error that is [ErrPINBlock]
// is the sender's doing (response code 99); any other is a key, PAN or format
// that was given wrongly.
func DecryptPIN(f PINFormat, key PINKey, block []byte, pan string) (PIN, error) {
	if err := f.check(); err != nil {
		return PIN{}, err
	}
	c, err := cipherFor(f, key)
	if err != nil {
		return PIN{}, err
	}
	if len(block) != f.BlockSize() {
		return PIN{}, badBlock(f, "it has %d bytes instead of %d", len(block), f.BlockSize())
	}
	clear := make([]byte, len(block))
	c.Decrypt(clear, block)
	if f == ISO4 {
		field, err := panField4(pan)
		if err != nil {
			return PIN{}, err
		}
		subtle.XORBytes(clear, clear, field[:])
		c.Decrypt(clear, clear)
	}
	return DecodePIN(f, clear, pan)
}

func cipherFor(f PINFormat, key PINKey) (cipher.Block, error) {
	if key == nil {
		return nil, fmt.Errorf("security: %s PIN block: %w", f, ErrNoKey)
	}
	c, err := key.pinCipher(f)
	if err != nil {
		return nil, fmt.Errorf("security: %s PIN block: %w", f, err)
	}
	return c, nil
}

func (k Key) pinCipher(f PINFormat) (cipher.Block, error) {
	switch {
	case k.m == nil:
		return nil, ErrNoKey
	case f != ISO4:
		return k.m.p.block, nil
	case k.m.p.n == 8:
		return nil, fmt.Errorf("%w: 8 bytes; AES needs 16, 24 or 32", ErrKey)
	default:
		return aes.NewCipher(k.bytes())
	}
}

// AESKey is an AES key for PIN blocks of format 4, as careful as [Key] not to
// show itself.
type AESKey struct{ m *aesMaterial }

type aesMaterial struct {
	size  int
	block cipher.Block
}

// NewAESKey makes a key from 16, 24 or 32 bytes, which it copies.
func NewAESKey(b []byte) (AESKey, error) {
	block, err := aes.NewCipher(b)
	if err != nil {
		return AESKey{}, fmt.Errorf("security: %w: %d bytes; an AES key has 16, 24 or 32", ErrKey, len(b))
	}
	return AESKey{&aesMaterial{size: len(b), block: block}}, nil
}

// IsZero reports whether the key holds nothing.
func (k AESKey) IsZero() bool { return k.m == nil }

func (k AESKey) pinCipher(f PINFormat) (cipher.Block, error) {
	switch {
	case k.m == nil:
		return nil, ErrNoKey
	case f != ISO4:
		return nil, fmt.Errorf("%w: this format uses DES and the key is an AES key", ErrKey)
	default:
		return k.m.block, nil
	}
}

// String describes the key without showing it.
func (k AESKey) String() string {
	if k.m == nil {
		return "aes-key(none)"
	}
	return fmt.Sprintf("aes-key(%d bytes)", k.m.size)
}

// GoString is [AESKey.String].
func (k AESKey) GoString() string { return k.String() }

// Format writes [AESKey.String] whatever the verb.
func (k AESKey) Format(s fmt.State, _ rune) { writeText(s, k.String()) }

// MarshalText is [AESKey.String].
func (k AESKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue is [AESKey.String].
func (k AESKey) LogValue() slog.Value { return slog.StringValue(k.String()) }
