package faults

import "fmt"

func messageMTI() Kind {
	return Kind{
		Name: "message.mti", Stages: []Stage{Replying},
		Params: []Param{{Name: "mti", Type: TypeMTI, Default: "", Doc: Text{
			"the message type of the reply; default: the request's own, as if it were echoed",
			"应答的消息类型；缺省为请求自身的类型，如同原样返回"}}},
		Scalar: "mti",
		Does: Text{
			"The reply has another message type. Its MAC is valid.",
			"应答的消息类型有误；MAC 有效。"},
		Meets: Text{
			"A message of the wrong type: not the reply that it waits for.",
			"消息类型不符：不是所等待的应答。"},
		Example: "- match: {type: sale}\n  fault: {message.mti: \"0230\"}\n",
		New: func(v Values) (Fault, error) {
			return editMTI{base{"message.mti", Replying}, v.Text("mti")}, nil
		},
	}
}

type editMTI struct {
	base
	mti string // empty: the request's
}

func (editMTI) claims() claim { return claim{sets: []string{setField(0)}, is: onReply | edits} }

func (editMTI) shows(s sent) bool { return s.has(leastLength) }

func (editMTI) place() Text { return Text{"message type to change", "可供改动的消息类型"} }

func (f editMTI) OnReply(x *Exchange, _ Draw, d *Delivery) {
	mti := f.mti
	if mti == "" {
		mti = fmt.Sprintf("%04d", x.MTI)
	}
	d.Fields = append(d.Fields, FieldEdit{Field: 0, Op: SetField, Value: mti})
}
