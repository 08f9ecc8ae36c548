package security

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/moov-io/bertlv"
)

// Tag is an EMV data element by its tag in hexadecimal (EMV Book 3, annex A).
type Tag string

// The tags that a cryptogram is made of, or that carry one.
const (
	TagAmount         Tag = "9F02"
	TagAmountOther    Tag = "9F03"
	TagCountry        Tag = "9F1A" // of the terminal
	TagTVR            Tag = "95"   // terminal verification results
	TagCurrency       Tag = "5F2A"
	TagDate           Tag = "9A"
	TagType           Tag = "9C"
	TagUnpredictable  Tag = "9F37"
	TagProfile        Tag = "82"   // application interchange profile
	TagCounter        Tag = "9F36" // application transaction counter
	TagIssuerData     Tag = "9F10" // issuer application data
	TagCryptogram     Tag = "9F26"
	TagCryptogramKind Tag = "9F27" // 80: ARQC
	TagIssuerAuth     Tag = "91"   // issuer authentication data: ARPC and its response code
	TagSequence       Tag = "5F34" // PAN sequence number
)

// MaxChipData is the longest DE 55 that is read, in bytes (ISO 8583: LLLVAR).
const MaxChipData = 999

// ChipData is the data elements of a DE 55.
type ChipData struct{ elements []bertlv.TLV }

// ParseChipData reads the BER-TLV of a DE 55. The result shares b's memory.
// Whatever b holds, the answer is an error that wraps [ErrChipData] and quotes
// nothing of it.
func ParseChipData(b []byte) (data ChipData, err error) {
	if len(b) > MaxChipData {
		return ChipData{}, fmt.Errorf("security: %w: %d bytes; DE 55 has at most %d", ErrChipData, len(b), MaxChipData)
	}
	defer func() {
		// A length of 8 bytes and more turns negative in bertlv v0.1.0, which
		// slices with it.
		if recover() != nil {
			data, err = ChipData{}, fmt.Errorf("security: %w: a length that can't be", ErrChipData)
		}
	}()
	elements, err := bertlv.Decode(b)
	if err != nil {
		// The library's error names tags and lengths that may be card data out of step.
		return ChipData{}, fmt.Errorf("security: %w: it is no BER-TLV to its end", ErrChipData)
	}
	return ChipData{elements}, nil
}

// MakeChipData makes data elements, for [ChipData.Encode]. Elements are in the
// order given.
func MakeChipData(elements ...Element) ChipData {
	var d ChipData
	for _, e := range elements {
		d.elements = append(d.elements, bertlv.NewTag(string(e.Tag), e.Value))
	}
	return d
}

// Element is one data element with its value.
type Element struct {
	Tag   Tag
	Value []byte
}

// Get returns the value of the first data element of a tag, nil if there is
// none. Templates are not looked into: DE 55 has none.
func (d ChipData) Get(t Tag) []byte {
	for i := range d.elements {
		if d.elements[i].Tag == string(t) && d.elements[i].Value != nil {
			return d.elements[i].Value
		}
	}
	return nil
}

// Encode returns DE 55.
func (d ChipData) Encode() ([]byte, error) {
	b, err := bertlv.Encode(d.elements)
	if err != nil {
		return nil, fmt.Errorf("security: %w: %w", ErrChipData, err)
	}
	if len(b) > MaxChipData {
		return nil, fmt.Errorf("security: %w: %d bytes; DE 55 has at most %d", ErrChipData, len(b), MaxChipData)
	}
	return b, nil
}

// String lists the tags without their values: one may be a card number.
func (d ChipData) String() string {
	tags := make([]string, len(d.elements))
	for i, e := range d.elements {
		tags[i] = e.Tag
	}
	return "chip data(" + strings.Join(tags, " ") + ")"
}

// GoString is [ChipData.String].
func (d ChipData) GoString() string { return d.String() }

// Format writes [ChipData.String] whatever the verb.
func (d ChipData) Format(s fmt.State, _ rune) { writeText(s, d.String()) }

// Counter returns the application transaction counter (9F36).
func (d ChipData) Counter() ([2]byte, error) {
	v, err := d.element(TagCounter, 2)
	if err != nil {
		return [2]byte{}, err
	}
	return [2]byte(v), nil
}

// Cryptogram returns the application cryptogram (9F26).
func (d ChipData) Cryptogram() ([8]byte, error) {
	v, err := d.element(TagCryptogram, 8)
	if err != nil {
		return [8]byte{}, err
	}
	return [8]byte(v), nil
}

// element returns the value of an element that must be there, with its length.
func (d ChipData) element(t Tag, length int) ([]byte, error) {
	v := d.Get(t)
	switch {
	case v == nil:
		return nil, fmt.Errorf("security: %w: %s is absent", ErrChipData, t)
	case len(v) != length:
		return nil, fmt.Errorf("security: %w: %s has %d bytes, not %d", ErrChipData, t, len(v), length)
	}
	return v, nil
}

// ChipDataFromHex is [ParseChipData] of hexadecimal characters, as text dialects
// carry DE 55.
func ChipDataFromHex(text []byte) (ChipData, error) {
	b := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(b, text); err != nil {
		return ChipData{}, fmt.Errorf("security: %w: it is not written in hexadecimal digits", ErrChipData)
	}
	return ParseChipData(b)
}
