package faults

func frameDrip() Kind {
	return Kind{
		Name: "frame.drip", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "bytes", Type: TypeCount, Default: "1", Doc: Text{
				"how many at a time", "每次发送的字节数"}},
			{Name: "every", Type: TypeDuration, Default: "100ms", Doc: Text{
				"how long between them; nothing else comes in between", "间隔；期间不插入其他数据"}},
		},
		Scalar: "every",
		Does: Text{
			"The reply comes a few bytes at a time.",
			"应答每次只到几个字节。"},
		Meets: Text{
			"Bytes all the time, and no message: the timeout must be for the whole, not for each read.",
			"数据不断，却迟迟凑不成报文：超时应按整个应答计算，而非每次读取。"},
		Example: "- match: {type: sale}\n  fault: {frame.drip: {bytes: 1, every: 1s}}\n",
		New: func(v Values) (Fault, error) {
			return dripFrame{base{"frame.drip", Replying}, v.Number("bytes"), v.Duration("every")}, nil
		},
	}
}

type dripFrame struct {
	base
	bytes int
	every Duration
}

func (dripFrame) claims() claim { return claim{sets: []string{setPieces}, is: onReply | cuts} }

func (f dripFrame) fits(l Layer) *MisfitError {
	if l.MaxFrame > 0 && f.bytes >= l.MaxFrame {
		return &MisfitError{Param: "bytes", Why: why("one piece is all of the reply: none is longer than %d bytes", "一段即为整个应答：应答最长 %d 字节", l.MaxFrame)}
	}
	return nil
}

func (f dripFrame) shows(s sent) bool { return f.bytes < s.n }

func (dripFrame) place() Text { return Text{"second piece", "第二段"} }

func (f dripFrame) OnReply(x *Exchange, _ Draw, d *Delivery) {
	d.pieces = pieces{every: f.bytes, gap: f.every.In(x.ResponseTimeout())}
}
