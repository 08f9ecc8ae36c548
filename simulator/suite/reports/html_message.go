package reports

import (
	"bytes"
	"encoding/hex"
	"slices"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// message is a recorded frame for people. It is masked: the transcript is.
type message struct {
	MTI    string
	Fields []field
	Error  text // why it could not be read to its end
	Hex    string
}

// field is a data element, or a part of one.
type field struct {
	Path  string
	Name  text
	Value text
}

// reader decodes recorded frames.
type reader struct{ dialects map[string]*dialect.Dialect }

func newReader(d *dialect.Dialect) *reader {
	r := &reader{dialects: map[string]*dialect.Dialect{}}
	if d != nil {
		r.dialects[d.Name()] = d
	}
	return r
}

// open returns a dialect by name; nil: it is not known here.
func (r *reader) open(name string) *dialect.Dialect {
	d, known := r.dialects[name]
	if !known {
		d, _ = dialect.Open(name) // what can't be read is shown as bytes
		r.dialects[name] = d
	}
	return d
}

// read decodes the frame of an event; nil: it has none.
func (r *reader) read(e *transcript.Event) *message {
	if len(e.Raw) == 0 {
		return nil
	}
	m := &message{Hex: hex.EncodeToString(e.Raw)}
	d := r.open(e.Dialect)
	if d == nil {
		m.Error = text{EN: "its dialect is not known here", ZH: "报文方言未知，无法解析"}
		return m
	}
	f, _, err := d.Format().Cut(e.Raw, 0)
	if err != nil {
		m.Error, _ = recorded(err.Error())
		return m
	}
	views, err := d.View(f.Body)
	if err != nil {
		m.Error, _ = recorded(err.Error())
	}
	// Events name the secrets of requests; masking what is masked names them all.
	hidden := map[int]string{}
	for _, s := range slices.Concat(e.Secrets, secretsOf(d, f.Body)) {
		hidden[s.Field] = s.Kind
	}
	for _, v := range views {
		switch v.Number {
		case 0:
			m.MTI = v.Value
		case 1: // the bitmap: the fields are there to see
		default:
			m.add(&v, hidden[v.Number])
		}
	}
	return m
}

func secretsOf(d *dialect.Dialect, body []byte) []transcript.Secret {
	var ix dialect.Index
	_, _ = d.Index(body, &ix) // what can't be read has no fields to name
	return d.Mask(bytes.Clone(body), &ix, 0)
}

// add appends a field and its parts. In a transcript, masked digits are zeros;
// people are told that they are not the real ones.
func (m *message) add(v *dialect.FieldView, secret string) {
	value := world.Same(visible(v.Value))
	switch {
	case secret == "":
	case secret == "pan" && v.Path == "2":
		value = world.Same(transcript.MaskPAN(value.EN))
	case secret == "pin-block", secret == "key":
		m.Fields = append(m.Fields, field{v.Path, v.Name, text{EN: "(hidden)", ZH: "（不显示）"}})
		return
	default:
		value = world.Say("%s (masked)", "%s（已掩码）", value)
	}
	m.Fields = append(m.Fields, field{v.Path, v.Name, value})
	for i := range v.Sub {
		m.add(&v.Sub[i], "")
	}
}
