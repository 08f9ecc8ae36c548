package faults

func replyCross() Kind {
	return Kind{
		Name: "reply.cross", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "terminal", Type: TypeTerminal, Default: "*", Doc: Text{
				"on whose connection; * is any other terminal's", "发往哪台终端的连接；* 表示任意其他终端"}},
			within,
		},
		Scalar: "terminal",
		Does: Text{
			"The reply is delivered on another terminal's connection. If that terminal has none in time, the reply is lost. It depends on the other terminal.",
			"应答发到另一终端的连接上；若该终端在时限内没有连接，应答丢失。结果取决于另一终端。"},
		Meets: Text{
			"No reply; and the other terminal meets one that is not its own.",
			"无应答；另一终端则收到不属于自己的应答。"},
		Example: "- match: {terminal: \"T0000001\", type: sale}\n  fault: {reply.cross: {terminal: \"T0000002\"}}\n",
		New: func(v Values) (Fault, error) {
			p := Partner{Role: ReplyElsewhere, Terminal: v.Text("terminal"), Lost: true}
			return partnerReply{base{"reply.cross", Replying}, p, v.Duration("within")}, nil
		},
	}
}
