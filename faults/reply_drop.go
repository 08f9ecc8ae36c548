package faults

func replyDrop() Kind {
	return Kind{
		Name: "reply.drop", Stages: []Stage{Replying},
		Does: Text{
			"The host decides and posts; the reply is lost on its way.",
			"主机已处理并记账；应答在途中丢失。"},
		Meets: Text{
			"No reply, although money may have moved: it must reverse.",
			"无应答，但账务可能已变动：必须冲正。"},
		Example: "- match: {type: sale, amount: \"1.00..500.00\"}\n  when: {nth: 1}\n  fault: reply.drop\n",
		New:     func(Values) (Fault, error) { return dropReply{base{"reply.drop", Replying}}, nil },
	}
}

type dropReply struct{ base }

func (dropReply) claims() claim { return claim{sets: []string{setNoReply}, is: noReply} }

func (dropReply) OnReply(_ *Exchange, _ Draw, d *Delivery) { d.Lost = true }
