package world

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// Bilingual is a text for people, in English and 简体中文. In a file it is
// {en: …, zh: …}, or one text that serves for both.
type Bilingual struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// Say makes a text of a format for each language, as [fmt.Sprintf] does. An
// argument that is Bilingual itself stands in each text in its language.
func Say(en, zh string, args ...any) Bilingual {
	ens, zhs := make([]any, len(args)), make([]any, len(args))
	for i, a := range args {
		ens[i], zhs[i] = a, a
		if b, ok := a.(Bilingual); ok {
			ens[i], zhs[i] = b.EN, b.ZH
		}
	}
	return Bilingual{EN: fmt.Sprintf(en, ens...), ZH: fmt.Sprintf(zh, zhs...)}
}

// Same is a text that needs no translation: a name, a number, a file.
func Same(s string) Bilingual { return Bilingual{EN: s, ZH: s} }

// TextOf is what an error says: its Text, if it has one in both languages, else
// the same in both, whatever it wraps.
func TextOf(err error) Bilingual {
	if w, ok := err.(interface{ Text() Bilingual }); ok {
		return w.Text()
	}
	return Same(err.Error())
}

// Join puts texts behind one another, with something between them.
func Join(between Bilingual, all ...Bilingual) (t Bilingual) {
	for i, x := range all {
		if i > 0 {
			t.EN, t.ZH = t.EN+between.EN, t.ZH+between.ZH
		}
		t.EN, t.ZH = t.EN+x.EN, t.ZH+x.ZH
	}
	return t
}

// String is the English text.
func (b Bilingual) String() string { return b.EN }

// UnmarshalNode reads either form.
func (b *Bilingual) UnmarshalNode(n strictyaml.Node) error {
	if n.Kind() != strictyaml.Mapping {
		err := n.Decode(&b.EN)
		b.ZH = b.EN
		return err
	}
	var both struct {
		EN string `yaml:"en"`
		ZH string `yaml:"zh"`
	}
	err := n.Decode(&both)
	*b = Bilingual{both.EN, both.ZH}
	return err
}
