package world

import "github.com/acqsim/acqsim/scenarios/strictyaml"

// Bilingual is a text for people, in English and 简体中文. In a file it is
// {en: …, zh: …}, or one text that serves for both.
type Bilingual struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

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
