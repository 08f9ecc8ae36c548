package security

import (
	"encoding/binary"
	"fmt"
)

// SessionKeys are the working keys of one terminal, from one sign-on to the
// next. They print as their check values only.
type SessionKeys struct {
	PIN   Key
	MAC   Key
	Track Key // zero unless the terminal signed on for it
}

// Download is a form of UnionPay's working-key download: how DE 62 of a sign-on
// reply is laid out. The zero value is no form.
//
// Each key takes a slot, its cryptogram under the terminal master key (ECB)
// followed by its 4-byte check value; in the order PIN, MAC, track:
//
//	001  24 bytes  slots of  8+4: PIN and MAC single length
//	003  40 bytes  slots of 16+4: PIN double length; MAC single length, then 8 zero bytes
//	004  60 bytes  003, then the track key, double length
//
// Source for the layout, the zero bytes included: the UnionPay POS
// specification's DE 62 usage 1 as quoted at
// https://www.nameidi.com/n/wg2p14k9.html and, with the 60-byte form, in
// github.com/chfenix/iso8583 (SignResponse.java); a live example with its keys
// is at https://code456.com/article/3026509.html.
//
// Some hosts fill the MAC slot with 16 cryptogram bytes instead: firmware
// libraries take a doubled key there (the SmitTY card-reader SDK documents
// repeating the 8 bytes), and double-length MAC keys are in use
// (blog.csdn.net/zfr_xuexiao66/article/details/94665452). The LongMAC forms
// write that, and [OpenCryptogram] reads both. They serve MAC algorithms that
// need two key halves.
type Download uint8

// The download forms.
const (
	DownloadSingle Download = iota + 1
	DownloadDouble
	DownloadTrack
	DownloadDoubleLongMAC // as DownloadDouble, with a double-length MAC key
	DownloadTrackLongMAC  // as DownloadTrack, with a double-length MAC key
)

const kcvLen = 4

type form struct {
	name            string
	code            string // the network management code, DE 60.3
	slot            int    // bytes for a cryptogram
	pin, mac, track int    // key lengths
}

var forms = [...]form{
	DownloadSingle:        {"single", "001", 8, 8, 8, 0},
	DownloadDouble:        {"double", "003", 16, 16, 8, 0},
	DownloadTrack:         {"track", "004", 16, 16, 8, 16},
	DownloadDoubleLongMAC: {"double, long MAC", "003", 16, 16, 16, 0},
	DownloadTrackLongMAC:  {"track, long MAC", "004", 16, 16, 16, 16},
}

func (f form) length() int {
	n := 2 * (f.slot + kcvLen)
	if f.track > 0 {
		n += f.slot + kcvLen
	}
	return n
}

func (d Download) form() (form, bool) {
	if d < DownloadSingle || int(d) >= len(forms) {
		return form{}, false
	}
	return forms[d], true
}

// ParseDownload returns the form that a sign-on asks for with its network
// management code (DE 60.3): 001, 003 or 004.
func ParseDownload(code string) (Download, error) {
	for d := DownloadSingle; d <= DownloadTrack; d++ {
		if forms[d].code == code {
			return d, nil
		}
	}
	if len(code) != 3 { // not a code at all: whatever the field held stays out of the error
		return 0, fmt.Errorf("security: %w: a network management code has 3 digits, not %d characters", ErrDownload, len(code))
	}
	return 0, fmt.Errorf("security: %w: no form has network management code %q; sign-ons use 001, 003 or 004", ErrDownload, code)
}

// Code returns the network management code, or "" for no form.
func (d Download) Code() string {
	f, _ := d.form()
	return f.code
}

// Len returns the length of DE 62 in bytes: 24, 40 or 60; 0 for no form.
func (d Download) Len() int {
	if f, ok := d.form(); ok {
		return f.length()
	}
	return 0
}

// For returns the form whose MAC key suits the algorithm: its LongMAC variant
// for X9.19. The single-length form has no room for one and stays as it is.
func (d Download) For(a MACAlgorithm) Download {
	if !a.wantsTwoHalves() {
		return d
	}
	switch d {
	case DownloadDouble:
		return DownloadDoubleLongMAC
	case DownloadTrack:
		return DownloadTrackLongMAC
	default:
		return d
	}
}

// String names the form, for people.
func (d Download) String() string {
	f, ok := d.form()
	if !ok {
		return fmt.Sprintf("Download(%d)", uint8(d))
	}
	return f.name + " (" + f.code + ")"
}

// DeriveSession returns the working keys of a terminal's nth sign-on. The same
// seed, terminal, n and form always give the same keys, and no other run or
// terminal does. All have odd parity. Without a valid form they are zero.
func DeriveSession(seed uint64, terminal string, n uint32, d Download) SessionKeys {
	f, ok := d.form()
	if !ok {
		return SessionKeys{}
	}
	var place [12]byte
	binary.BigEndian.PutUint64(place[:8], seed)
	binary.BigEndian.PutUint32(place[8:], n)
	key := func(purpose string, length int) Key {
		if length == 0 {
			return Key{}
		}
		k, err := NewKey(derive(length, purpose, place[:], []byte(terminal)))
		if err != nil {
			return Key{} // DES is refused; every use of the zero key says so
		}
		return k
	}
	return SessionKeys{PIN: key("pin", f.pin), MAC: key("mac", f.mac), Track: key("track", f.track)}
}

// Cryptogram returns DE 62 in the given form: the keys encrypted under the
// terminal master key, with their check values. A MAC key of 8 bytes in a slot
// of 16 is followed by zero bytes; one of 16 bytes fills it. Any other key must
// have exactly the length of its slot.
func (s SessionKeys) Cryptogram(tmk Key, d Download) ([]byte, error) {
	f, ok := d.form()
	if !ok {
		return nil, fmt.Errorf("security: %w: %s is no form; use one that ParseDownload returns", ErrDownload, d)
	}
	de62 := make([]byte, 0, f.length())
	for _, part := range []struct {
		name string
		key  Key
		fits bool
	}{
		{"PIN", s.PIN, s.PIN.Len() == f.pin},
		{"MAC", s.MAC, s.MAC.Len() == 8 || s.MAC.Len() == f.slot},
		{"track", s.Track, s.Track.Len() == f.track || f.track == 0},
	} {
		if !part.fits {
			return nil, fmt.Errorf("security: %w: a %s key of %d bytes has no place in form %s", ErrDownload, part.name, part.key.Len(), d)
		}
		if part.name == "track" && f.track == 0 {
			continue
		}
		enc, err := tmk.EncryptECB(part.key.bytes())
		if err != nil {
			return nil, fmt.Errorf("encrypt the %s key under the terminal master key: %w", part.name, err)
		}
		kcv := part.key.KCV()
		de62 = append(de62, enc...)
		de62 = append(de62, make([]byte, f.slot-len(enc))...)
		de62 = append(de62, kcv[:]...)
	}
	return de62, nil
}

// OpenCryptogram is the other end of [SessionKeys.Cryptogram]: what a terminal
// does with the DE 62 of a sign-on reply, and a host with keys it has saved.
// The length says the form: 24, 40 or 60 bytes. A MAC slot of 16 whose second
// half is zero holds a single-length key. A check value that doesn't match is a
// [*CheckValueError]; then no key is returned.
func OpenCryptogram(tmk Key, de62 []byte) (SessionKeys, error) {
	if tmk.IsZero() {
		return SessionKeys{}, fmt.Errorf("security: open DE 62 with the terminal master key: %w", ErrNoKey)
	}
	var f form
	for _, f = range forms[DownloadSingle : DownloadTrack+1] {
		if f.length() == len(de62) {
			break
		}
	}
	if f.length() != len(de62) {
		return SessionKeys{}, fmt.Errorf("security: %w: DE 62 has %d bytes; the forms have 24, 40 or 60", ErrDownload, len(de62))
	}
	var s SessionKeys
	for i, part := range []struct {
		name string
		key  *Key
	}{{"PIN", &s.PIN}, {"MAC", &s.MAC}, {"track", &s.Track}} {
		if part.name == "track" && f.track == 0 {
			break
		}
		slot := de62[i*(f.slot+kcvLen):][:f.slot+kcvLen]
		enc := slot[:f.slot]
		if part.name == "MAC" && f.slot == 16 && [8]byte(enc[8:]) == [8]byte{} {
			enc = enc[:8]
		}
		k, err := openKey(tmk, part.name, enc, [kcvLen]byte(slot[f.slot:]))
		if err != nil {
			return SessionKeys{}, err
		}
		*part.key = k
	}
	return s, nil
}

func openKey(tmk Key, name string, enc []byte, sent [kcvLen]byte) (Key, error) {
	b, err := tmk.DecryptECB(enc)
	if err != nil {
		return Key{}, fmt.Errorf("decrypt the %s key: %w", name, err)
	}
	k, err := NewKey(b)
	if err != nil {
		return Key{}, fmt.Errorf("the %s key: %w", name, err)
	}
	if k.KCV() != sent {
		return Key{}, &CheckValueError{Name: name, Sent: sent, Computed: k.KCV()}
	}
	return k, nil
}
