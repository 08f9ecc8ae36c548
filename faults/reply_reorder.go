package faults

func replyReorder() Kind {
	return Kind{
		Name: "reply.reorder", Stages: []Stage{Replying},
		Params: []Param{within}, Scalar: "within",
		Does: Text{
			"The reply waits for the next one of its connection and goes out behind it. If none comes, it goes out late. It depends on what else the connection carries.",
			"应答等候同一连接的下一应答，排在其后发出；若一直没有，则超时后单独发出。结果取决于该连接上的其他请求。"},
		Meets: Text{
			"Two replies in the wrong order: the first to come is for the other request.",
			"两个应答次序颠倒：先到的属于另一请求。"},
		Example: "- match: {type: sale}\n  when: {nth: 1}\n  fault: reply.reorder\n",
		New: func(v Values) (Fault, error) {
			return partnerReply{base{"reply.reorder", Replying}, Partner{Role: AfterNextReply}, v.Duration("within")}, nil
		},
	}
}

// partnerReply is a fault of a reply that needs somebody else.
type partnerReply struct {
	base
	partner Partner
	within  Duration
}

func (partnerReply) claims() claim {
	return claim{sets: []string{setPartner}, is: onReply | partner}
}

func (f partnerReply) elsewhere() string { return f.partner.Terminal }

func (f partnerReply) OnReply(x *Exchange, _ Draw, d *Delivery) {
	p := f.partner
	p.Within = f.within.In(x.ResponseTimeout())
	d.Partner = &p
}
