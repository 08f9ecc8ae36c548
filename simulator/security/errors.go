package security

import (
	"errors"
	"fmt"
)

// What can be wrong; every error of this package wraps one of these or is a
// [*CheckValueError].
var (
	// ErrNoKey means that a zero Key or AESKey was used.
	ErrNoKey = errors.New("no key is set")
	// ErrKey means that bytes or text can't be a key, or not one for this use.
	ErrKey = errors.New("unusable key")
	// ErrData means that data has a length the cipher can't work on.
	ErrData = errors.New("unusable data")
	// ErrPIN means that a clear PIN to be encoded is not 4 to 12 digits.
	ErrPIN = errors.New("a PIN must be 4 to 12 digits")
	// ErrPAN means that a PAN a PIN block depends on is not 12 to 19 digits.
	ErrPAN = errors.New("a PAN must be 12 to 19 digits")
	// ErrPINBlock means that a PIN block doesn't decode: it was made with
	// another key, PAN or format, or damaged. Hosts answer it with 99.
	ErrPINBlock = errors.New("the PIN block doesn't decode")
	// ErrDownload means that a DE 62, a download form or its keys don't fit
	// together.
	ErrDownload = errors.New("unusable key download")
	// ErrKSN means that bytes or text can't be a key serial number, or one of a
	// transaction.
	ErrKSN = errors.New("unusable key serial number")
	// ErrKeysUsedUp means that a DUKPT device has used the last of its keys: it
	// needs another initial key.
	ErrKeysUsedUp = errors.New("the device has used up its keys")
	// ErrChipData means that DE 55 can't be read, or lacks what a cryptogram is
	// made of.
	ErrChipData = errors.New("unusable chip data")
	// ErrName means that a text names no value of the type it was read into.
	ErrName = errors.New("unknown name")
)

// CheckValueError reports a downloaded key whose check value doesn't match:
// nearly always because the two sides hold different terminal master keys.
type CheckValueError struct {
	Name     string  // which working key: "PIN", "MAC" or "track"
	Sent     [4]byte // the check value that came with the cryptogram
	Computed [4]byte // the check value of what the cryptogram decrypts to
}

// Error says which key failed and what to compare. Check values are public.
func (e *CheckValueError) Error() string {
	return fmt.Sprintf("security: the %s key came with check value %X but decrypts to one with %X: "+
		"the terminal master key differs from the one that wrote this DE 62 (compare their check values), or the field was damaged",
		e.Name, e.Sent, e.Computed)
}

// unknownName is the error of every UnmarshalText here. The text is quoted: it
// is a word of a configuration file, never a secret.
func unknownName(what, got, want string) error {
	return fmt.Errorf("security: %w: %s %q; use %s", ErrName, what, got, want)
}
