package faults

import "errors"

func lineClose() Kind {
	return Kind{
		Name: "line.close", Stages: []Stage{Replying},
		Params: append(endParams(), Param{Name: "close-notify", Type: TypeChoice, Default: "sent", Choices: []string{"sent", "missing"}, Doc: Text{
			"whether TLS says goodbye before the FIN", "FIN 之前是否发送 TLS close_notify"}}),
		Scalar: "when",
		Does: Text{
			"The host closes the connection (FIN) in place of the reply, within it, or after it. The request was decided.",
			"主机在应答前、应答途中或应答后关闭连接（FIN）。请求已处理。"},
		Meets: Text{
			"The connection ends in good order (EOF) with no reply, a part of it, or all of it.",
			"连接正常结束：没有应答、只有部分应答或应答完整。"},
		Example: "- match: {type: sale}\n  when: {nth: 1}\n  fault: {line.close: {when: before-reply}}\n",
		New: func(v Values) (Fault, error) {
			return newLine("line.close", v, Step{Op: FIN, Rude: v.Text("close-notify") == "missing"})
		},
	}
}

// endParams are the parameters of a connection that is ended around a reply.
func endParams() []Param {
	return []Param{
		{Name: "when", Type: TypeChoice, Default: "before-reply", Choices: []string{"before-reply", "mid-reply", "after-reply"}, Doc: Text{
			"at which point", "何时"}},
		{Name: "at", Type: TypeOffset, Default: "", Doc: Text{
			"after how many bytes of the reply, of when: mid-reply; default 10", "应答发出多少字节后，用于 when: mid-reply；缺省 10"}},
		{Name: "after", Type: TypeDuration, Default: "", Doc: Text{
			"how long after the reply, of when: after-reply; default 0s", "应答发出多久后，用于 when: after-reply；缺省 0s"}},
	}
}

func newLine(kind string, v Values, step Step) (Fault, error) {
	f := lineFault{base: base{kind, Replying}, step: step, at: 10}
	when := v.Text("when")
	if err := errors.Join(
		only(v, kind, "at", when == "mid-reply", "when: mid-reply"),
		only(v, kind, "after", when == "after-reply", "when: after-reply"),
	); err != nil {
		return nil, err
	}
	switch when {
	case "mid-reply":
		f.point = endAmid
		if v.Has("at") {
			f.at = v.Number("at")
		}
	case "after-reply":
		f.point, f.after = endAfter, v.Duration("after")
	}
	return f, nil
}

// lineFault ends a connection before, within or after a reply.
type lineFault struct {
	base
	point endPoint
	at    int
	after Duration
	step  Step
	hold  Duration // of a cut
}

func (f lineFault) claims() claim {
	c := claim{sets: []string{setLine}, is: ends | onReply}
	switch f.point {
	case endBefore:
		c.sets, c.is = append(c.sets, setNoReply), ends|noReply
	case endAmid:
		c.is |= endsAmid
	}
	return c
}

func (f lineFault) fits(l Layer) *MisfitError {
	if f.point == endAmid {
		return l.hasOffset("at", f.at)
	}
	return nil
}

func (f lineFault) sends(size int) int {
	if f.point == endAmid {
		return clamp(f.at, size)
	}
	return size
}

func (f lineFault) OnReply(x *Exchange, _ Draw, d *Delivery) {
	e := ending{point: f.point, at: f.at, after: f.after.In(x.ResponseTimeout()), step: f.step}
	if f.step.Op == Cut {
		e.step.For = f.hold.In(x.ResponseTimeout())
	}
	d.endings = append(d.endings, e)
}
