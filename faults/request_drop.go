package faults

func requestDrop() Kind {
	return Kind{
		Name: "request.drop", Stages: []Stage{Requesting},
		Does: Text{
			"The request is lost on its way: the host never sees it, nothing is posted.",
			"请求在途中丢失：主机从未收到，不产生任何账务。"},
		Meets: Text{
			"No reply. No money has moved.",
			"无应答；账务没有变动。"},
		Example: "- match: {type: sale}\n  when: {nth: 1}\n  fault: request.drop\n",
		New:     func(Values) (Fault, error) { return dropRequest{base{"request.drop", Requesting}}, nil },
	}
}

type dropRequest struct{ base }

func (dropRequest) claims() claim {
	return claim{sets: []string{setRequest}, is: noHost | noReply}
}

func (dropRequest) OnRequest(_ *Exchange, _ Draw, p *RequestPlan) { p.Drop = true }
