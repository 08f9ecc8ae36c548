package faults

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/moov-io/bertlv"
)

// tag changes DE 55, whose value is in hexadecimal. What is not BER-TLV stays
// as it is.
func (e FieldEdit) tag(value string) (string, bool) {
	raw, err := hex.DecodeString(value)
	if err != nil {
		return value, true
	}
	tags, ok := decodeTags(raw)
	if !ok {
		return value, true
	}
	i := slices.IndexFunc(tags, func(t bertlv.TLV) bool { return strings.EqualFold(t.Tag, e.Tag) })
	if i < 0 {
		return value, true
	}
	if e.Op == RemoveTag {
		if tags = slices.Delete(tags, i, i+1); len(tags) == 0 {
			return "", false
		}
	} else {
		changed := slices.Clone(tags[i].Value)
		for j := range changed {
			changed[j] ^= 0xff
		}
		tags[i].Value = changed
	}
	out, err := bertlv.Encode(tags)
	if err != nil {
		return value, true
	}
	return strings.ToUpper(hex.EncodeToString(out)), true
}

// decodeTags reads BER-TLV. bertlv v0.1.0 panics where a length of 8 bytes and
// more turns negative.
func decodeTags(raw []byte) (tags []bertlv.TLV, ok bool) {
	defer func() {
		if recover() != nil {
			tags, ok = nil, false
		}
	}()
	tags, err := bertlv.Decode(raw)
	return tags, err == nil
}
