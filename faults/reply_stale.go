package faults

func replyStale() Kind {
	return Kind{
		Name: "reply.stale", Stages: []Stage{Replying},
		Does: Text{
			"The terminal's previous reply is sent again in place of this one. A terminal that has had none gets its own reply.",
			"以该终端的上一应答代替本次应答发出；若没有上一应答，则照常发出。"},
		Meets: Text{
			"A reply to an earlier request: another STAN, perhaps another amount.",
			"收到先前请求的应答：流水号不同，金额也可能不同。"},
		Example: "- match: {type: sale}\n  when: {nth: 2}\n  fault: reply.stale\n",
		New:     func(Values) (Fault, error) { return staleReply{base{"reply.stale", Replying}}, nil },
	}
}

type staleReply struct{ base }

func (staleReply) claims() claim { return claim{sets: []string{setSent}, is: onReply | replaces} }

func (staleReply) OnReply(_ *Exchange, _ Draw, d *Delivery) { d.Stale = true }
