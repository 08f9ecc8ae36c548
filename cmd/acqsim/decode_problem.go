package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// problemView is where a message stops making sense.
type problemView struct {
	Field  string `json:"field,omitempty"` // empty: no dialect reads any of it
	Name   *words `json:"name,omitempty"`
	Offset int    `json:"offset"` // in the piece
	Reason string `json:"reason"`
	From   int    `json:"bytes_from"` // where Around begins
	Around string `json:"bytes"`      // hexadecimal; ** is a byte that is hidden

	extent int // bytes at the offset to point at
	hide   int // bytes from the offset on that may be shown; -1: all
}

// problemOf describes where reading ended.
func problemOf(d *dialect.Dialect, err error, req *dialect.Request, fields []fieldView, p *piece) *problemView {
	var e *dialect.FormatError
	if !errors.As(err, &e) {
		return &problemView{Offset: p.bodyAt, Reason: safeText(err.Error()), hide: 0}
	}
	v := &problemView{Offset: p.bodyAt + e.Offset, Reason: safeText(e.Err.Error()), extent: 1, hide: -1}
	switch e.Field {
	case dialect.AtMTI:
		v.Field, v.Name = "0", &words{"MTI", "消息类型"}
	case dialect.AtBitmap:
		v.Field, v.Name = "1", &words{"bitmap", "位图"}
	case dialect.AtEnd:
		v.Field, v.Name, v.extent = "end", &words{"after the last field", "最后一个域之后"}, len(p.raw)-v.Offset
	default:
		name := words(d.FieldName(e.Field))
		v.Field, v.Name = strconv.Itoa(e.Field), &name
		prefix, fixed := sizes(d, e.Field)
		v.extent = max(prefix+fixed, 1)
		v.hide = visible(e.Field, v.extent, req.MTI, fields)
	}
	return v
}

// safeText masks what an error quotes of a message.
func safeText(s string) string {
	b := []byte(s)
	transcript.MaskText(b)
	return string(b)
}

// sizes returns how many bytes a field's length prefix takes, and its value if
// that is of a fixed length: 0 where it is not known.
func sizes(d *dialect.Dialect, n int) (prefix, fixed int) {
	f := d.Spec().Fields[n]
	if f == nil || f.Spec() == nil || f.Spec().Pref == nil {
		return 0, 0
	}
	spec := f.Spec()
	kind, form, _ := strings.Cut(spec.Pref.Inspect(), ".")
	packed := strings.HasPrefix(kind, "BCD")
	switch {
	case form == "Fixed" && packed:
		return 0, (spec.Length + 1) / 2
	case form == "Fixed":
		return 0, spec.Length
	case packed:
		return (len(form) + 1) / 2, 0
	}
	return len(form), 0
}

// secretFields are those that hold card numbers, tracks, PINs or keys. 62 is
// one in network messages only.
var secretFields = map[int]bool{2: true, 34: true, 35: true, 36: true, 45: true, 52: true, 55: true, 62: true, 96: true}

// visible returns how many bytes of a field that can't be read, and of what
// follows it, may be shown: of a secret its first 4, and no more than the field
// itself where a secret comes after it. What the bytes behind the place are is
// unknown, so that masking by meaning ends there. -1: all.
func visible(n, extent int, mti uint16, fields []fieldView) int {
	secret := func(n int) bool { return secretFields[n] && (n != 62 || mti/100%10 == 8) }
	if secret(n) {
		return min(extent+3, 4)
	}
	if len(fields) < 2 {
		return -1
	}
	for _, word := range strings.Fields(fields[1].Value) {
		if later, err := strconv.Atoi(word); err == nil && later > n && secret(later) {
			return min(max(extent, 4), 16)
		}
	}
	return -1
}

// dumpAround keeps the bytes around a problem as text.
func (m *decoded) dumpAround() {
	e := m.Error
	if e == nil {
		return
	}
	e.From = dumpFrom(e)
	var cells []string
	for i := e.From; i < dumpTo(m, e); i++ {
		if m.stars[i] {
			cells = append(cells, "**")
		} else {
			cells = append(cells, hexText(m.shown[i:i+1]))
		}
	}
	e.Around = strings.Join(cells, " ")
}
