package faults

import "time"

func replyDuplicate() Kind {
	return Kind{
		Name: "reply.duplicate", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "times", Type: TypeCount, Default: "1", Min: 1, Max: 100, Doc: Text{
				"how many more times", "额外重发的次数"}},
			{Name: "gap", Type: TypeDuration, Default: "0s", Doc: Text{
				"how long between them; other replies may come in between", "间隔；期间可插入其他应答"}},
		},
		Scalar: "times",
		Does: Text{
			"The same reply comes again.",
			"同一应答重复到达。"},
		Meets: Text{
			"Its reply twice or more: the second one belongs to nothing, or is taken for the next transaction's.",
			"应答收到两次以上：多余的无对应交易，或被误当作下一笔的应答。"},
		Example: "- match: {type: sale}\n  fault: {reply.duplicate: {times: 1, gap: 50ms}}\n",
		New: func(v Values) (Fault, error) {
			return duplicateReply{base{"reply.duplicate", Replying}, v.Number("times"), v.Duration("gap")}, nil
		},
	}
}

type duplicateReply struct {
	base
	times int
	gap   Duration
}

func (duplicateReply) claims() claim { return claim{sets: []string{setCopies}, is: onReply | repeats} }

func (f duplicateReply) OnReply(x *Exchange, _ Draw, d *Delivery) {
	d.copies = make([]time.Duration, f.times)
	for i := range d.copies {
		d.copies[i] = f.gap.In(x.ResponseTimeout())
	}
}
