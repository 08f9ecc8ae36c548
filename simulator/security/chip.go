package security

import (
	"crypto/sha1" //nolint:gosec // EMV option B is made of SHA-1
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
)

// Scheme is how a card and its issuer make cryptograms: the key, the data and
// the padding. EMV leaves all three to the issuer; these are the two that are
// documented in public.
type Scheme uint8

// The schemes.
const (
	// CVN10 uses the card key itself (derivation none, option A), over the ten
	// elements and the card verification results out of 9F10, padded with
	// zeros. Visa calls it cryptogram version 10 (0A).
	CVN10 Scheme = iota
	// CVN18 uses the EMV common session key (card key by option B), over the
	// ten elements and all of 9F10, padded with 80 and zeros. Visa calls it
	// cryptogram version 18 (12).
	CVN18
)

// String returns the name of the cryptogram version.
func (s Scheme) String() string {
	switch s {
	case CVN10:
		return "cryptogram version 10"
	case CVN18:
		return "cryptogram version 18"
	}
	return fmt.Sprintf("Scheme(%d)", uint8(s))
}

// version is the cryptogram version number of the scheme in 9F10.
func (s Scheme) version() byte {
	if s == CVN18 {
		return 18
	}
	return 10
}

// cryptogramElements are the elements that every cryptogram here is made of, in
// their order, with their lengths in bytes; the tail out of 9F10 follows.
// EMV Book 2, 8.1.1, recommends them as the minimum set.
var cryptogramElements = []struct {
	tag    Tag
	length int
}{
	{TagAmount, 6}, {TagAmountOther, 6}, {TagCountry, 2}, {TagTVR, 5}, {TagCurrency, 2},
	{TagDate, 3}, {TagType, 1}, {TagUnpredictable, 4}, {TagProfile, 2}, {TagCounter, 2},
}

// CardKeyA derives a card's master key from its issuer's (EMV Book 2, A1.4.1,
// option A): the issuer's key enciphers the 16 rightmost digits of PAN and
// sequence number, and their complement. An empty psn is 00. Parity is odd.
func CardKeyA(issuer Key, pan, psn string) (Key, error) {
	digits, err := cardDigits(pan, psn)
	if err != nil {
		return Key{}, err
	}
	if len(digits) < 16 {
		digits = strings.Repeat("0", 16-len(digits)) + digits
	}
	return cardKey(issuer, digits[len(digits)-16:])
}

// CardKeyB is [CardKeyA] for cards with more than 16 digits (EMV Book 2,
// A1.4.2, option B): the 16 digits are taken from a SHA-1 hash of PAN and
// sequence number. Shorter ones are option A.
func CardKeyB(issuer Key, pan, psn string) (Key, error) {
	if len(pan) <= 16 {
		return CardKeyA(issuer, pan, psn)
	}
	digits, err := cardDigits(pan, psn)
	if err != nil {
		return Key{}, err
	}
	if len(digits)%2 != 0 {
		digits = "0" + digits
	}
	packed, err := hex.DecodeString(digits)
	if err != nil {
		return Key{}, fmt.Errorf("security: %w", ErrPAN)
	}
	sum := sha1.Sum(packed) //nolint:gosec // see import
	return cardKey(issuer, decimals(hex.EncodeToString(sum[:])))
}

// decimals takes 16 digits out of hexadecimal text: its digits, and if there
// are too few, its letters a to f as 0 to 5.
func decimals(text string) string {
	var digits, letters []byte
	for _, c := range []byte(text) {
		if c <= '9' {
			digits = append(digits, c)
		} else {
			letters = append(letters, c-'a'+'0')
		}
	}
	return string(append(digits, letters...)[:16])
}

func cardDigits(pan, psn string) (string, error) {
	if err := checkPAN(pan); err != nil {
		return "", fmt.Errorf("security: %w", ErrPAN)
	}
	if psn == "" {
		psn = "00"
	}
	if len(psn) != 2 || !allDigits(psn) {
		return "", fmt.Errorf("security: %w: a PAN sequence number has 2 digits", ErrChipData)
	}
	return pan + psn, nil
}

func cardKey(issuer Key, digits string) (Key, error) {
	if err := doubleLength(issuer, "an issuer master key"); err != nil {
		return Key{}, err
	}
	data, err := hex.DecodeString(digits)
	if err != nil {
		return Key{}, fmt.Errorf("security: %w", ErrPAN)
	}
	for _, b := range data[:8] {
		data = append(data, ^b)
	}
	b, err := issuer.EncryptECB(data)
	if err != nil {
		return Key{}, err
	}
	return NewKey(oddParity(b))
}

// CommonSessionKey derives the key of one transaction from a card's master key
// (EMV Book 2, A1.3.1). For application cryptograms r is the transaction
// counter and 6 zero bytes.
func CommonSessionKey(card Key, r [8]byte) (Key, error) {
	if err := doubleLength(card, "a card master key"); err != nil {
		return Key{}, err
	}
	left, right := r, r
	left[2], right[2] = 0xF0, 0x0F
	b, err := card.EncryptECB(append(left[:], right[:]...))
	if err != nil {
		return Key{}, err
	}
	return NewKey(oddParity(b))
}

// Chip makes and checks the cryptograms of one card. Both ends have one: the
// card that asks, and the issuer that answers. It never shows its key. Make one
// with [NewChip]; it is safe for concurrent use.
type Chip struct {
	scheme Scheme
	key    Key
}

// NewChip derives the card's master key from its issuer's. An empty psn is 00.
func NewChip(s Scheme, issuer Key, pan, psn string) (*Chip, error) {
	derive := CardKeyA
	if s == CVN18 {
		derive = CardKeyB
	}
	k, err := derive(issuer, pan, psn)
	if err != nil {
		return nil, err
	}
	return &Chip{s, k}, nil
}

// Scheme returns how the card makes its cryptograms.
func (c *Chip) Scheme() Scheme { return c.scheme }

// ARQC returns the application cryptogram over the elements of a DE 55. Where
// an element is absent or has another length, or 9F10 speaks of another
// cryptogram version, the error wraps [ErrChipData] and says which.
func (c *Chip) ARQC(d ChipData) ([8]byte, error) {
	data, err := c.data(d)
	if err != nil {
		return [8]byte{}, err
	}
	k, err := c.session(d)
	if err != nil {
		return [8]byte{}, err
	}
	return cryptogram(c.scheme, k, data)
}

// Verify reports, in constant time, whether 9F26 of a DE 55 is the card's
// cryptogram. An error is that of [Chip.ARQC]: it can't be told.
func (c *Chip) Verify(d ChipData) (bool, error) {
	sent, err := d.Cryptogram()
	if err != nil {
		return false, err
	}
	want, err := c.ARQC(d)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sent[:], want[:]) == 1, nil
}

// IssuerAuth returns the value of tag 91 that answers a DE 55: ARPC by method 1
// (EMV Book 2, 8.2.1) and the response code of 2 characters that it is made of.
func (c *Chip) IssuerAuth(d ChipData, code string) ([]byte, error) {
	if len(code) != 2 {
		return nil, fmt.Errorf("security: %w: a response code of %d characters; an ARPC is made of 2", ErrChipData, len(code))
	}
	arqc, err := d.Cryptogram()
	if err != nil {
		return nil, err
	}
	k, err := c.session(d)
	if err != nil {
		return nil, err
	}
	arpc, err := ARPC1(k, arqc, [2]byte([]byte(code)))
	if err != nil {
		return nil, err
	}
	return append(arpc[:], code...), nil
}

// Authentic reports, in constant time, whether tag 91 of a reply is the issuer's
// answer to the DE 55 that asked, and the response code in it.
func (c *Chip) Authentic(asked ChipData, issuerAuth []byte) (code string, ok bool, err error) {
	if len(issuerAuth) != 10 {
		return "", false, fmt.Errorf("security: %w: %s has %d bytes; ARPC and response code are 10", ErrChipData, TagIssuerAuth, len(issuerAuth))
	}
	code = string(issuerAuth[8:])
	want, err := c.IssuerAuth(asked, code)
	if err != nil {
		return "", false, err
	}
	return code, subtle.ConstantTimeCompare(want, issuerAuth) == 1, nil
}

// session returns the key of the transaction.
func (c *Chip) session(d ChipData) (Key, error) {
	if c.scheme == CVN10 {
		return c.key, nil
	}
	atc, err := d.Counter()
	if err != nil {
		return Key{}, err
	}
	return CommonSessionKey(c.key, [8]byte{atc[0], atc[1]})
}

// data collects what the cryptogram is made of.
func (c *Chip) data(d ChipData) ([]byte, error) {
	var data []byte
	for _, e := range cryptogramElements {
		v, err := d.element(e.tag, e.length)
		if err != nil {
			return nil, err
		}
		data = append(data, v...)
	}
	// 9F10: length, derivation key index, cryptogram version, then 4 bytes of
	// card verification results, in the format that Visa's and UnionPay's cards
	// share (VIS; public in pyemv and in JR/T 0025).
	iad := d.Get(TagIssuerData)
	switch {
	case len(iad) < 7 || len(iad) > 32:
		return nil, fmt.Errorf("security: %w: %s has %d bytes, not 7 to 32", ErrChipData, TagIssuerData, len(iad))
	case iad[2] != c.scheme.version():
		return nil, fmt.Errorf("security: %w: %s is of cryptogram version %d, the card of %d", ErrChipData, TagIssuerData, iad[2], c.scheme.version())
	case c.scheme == CVN10:
		return append(data, iad[3:7]...), nil
	}
	return append(data, iad...), nil
}

func cryptogram(s Scheme, k Key, data []byte) ([8]byte, error) {
	a := X919
	if s == CVN18 {
		a = X919Padding2
	}
	m, err := NewMAC(a, k)
	if err != nil {
		return [8]byte{}, err
	}
	return m.Sum1(data), nil
}

// ARPC1 returns the authorisation response cryptogram of method 1 (EMV Book 2,
// 8.2.1): the response code XORed into the left of the cryptogram, enciphered.
func ARPC1(k Key, arqc [8]byte, code [2]byte) ([8]byte, error) {
	arqc[0] ^= code[0]
	arqc[1] ^= code[1]
	b, err := k.EncryptECB(arqc[:])
	if err != nil {
		return [8]byte{}, err
	}
	return [8]byte(b), nil
}

// ARPC2 returns the authorisation response cryptogram of method 2 (EMV Book 2,
// 8.2.2): 4 bytes of a MAC over cryptogram, card status update and up to 8
// bytes of proprietary data.
func ARPC2(k Key, arqc [8]byte, csu [4]byte, proprietary []byte) ([4]byte, error) {
	if len(proprietary) > 8 {
		return [4]byte{}, fmt.Errorf("security: %w: %d bytes of proprietary data; an ARPC covers at most 8", ErrChipData, len(proprietary))
	}
	m, err := NewMAC(X919Padding2, k)
	if err != nil {
		return [4]byte{}, err
	}
	sum := m.Sum(arqc[:], csu[:], proprietary)
	return [4]byte(sum[:4]), nil
}

// String describes the card without showing its key.
func (c *Chip) String() string {
	if c == nil {
		return "chip(none)"
	}
	return fmt.Sprintf("chip(%s, KCV %X)", c.scheme, c.key.KCV())
}

// GoString is [Chip.String].
func (c *Chip) GoString() string { return c.String() }

// Format writes [Chip.String] whatever the verb.
func (c *Chip) Format(s fmt.State, _ rune) { writeText(s, c.String()) }

// MarshalText is [Chip.String].
func (c *Chip) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
