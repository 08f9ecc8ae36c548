package faults

func replyUnsolicited() Kind {
	return Kind{
		Name: "reply.unsolicited", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "message", Type: TypeChoice, Default: "other-reply", Choices: []string{"other-reply", "network-request"}, Doc: Text{
				"the same reply with another STAN; or a network management request of the host (0800)",
				"流水号不同的同类应答；或主机发来的网络管理请求（0800）"}},
			{Name: "when", Type: TypeChoice, Default: "before", Choices: []string{"before", "after"}, Doc: Text{
				"before or after the terminal's own reply", "在本机应答之前或之后"}},
			{Name: "gap", Type: TypeDuration, Default: "0s", Doc: Text{
				"how long between the two", "两者间隔"}},
		},
		Scalar: "message",
		Does: Text{
			"Something that nobody asked for comes besides the reply.",
			"除应答外，还发来一条无人请求的报文。"},
		Meets: Text{
			"A message that fits no request: it must be skipped, and its own reply taken.",
			"收到不对应任何请求的报文：应忽略它并接收自己的应答。"},
		Example: "- match: {type: sale}\n  fault: {reply.unsolicited: {message: other-reply, when: before}}\n",
		New: func(v Values) (Fault, error) {
			return unsolicited{base{"reply.unsolicited", Replying},
				v.Text("message") == "network-request", v.Text("when") == "before", v.Duration("gap")}, nil
		},
	}
}

type unsolicited struct {
	base
	network, first bool
	gap            Duration
}

func (unsolicited) claims() claim { return claim{sets: []string{setExtra}, is: onReply | repeats} }

func (f unsolicited) OnReply(x *Exchange, d Draw, to *Delivery) {
	e := Extra{First: f.first, After: f.gap.In(x.ResponseTimeout())}
	stan := FieldEdit{Field: 11, Op: RandomField, Draw: d}
	if f.network {
		mti := "0800"
		if x.MTI/1000 == 1 {
			mti = "1804" // ISO 8583:1993
		}
		// What every dialect gives its own 0800: time, STAN, terminal, merchant.
		e.Keep = []int{7, 11, 12, 13, 41, 42, 64, 128}
		e.Fields = []FieldEdit{{Field: 0, Op: SetField, Value: mti}, stan}
	} else {
		e.Fields = []FieldEdit{stan}
	}
	to.Extras = append(to.Extras, e)
}
