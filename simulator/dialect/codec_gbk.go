package dialect

import (
	"fmt"

	"github.com/moov-io/iso8583/field"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// gbkEncoder is text in GBK on the line and UTF-8 in values. Lengths count
// bytes on the line. Bytes that are no GBK read as U+FFFD and are never an
// error: terminals put other things into text fields. Encoding name: GBK.
type gbkEncoder struct{}

// Encode converts UTF-8 to GBK.
func (gbkEncoder) Encode(text []byte) ([]byte, error) {
	if badASCII(text) < 0 {
		return append(make([]byte, 0, len(text)), text...), nil
	}
	out, err := simplifiedchinese.GBK.NewEncoder().Bytes(text)
	if err != nil {
		return nil, fmt.Errorf("the text has a character that GBK has not: %w", err)
	}
	return out, nil
}

// Decode converts length bytes of GBK to UTF-8.
func (gbkEncoder) Decode(b []byte, length int) ([]byte, int, error) {
	if length < 0 || length > len(b) {
		return nil, 0, fmt.Errorf("%d bytes are left, the value needs %d", len(b), length)
	}
	if badASCII(b[:length]) < 0 {
		return append(make([]byte, 0, length), b[:length]...), length, nil
	}
	out, err := simplifiedchinese.GBK.NewDecoder().Bytes(b[:length])
	if err != nil {
		return nil, 0, fmt.Errorf("read GBK text: %w", err)
	}
	return out, length, nil
}

// packEncoded packs a value whose length prefix counts bytes on the line, not
// characters: moov's own packer counts before it encodes.
func packEncoded(value []byte, spec *field.Spec) ([]byte, error) {
	encoded, err := spec.Enc.Encode(value)
	if err != nil {
		return nil, fmt.Errorf("encode the content: %w", err)
	}
	length, err := spec.Pref.EncodeLength(spec.Length, len(encoded))
	if err != nil {
		return nil, fmt.Errorf("encode the length: %w", err)
	}
	return append(length, encoded...), nil
}
