package faults

func messageMAC() Kind {
	return Kind{
		Name: "message.mac", Stages: []Stage{Replying},
		Params: []Param{{Name: "edit", Type: TypeChoice, Default: "wrong", Choices: []string{"wrong", "missing"}, Doc: Text{
			"another MAC, or none", "MAC 有误，或没有 MAC"}}},
		Scalar: "edit",
		Does: Text{
			"The MAC of the reply does not verify, or is not there; the message is right.",
			"应答的 MAC 校验失败或缺失，报文内容无误。"},
		Meets: Text{
			"A reply that it must not believe: no approval, and a reversal.",
			"不可信的应答：不得批准，并应冲正。"},
		Example: "- match: {type: sale}\n  fault: {message.mac: wrong}\n",
		Needs:   NeedMAC,
		New: func(v Values) (Fault, error) {
			e := MACWrong
			if v.Text("edit") == "missing" {
				e = MACMissing
			}
			return editMAC{base{"message.mac", Replying}, e}, nil
		},
	}
}

type editMAC struct {
	base
	edit MACEdit
}

func (editMAC) claims() claim { return claim{sets: []string{setMAC}, is: onReply | edits} }

func (f editMAC) removes(n int) bool { return f.edit == MACMissing && (n == 64 || n == 128) }

// A MAC that is missing shows in the length header, too.
func (f editMAC) shows(s sent) bool { return f.edit == MACMissing && s.has(0) || s.has(s.elements) }

func (editMAC) place() Text { return Text{"MAC", " MAC"} }

func (f editMAC) OnReply(_ *Exchange, _ Draw, d *Delivery) { d.MAC = f.edit }
