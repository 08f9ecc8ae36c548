package faults

import "errors"

func frameHeader() Kind {
	return Kind{
		Name: "frame.header", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "edit", Type: TypeChoice, Default: "request", Choices: []string{"request", "status", "wrong"}, Doc: Text{
				"the flag that asks the terminal for something, its status, or an application class that it does not know",
				"处理要求标志、终端状态，或未知的应用类别"}},
			{Name: "value", Type: TypeCount, Default: "", Min: 0, Max: 9, Doc: Text{
				"of the flag: request 1 download parameters, 2 upload status, 3 sign on again; default 3 of request, 1 of status",
				"标志值：处理要求 1 下载参数、2 上传状态、3 重新签到；处理要求缺省 3，状态缺省 1"}},
		},
		Scalar: "edit",
		Does: Text{
			"The header of the reply has other flags; the message is not changed.",
			"改动应答报文头的标志，报文内容不变。"},
		Meets: Text{
			"A reply that asks it to do something (which stands nevertheless), or that it should refuse.",
			"应答附带处理要求（交易结果仍有效），或应当拒收。"},
		Example: "- match: {type: sale}\n  fault: {frame.header: {edit: request, value: 3}}\n",
		Needs:   NeedHeader,
		New: func(v Values) (Fault, error) {
			f := editHeader{base: base{"frame.header", Replying}}
			switch v.Text("edit") {
			case "request":
				f.edit = headerEdit{headerRequest, 3}
			case "status":
				f.edit = headerEdit{headerStatus, 1}
			default:
				f.edit.edit = headerWrong
				if v.Has("value") {
					return nil, &ParamError{Kind: "frame.header", Param: "value", Err: errors.New("means nothing with edit: wrong")}
				}
			}
			if v.Has("value") {
				f.edit.value = byte(v.Number("value"))
			}
			return f, nil
		},
	}
}

type editHeader struct {
	base
	edit headerEdit
}

func (editHeader) claims() claim { return claim{sets: []string{setHeader}, is: onReply | edits} }

func (editHeader) shows(s sent) bool { return s.has(leastLength) }

func (editHeader) place() Text { return Text{"header to change", "可供改动的报文头"} }

func (f editHeader) OnReply(_ *Exchange, _ Draw, d *Delivery) { d.header = f.edit }
