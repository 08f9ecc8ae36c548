package faults

func frameTPDU() Kind {
	return Kind{
		Name: "frame.tpdu", Stages: []Stage{Replying},
		Params: []Param{{Name: "edit", Type: TypeChoice, Default: "unswapped", Choices: []string{"unswapped", "wrong"}, Doc: Text{
			"the request's own, addresses not swapped; or another destination", "原样返回（地址未互换）；或目的地址有误"}}},
		Scalar: "edit",
		Does: Text{
			"The TPDU of the reply is wrong; the message is not.",
			"应答的 TPDU 有误，报文内容无误。"},
		Meets: Text{
			"A reply that is routed wrongly; a terminal that does not look at the TPDU meets nothing.",
			"应答路由有误；不检查 TPDU 的终端察觉不到。"},
		Example: "- match: {type: sale}\n  fault: {frame.tpdu: wrong}\n",
		Needs:   NeedTPDU,
		New: func(v Values) (Fault, error) {
			e := tpduUnswapped
			if v.Text("edit") == "wrong" {
				e = tpduWrong
			}
			return editTPDU{base{"frame.tpdu", Replying}, e}, nil
		},
	}
}

type editTPDU struct {
	base
	edit tpduEdit
}

func (editTPDU) claims() claim { return claim{sets: []string{setTPDU}, is: onReply | edits} }

func (editTPDU) shows(s sent) bool { return s.has(leastLength) }

func (editTPDU) place() Text { return Text{"TPDU to change", "可供改动的 TPDU"} }

func (f editTPDU) OnReply(_ *Exchange, _ Draw, d *Delivery) { d.tpdu = f.edit }
