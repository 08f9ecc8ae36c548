package faults

import "errors"

func replyDelay() Kind {
	return Kind{
		Name: "reply.delay", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "delay", Type: TypeDistribution, Required: true, Doc: Text{
				"how long the reply is kept back", "应答推迟多久"}},
			{Name: "jitter", Type: TypeDuration, Default: "0s", Doc: Text{
				"up to how much longer, evenly distributed", "在此基础上随机增加的上限（均匀分布）"}},
		},
		Scalar: "delay",
		Does: Text{
			"The reply is kept back. Later replies overtake it.",
			"推迟发出应答；之后的应答可先行发出。"},
		Meets: Text{
			"A late reply, perhaps after it gave up: then the reply belongs to nothing.",
			"应答迟到，可能在终端放弃之后才到，届时已无对应交易。"},
		Example: "- match: {type: sale}\n  fault: {reply.delay: {delay: \"normal(2s, 300ms)\"}}\n",
		New: func(v Values) (Fault, error) {
			f := delayReply{base{"reply.delay", Replying}, v.Distribution("delay"), v.Duration("jitter")}
			if f.delay.never() && f.jitter == (Duration{}) {
				return nil, &ParamError{Kind: "reply.delay", Param: "delay", Err: errors.New("keeps nothing back: give a time above 0, or a jitter")}
			}
			return f, nil
		},
	}
}

type delayReply struct {
	base
	delay  Distribution
	jitter Duration
}

func (delayReply) claims() claim { return claim{sets: []string{setDelay}, is: onReply} }

func (f delayReply) OnReply(x *Exchange, d Draw, to *Delivery) {
	timeout := x.ResponseTimeout()
	to.Delay += f.delay.In(timeout, &d) + d.Uniform(0, f.jitter.In(timeout))
}
