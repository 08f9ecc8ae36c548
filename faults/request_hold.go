package faults

import "errors"

func requestHold() Kind {
	return Kind{
		Name: "request.hold", Stages: []Stage{Requesting},
		Params: []Param{{Name: "hold", Type: TypeDistribution, Required: true, Doc: Text{
			"how long the request waits before the host sees it", "请求在主机处理前等待多久"}}},
		Scalar: "hold",
		Does: Text{
			"The request waits in a queue before the host sees it, as when capacity is short. Others overtake it.",
			"请求在主机处理前排队等候，如处理能力不足；其他请求可先行处理。"},
		Meets: Text{
			"A late reply. After the terminal's timeout the host still decides: a reversal may come before its original.",
			"应答迟到。终端超时后主机仍会处理：冲正可能先于原交易到达。"},
		Example: "- match: {type: sale}\n  fault: {request.hold: 1.5 timeouts}\n",
		New: func(v Values) (Fault, error) {
			f := holdRequest{base{"request.hold", Requesting}, v.Distribution("hold")}
			if f.hold.never() {
				return nil, &ParamError{Kind: "request.hold", Param: "hold", Err: errors.New("holds nothing up: give a time above 0")}
			}
			return f, nil
		},
	}
}

type holdRequest struct {
	base
	hold Distribution
}

func (holdRequest) claims() claim { return claim{sets: []string{setHold}, is: toHost} }

func (f holdRequest) OnRequest(x *Exchange, d Draw, p *RequestPlan) {
	p.Hold += f.hold.In(x.ResponseTimeout(), &d)
}
