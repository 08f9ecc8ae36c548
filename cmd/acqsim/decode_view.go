package main

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
)

// decoded is one message as acqsim decode shows it. What is in it may be shown:
// secrets are masked unless the user asked for them.
type decoded struct {
	At          int                 `json:"at"` // in the part of the input
	Bytes       int                 `json:"bytes"`
	KeepAlives  int                 `json:"keep_alives,omitempty"`
	Dialect     string              `json:"dialect,omitempty"`
	Also        []string            `json:"also,omitempty"` // other dialects that read it
	Frame       *frameView          `json:"frame,omitempty"`
	MTI         string              `json:"mti,omitempty"`
	Means       *words              `json:"means,omitempty"`
	Transaction *words              `json:"transaction,omitempty"`
	Fields      []fieldView         `json:"fields,omitempty"`
	MAC         string              `json:"mac,omitempty"` // absent, unchecked, ok, wrong
	MACWanted   string              `json:"mac_wanted,omitempty"`
	Hidden      []transcript.Secret `json:"hidden,omitempty"`
	Warning     string              `json:"warning,omitempty"`
	Error       *problemView        `json:"error,omitempty"`
	Likely      []string            `json:"likely,omitempty"` // causes, where asked for

	dialect *dialect.Dialect
	shown   []byte // the bytes as they may be shown
	stars   []bool // bytes of shown that stand for hidden ones
}

// The states of a MAC.
const (
	macAbsent    = "absent"
	macUnchecked = "unchecked"
	macRight     = "ok"
	macWrong     = "wrong"
)

type frameView struct {
	Length string `json:"length,omitempty"` // hexadecimal, as all of them
	TPDU   string `json:"tpdu,omitempty"`
	Header string `json:"header,omitempty"`

	lengthText             string // as people read it
	tpduMeans, headerMeans words
}

// fieldView is a field, or a part of one.
type fieldView struct {
	Path   string      `json:"path"` // 0 is the MTI, 1 the bitmap
	Name   words       `json:"name"`
	Value  string      `json:"value"`
	Means  *words      `json:"means,omitempty"`
	Offset int         `json:"offset"` // in the piece
	Raw    string      `json:"raw,omitempty"`
	Parts  []fieldView `json:"parts,omitempty"`

	note words // for people only
}

// viewer decodes pieces.
type viewer struct {
	unsafe  bool
	suggest bool         // likely causes are looked for
	macKey  security.Key // zero: MACs are not checked
}

// view decodes a piece for people.
func (v *viewer) view(p *piece) (*decoded, error) {
	m := &decoded{At: p.at, Bytes: len(p.raw), KeepAlives: p.keepAlives, Also: p.also, Warning: safeText(p.warning)}
	if p.keepAlives > 0 {
		return m, nil
	}
	m.shown = append([]byte(nil), p.raw...)
	if p.dialect == nil {
		m.Error = &problemView{Reason: "no dialect finds a message here: it begins with no message type (MTI) that is known", hide: -1}
		m.Warning = ""
		v.hide(m, p)
		return m, nil
	}
	d, body := p.dialect, p.body()
	m.Dialect, m.dialect = d.Name(), d
	if p.bodyAt > 0 {
		header := append([]byte(nil), p.header...)
		if !v.unsafe {
			transcript.MaskRuns(header)
		}
		m.Frame = &frameView{Length: hexText(p.length), TPDU: hexText(p.tpdu), Header: hexText(header),
			lengthText: lengthText(d.Format(), p.length), tpduMeans: tpduWords(p.tpdu), headerMeans: headerWords(header)}
	}
	var req dialect.Request
	readErr := d.Read(frame.Frame{Raw: p.raw, TPDU: p.tpdu, Header: p.header, Body: body}, &req)
	safe := body
	if !v.unsafe {
		m.Hidden = d.Mask(m.shown, &req.Index, p.bodyAt)
		safe = m.shown[p.bodyAt:]
		if readErr != nil {
			safe, m.Hidden = maskReadable(d, body, &req.Index)
		}
	}
	m.fieldViews(d, body, safe, p.bodyAt)
	m.explain(&req, readErr == nil)
	if readErr == nil {
		if err := v.checkMAC(m, d, &req); err != nil {
			return nil, err
		}
	} else {
		m.Error = problemOf(d, readErr, &req, m.Fields, p)
	}
	if v.suggest {
		m.Likely = suggestions(p)
	}
	v.hide(m, p)
	return m, nil
}

// fieldViews lists the fields of body with the values of safe, its masked copy.
func (m *decoded) fieldViews(d *dialect.Dialect, body, safe []byte, bodyAt int) {
	clear, _ := d.View(body) // the error is Read's
	shown, _ := d.View(safe)
	for i := range clear {
		was := &clear[i]
		if i >= len(shown) || shown[i].Path != was.Path || shown[i].Offset != was.Offset || len(shown[i].Raw) != len(was.Raw) {
			// Masking went over its borders.
			m.Fields = append(m.Fields, fieldView{Path: was.Path, Name: words(was.Name), Value: strings.Repeat("*", len(was.Raw)), Offset: bodyAt + was.Offset})
			continue
		}
		f := fieldOf(&shown[i], was, m.secretIn(was.Number), bodyAt)
		if was.Path == "1" {
			f.Value = was.Value // the fields that it names, also those that can't be read
		}
		m.Fields = append(m.Fields, f)
	}
}

// hide masks the piece's bytes for a hexdump and finds what that hid. A message
// that can't be read may hold card numbers anywhere, also across the borders of
// fields.
func (v *viewer) hide(m *decoded, p *piece) {
	m.stars = make([]bool, len(m.shown))
	defer m.dumpAround()
	if v.unsafe {
		return
	}
	if m.Error != nil {
		from := p.bodyAt
		if p.warning != "" {
			from = 0 // what stands before the body is perhaps no frame
		}
		transcript.MaskRuns(m.shown[from:])
		maskStrays(m.shown, p.raw, nil)
	}
	for i := range m.stars {
		m.stars[i] = m.shown[i] != p.raw[i]
	}
	if p.torn {
		first, last := tornEdges(p.raw)
		for i := range m.stars {
			m.stars[i] = m.stars[i] || i < first || i >= len(m.stars)-last
		}
	}
	// Zeros beside what was hidden may have been hidden as well.
	filler := func(i int) bool { return m.shown[i] == 0 || m.shown[i] == '0' }
	for i := 1; i < len(m.stars); i++ {
		m.stars[i] = m.stars[i] || m.stars[i-1] && filler(i)
	}
	for i := len(m.stars) - 2; i >= 0; i-- {
		m.stars[i] = m.stars[i] || m.stars[i+1] && filler(i)
	}
	if e := m.Error; e != nil && e.hide >= 0 {
		for i := e.Offset + e.hide; i < len(m.stars); i++ {
			m.stars[i] = true
		}
	}
}

// secretIn returns the kind of secret that was found in a field.
func (m *decoded) secretIn(n int) string {
	for _, s := range m.Hidden {
		if s.Field == n {
			return s.Kind
		}
	}
	return ""
}

// fieldOf shows a field: its masked value, with a star for each character that
// masking changed. was is the same field before masking, if it is known.
func fieldOf(shown, was *dialect.FieldView, secret string, bodyAt int) fieldView {
	f := fieldView{Path: shown.Path, Name: words(shown.Name), Value: shown.Value, Offset: bodyAt + shown.Offset, Raw: hexText(shown.Raw)}
	switch {
	case secret == "pin-block" || secret == "key":
		f.Value = strings.Repeat("*", len(shown.Value))
	case was != nil:
		f.Value = starred(shown.Value, was.Value)
	}
	for i := range shown.Sub {
		var before *dialect.FieldView
		if was != nil && i < len(was.Sub) && was.Sub[i].Path == shown.Sub[i].Path {
			before = &was.Sub[i]
		}
		f.Parts = append(f.Parts, fieldOf(&shown.Sub[i], before, secret, bodyAt))
	}
	return f
}

// starred puts stars where masking changed something. Zeros next to a change
// may have been masked as well.
func starred(masked, clear string) string {
	if masked == clear {
		return clear
	}
	m, c := []rune(masked), []rune(clear)
	if len(m) != len(c) {
		return masked
	}
	if pan := strings.ReplaceAll(transcript.MaskPAN(clear), "*", "0"); pan == masked {
		return transcript.MaskPAN(clear)
	}
	out := append([]rune(nil), m...)
	for i := range m {
		if m[i] != c[i] || i > 0 && out[i-1] == '*' && m[i] == '0' {
			out[i] = '*'
		}
	}
	for i := len(m) - 2; i >= 0; i-- {
		if out[i+1] == '*' && m[i] == '0' {
			out[i] = '*'
		}
	}
	return string(out)
}

// explain adds what MTI, amount, currency and response code mean.
func (m *decoded) explain(req *dialect.Request, whole bool) {
	if len(m.Fields) == 0 {
		return
	}
	m.MTI = m.Fields[0].Value
	means := mtiWords(req.MTI)
	m.Means = &means
	if isRequest(req.MTI) && (whole || req.Type != world.Unrecognised) {
		t := transactionWords(req.Type)
		m.Transaction = &t
	}
	for i := range m.Fields {
		f := &m.Fields[i]
		n, err := strconv.Atoi(f.Path)
		if err != nil {
			continue
		}
		if w := meaning(n, f.Value, req.MTI, req.Currency); w != (words{}) {
			f.Means = &w
		}
	}
}

// checkMAC says what is known of the message's MAC.
func (v *viewer) checkMAC(m *decoded, d *dialect.Dialect, req *dialect.Request) error {
	n := d.MACField()
	switch {
	case n == 0 || !req.Index.Has(n):
		m.MAC = macAbsent
		return nil
	case v.macKey.IsZero():
		m.MAC = macUnchecked
	default:
		mac, err := security.NewMAC(d.MACAlgorithm(), v.macKey)
		if err != nil {
			return usagef("--mac-key: %w", err)
		}
		m.MAC = macRight
		if !d.Verify(req, mac) {
			m.MAC = macWrong
			sum := mac.Sum1(req.Frame.Body[:req.Index.Offset(n)])
			m.MACWanted = hexText(sum[:])
		}
	}
	for i := range m.Fields {
		if f := &m.Fields[i]; f.Path == strconv.Itoa(n) {
			f.note = macNotes[m.MAC]
			if m.MACWanted != "" {
				f.note.EN += "; with this key it is " + m.MACWanted
				f.note.ZH += "；按此密钥应为 " + m.MACWanted
			}
		}
	}
	return nil
}

var macNotes = map[string]words{
	macUnchecked: {"not checked: --mac-key KEY does", "未校验（--mac-key）"},
	macRight:     {"right", "正确"},
	macWrong:     {"WRONG", "错误"},
}

func hexText(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
