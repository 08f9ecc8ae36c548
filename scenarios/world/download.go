package world

import (
	"crypto/sha1" //nolint:gosec // EMV's check sum of a public key is SHA-1
	"encoding/hex"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/scenarios/schema"
)

// PublicKey is a certification authority's key for offline data authentication
// (EMV Book 2, 11.2.2), which terminals download. Its name in a world is its
// RID and index, such as "A000009999-E1".
type PublicKey struct {
	RID      []byte // registered application provider, 5 bytes
	Index    byte
	Modulus  []byte // up to 248 bytes
	Exponent []byte // 03 or 010001
	Expires  string // YYYYMMDD
}

// Checksum is the SHA-1 of RID, index, modulus and exponent (EMV Book 2, table
// 30).
func (k *PublicKey) Checksum() []byte {
	sum := sha1.Sum(slices.Concat(k.RID, []byte{k.Index}, k.Modulus, k.Exponent)) //nolint:gosec // as above
	return sum[:]
}

// ChipApplication is what terminals download about one application of chip
// cards. Its name in a world is its AID, such as "A000000333010101".
type ChipApplication struct {
	AID  []byte // 5 to 16 bytes
	Data []byte // data elements in BER-TLV, without the AID
}

// What fits one answer: DE 62 has up to 999 bytes, and terminals have buffers of
// about 1,024 for a whole message.
const (
	maxModulus         = 248
	maxApplicationData = 512
	maxParameters      = 512
)

type publicKeyFile struct {
	Modulus  *hexFile `yaml:"modulus"`
	Exponent *hexFile `yaml:"exponent"`
	Expires  *string  `yaml:"expires"`
}

type applicationFile struct {
	Data *hexFile `yaml:"data"`
}

// hexFile is bytes in hexadecimal, spaces allowed.
type hexFile []byte

// UnmarshalText reads pairs of hexadecimal digits.
func (h *hexFile) UnmarshalText(b []byte) (err error) {
	*h, err = hex.DecodeString(strings.Join(strings.Fields(string(b)), ""))
	return err
}

// JSONSchema is bytes in hexadecimal.
func (hexFile) JSONSchema() schema.Object { return schema.Text(`^[0-9A-Fa-f ]*$`) }

// downloads lays over what terminals download.
func (l *loader) downloads() {
	f, w := &l.file, l.world
	for _, e := range f.Parameters {
		w.Parameters[e.Key] = e.Value
	}
	for _, e := range f.PublicKeys {
		k, file := named(w.PublicKeys, e.Key), or(e.Value)
		rid, index, _ := strings.Cut(e.Key, "-")
		n, err := hex.DecodeString(index)
		if k.RID, k.Index = unhexed(rid), 0; len(k.RID) != 5 || err != nil || len(n) != 1 {
			l.complain(e.AtKey, "%q is no public key: write RID and index in hexadecimal, such as A000009999-E1", clip(e.Key))
			continue
		}
		k.Index = n[0]
		setBytes(&k.Modulus, file.Modulus)
		setBytes(&k.Exponent, file.Exponent)
		set(&k.Expires, file.Expires)
	}
	for _, e := range f.Applications {
		a := named(w.Applications, e.Key)
		if a.AID = unhexed(e.Key); len(a.AID) < 5 || len(a.AID) > 16 {
			l.complain(e.AtKey, "%q is no application: write its AID in hexadecimal, 5 to 16 bytes", clip(e.Key))
			continue
		}
		setBytes(&a.Data, or(e.Value).Data)
	}
}

func unhexed(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

// setBytes takes bytes over; none become nil, which means the same.
func setBytes(to *[]byte, from *hexFile) {
	if from != nil {
		*to = append([]byte(nil), *from...)
	}
}

func (k *PublicKey) clone() *PublicKey {
	c := *k
	c.RID, c.Modulus, c.Exponent = slices.Clone(k.RID), slices.Clone(k.Modulus), slices.Clone(k.Exponent)
	return &c
}

func (a *ChipApplication) clone() *ChipApplication {
	return &ChipApplication{AID: slices.Clone(a.AID), Data: slices.Clone(a.Data)}
}

// parameters checks what terminals download as tags of two digits, each before
// its value.
func (v *validator) parameters() {
	size := 0
	for tag, value := range v.w.Parameters {
		at := thing{v, "parameter " + tag, v.root.At("parameters", tag)}
		size += len(tag) + len(value)
		if len(tag) != 2 || !digits(tag) {
			at.bad("", "its tag has 2 digits")
		}
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			at.bad("", "its value is printable ASCII, at least one character")
		}
	}
	if size > maxParameters {
		thing{v, "parameters", v.root.At("parameters")}.bad("", "they have %d characters together; %d fit one answer", size, maxParameters)
	}
}

func (v *validator) publicKey(name string, k *PublicKey) {
	t := thing{v, "public key " + name, v.root.At("public_keys", name)}
	if n := len(k.Modulus); n == 0 || n > maxModulus {
		t.bad("modulus", "a modulus has 1 to %d bytes", maxModulus)
	}
	if n := len(k.Exponent); n == 0 || n > 3 {
		t.bad("exponent", "an exponent has 1 to 3 bytes, such as 03")
	}
	if len(k.Expires) != 8 || !digits(k.Expires) {
		t.bad("expires", "a date is written YYYYMMDD, in quotes")
	}
}

func (v *validator) application(name string, a *ChipApplication) {
	if n := len(a.Data); n > maxApplicationData {
		thing{v, "chip application " + name, v.root.At("chip_applications", name)}.bad("data", "it has %d bytes; %d fit one answer", n, maxApplicationData)
	}
}
