package faults

import "errors"

func lineCut() Kind {
	return Kind{
		Name: "line.cut", Stages: []Stage{Idle, Requesting, Replying},
		Params: []Param{
			{Name: "when", Type: TypeChoice, Default: "after-request",
				Choices: []string{"connected", "idle", "after-request", "mid-reply"}, Doc: Text{
					"at once on connections that there are; after a while without input; when a request has come; within the reply",
					"立即（对已有连接）；空闲一段时间后；收到请求后；应答发送途中"}},
			{Name: "idle", Type: TypeDuration, Default: "", Doc: Text{
				"how long without input, of when: idle", "空闲时长，用于 when: idle"}},
			{Name: "at", Type: TypeOffset, Default: "", Doc: Text{
				"after how many bytes of the reply, of when: mid-reply; default 10", "应答发出多少字节后，用于 when: mid-reply；缺省 10"}},
			heldFor,
		},
		Scalar: "when",
		Does: Text{
			"The cable is pulled: nothing passes either way any more. A request that came before is decided, and money may have moved.",
			"拔掉网线：双向再无任何数据。此前已到达的请求照常处理，账务可能已变动。"},
		Meets: Text{
			"Silence, without FIN or RST; what it sends is not even acknowledged.",
			"一片寂静，既无 FIN 也无 RST；发出的数据得不到确认。"},
		Example: "- match: {terminal: \"T0000001\", type: sale}\n  fault: {line.cut: {when: after-request}}\n",
		Needs:   NeedLinux,
		New: func(v Values) (Fault, error) {
			when := v.Text("when")
			if err := only(v, "line.cut", "idle", when == "idle", "when: idle"); err != nil {
				return nil, err
			}
			if err := only(v, "line.cut", "at", when == "mid-reply", "when: mid-reply"); err != nil {
				return nil, err
			}
			hold := v.Duration("for")
			switch when {
			case "connected":
				return idleFault{base: base{"line.cut", Idle}, op: Cut, hold: hold}, nil
			case "idle":
				if !v.Has("idle") {
					return nil, &ParamError{Kind: "line.cut", Param: "idle", Err: errors.New("missing; say how long, such as 30s")}
				}
				return idleFault{base: base{"line.cut", Idle}, after: v.Duration("idle"), op: Cut, hold: hold}, nil
			case "mid-reply":
				at := 10
				if v.Has("at") {
					at = v.Number("at")
				}
				return lineFault{base: base{"line.cut", Replying}, point: endAmid, at: at, step: Step{Op: Cut}, hold: hold}, nil
			}
			return cutAfterRequest{base{"line.cut", Requesting}, hold}, nil
		},
	}
}

// cutAfterRequest cuts the line when a request has been read.
type cutAfterRequest struct {
	base
	hold Duration
}

func (cutAfterRequest) claims() claim {
	return claim{sets: []string{setLine, setNoReply}, is: noReply | ends}
}

func (f cutAfterRequest) OnRequest(x *Exchange, _ Draw, p *RequestPlan) {
	p.Steps = append(p.Steps, Step{Op: Cut, For: f.hold.In(x.ResponseTimeout())})
}

// only says that a parameter was given that means nothing here.
func only(v Values, kind, param string, ok bool, where string) error {
	if v.Has(param) && !ok {
		return &ParamError{Kind: kind, Param: param, Err: errors.New("means something only with " + where)}
	}
	return nil
}
