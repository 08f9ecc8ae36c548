package faults

import "errors"

func frameSplit() Kind {
	return Kind{
		Name: "frame.split", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "at", Type: TypeOffset, Default: "1", Doc: Text{
				"after how many bytes of the frame, length header included; negative: from the end; 1 splits the length header",
				"整帧（含长度头）发出多少字节后分段；负数从末尾算起；1 即拆开长度头"}},
			{Name: "gap", Type: TypeDuration, Default: "50ms", Doc: Text{
				"how long between the pieces; nothing else comes in between", "两段间隔；期间不插入其他数据"}},
		},
		Scalar: "at",
		Does: Text{
			"The reply comes in two segments.",
			"应答分两段到达。"},
		Meets: Text{
			"Whole, in pieces: one read does not give one message.",
			"内容完整但分段：一次读取得不到完整报文。"},
		Example: "- match: {type: sale}\n  fault: {frame.split: {at: 1, gap: 200ms}}\n",
		New: func(v Values) (Fault, error) {
			if v.Number("at") == 0 {
				return nil, &ParamError{Kind: "frame.split", Param: "at", Err: errors.New("nothing comes before byte 0, so that nothing is split: give another position")}
			}
			return splitFrame{base{"frame.split", Replying}, v.Number("at"), v.Duration("gap")}, nil
		},
	}
}

type splitFrame struct {
	base
	at  int
	gap Duration
}

func (splitFrame) claims() claim { return claim{sets: []string{setPieces}, is: onReply | cuts} }

func (f splitFrame) fits(l Layer) *MisfitError { return l.hasOffset("at", f.at) }

// The position is one within what goes out.
func (f splitFrame) shows(s sent) bool {
	at := f.at
	if at < 0 {
		at += s.n
	}
	return at > 0 && at < s.n
}

func (f splitFrame) place() Text { return byteTo(f.at, "split at", "分段") }

func (f splitFrame) OnReply(x *Exchange, _ Draw, d *Delivery) {
	d.pieces = pieces{at: []int{f.at}, gap: f.gap.In(x.ResponseTimeout())}
}
