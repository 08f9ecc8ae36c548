package faults

func frameLength() Kind {
	return Kind{
		Name: "frame.length", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "edit", Type: TypeChoice, Required: true,
				Choices: []string{"plus", "minus", "zero", "maximum", "byte-swapped", "ascii", "includes-itself"}, Doc: Text{
					"what the length header says: so many bytes more or fewer, zero, all that it can, its bytes swapped, four ASCII digits in its place, or its own size included",
					"长度头的内容：偏大、偏小、为零、取最大值、字节颠倒、以四位 ASCII 数字代替，或把自身计入"}},
			{Name: "by", Type: TypeCount, Default: "", Doc: Text{
				"by how many bytes, of plus and minus; default 1", "偏差字节数，用于 plus 和 minus；缺省 1"}},
		},
		Scalar: "edit",
		Does: Text{
			"The length header of the reply is wrong; the message is not.",
			"应答的长度头有误，报文内容无误。"},
		Meets: Text{
			"Too long: it waits for bytes that never come. Too short: the message breaks off, and the rest spoils the next one.",
			"偏大：等候永不到来的字节；偏小：报文被截断，余下部分干扰下一报文。"},
		Example: "- match: {type: sale}\n  fault: {frame.length: {edit: plus, by: 10}}\n",
		New: func(v Values) (Fault, error) {
			op := map[string]lengthOp{"plus": lengthPlus, "minus": lengthMinus, "zero": lengthZero, "maximum": lengthMaximum,
				"byte-swapped": lengthSwapped, "ascii": lengthASCII, "includes-itself": lengthItself}[v.Text("edit")]
			if err := only(v, "frame.length", "by", op == lengthPlus || op == lengthMinus, "edit: plus or minus"); err != nil {
				return nil, err
			}
			e := lengthEdit{op, 1}
			if v.Has("by") {
				e.by = v.Number("by")
			}
			return editLength{base{"frame.length", Replying}, e}, nil
		},
	}
}

type editLength struct {
	base
	edit lengthEdit
}

func (editLength) claims() claim { return claim{sets: []string{setLength}, is: onReply | edits} }

func (f editLength) needs() Needs {
	if f.edit.edit == lengthASCII {
		return NeedBinary
	}
	return 0
}

func (editLength) shows(s sent) bool { return s.has(0) }

func (editLength) place() Text { return Text{"length header to change", "可供改动的长度头"} }

func (f editLength) OnReply(_ *Exchange, _ Draw, d *Delivery) { d.length = f.edit }
