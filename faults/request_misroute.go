package faults

import (
	"errors"
	"strings"
)

func requestMisroute() Kind {
	return Kind{
		Name: "request.misroute", Stages: []Stage{Requesting},
		Params: []Param{
			{Name: "terminal", Type: TypeTerminal, Required: true, Doc: Text{
				"the terminal that the host takes it for", "主机误认的终端号"}},
			{Name: "reply", Type: TypeChoice, Default: "there", Choices: []string{"there", "here"}, Doc: Text{
				"where the reply goes: to that terminal's connection, or back to the sender", "应答去向：误认终端的连接，或发送方"}},
			within,
		},
		Scalar: "terminal",
		Does: Text{
			"The host takes the request for another terminal's, as when two share a port or an ID, and replies to that one.",
			"主机把请求当作另一终端的（端口或终端号被占用），应答也发往该终端。"},
		Meets: Text{
			"No reply, or a reply for another terminal. Money moved in the other's name.",
			"无应答，或收到他人的应答；账务记在另一终端名下。"},
		Example: "- match: {terminal: \"T0000001\"}\n  fault: {request.misroute: {terminal: \"T0000002\"}}\n",
		New: func(v Values) (Fault, error) {
			as := v.Text("terminal")
			if strings.ContainsAny(as, "*?") {
				return nil, &ParamError{Kind: "request.misroute", Param: "terminal", Err: errors.New("must name one terminal, without * and ?")}
			}
			return misroute{base{"request.misroute", Requesting}, as, v.Text("reply") == "there", v.Duration("within")}, nil
		},
	}
}

type misroute struct {
	base
	as     string
	there  bool
	within Duration
}

func (f misroute) claims() claim {
	c := claim{sets: []string{setTerminal}, is: toHost}
	if f.there {
		c.sets, c.is = append(c.sets, setPartner), c.is|partner
	}
	return c
}

func (f misroute) elsewhere() string {
	if f.there {
		return f.as
	}
	return ""
}

func (f misroute) OnRequest(x *Exchange, _ Draw, p *RequestPlan) {
	p.As = f.as
	if f.there {
		p.ReplyTo = &Partner{Role: ReplyElsewhere, Terminal: f.as, Within: f.within.In(x.ResponseTimeout()), Lost: true}
	}
}
