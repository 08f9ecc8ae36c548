package faults

func messageARPC() Kind {
	return Kind{
		Name: "message.arpc", Stages: []Stage{Replying},
		Params: []Param{{Name: "edit", Type: TypeChoice, Default: "wrong", Choices: []string{"wrong", "missing"}, Doc: Text{
			"another cryptogram, or none", "密文有误，或没有密文"}}},
		Scalar: "edit",
		Does: Text{
			"The issuer's cryptogram for the chip card (tag 91 of DE 55) is wrong or missing. The MAC is valid.",
			"发卡行给 IC 卡的密文（55 域标签 91）有误或缺失；MAC 有效。"},
		Meets: Text{
			"An approval that the card then declines: it must reverse.",
			"主机批准后被卡片拒绝：必须冲正。"},
		Example: "- match: {type: sale}\n  fault: {message.arpc: wrong}\n",
		Needs:   NeedChip,
		New: func(v Values) (Fault, error) {
			e := FieldEdit{Field: 55, Op: SpoilTag, Tag: "91"}
			if v.Text("edit") == "missing" {
				e.Op = RemoveTag
			}
			return editField{base{"message.arpc", Replying}, e}, nil
		},
	}
}
