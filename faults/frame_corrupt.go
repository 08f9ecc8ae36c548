package faults

func frameCorrupt() Kind {
	return Kind{
		Name: "frame.corrupt", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "bits", Type: TypeCount, Default: "1", Min: 1, Max: 1000, Doc: Text{
				"how many bits are turned over", "翻转的比特数"}},
			{Name: "at", Type: TypeOffset, Default: "", Doc: Text{
				"from which byte of the frame on, length header included: up to 8 bits within that byte, more in all that follows; default: anywhere behind the length header",
				"从整帧（含长度头）的哪个字节起：不超过 8 比特时仅在该字节内，更多则延及其后；缺省为长度头之后任意处"}},
			{Name: "field", Type: TypeField, Default: "", Doc: Text{
				"within which data element, in place of at", "在哪个域内，代替 at"}},
		},
		Scalar: "bits",
		Does: Text{
			"Bits of the reply are turned over after its MAC was made.",
			"在生成 MAC 之后翻转应答中的若干比特。"},
		Meets: Text{
			"A message that is damaged: it does not decode, or its MAC is wrong.",
			"报文受损：无法解析，或 MAC 校验失败。"},
		Example: "- match: {type: sale}\n  fault: {frame.corrupt: {field: 4, bits: 1}}\n",
		New: func(v Values) (Fault, error) {
			if err := only(v, "frame.corrupt", "field", !v.Has("at"), "no at"); err != nil {
				return nil, err
			}
			f := corrupt{base: base{"frame.corrupt", Replying}, bits: v.Number("bits"), field: v.Number("field"), at: v.Number("at")}
			f.anywhere = !v.Has("at") && !v.Has("field")
			return f, nil
		},
	}
}

type corrupt struct {
	base
	bits, field, at int
	anywhere        bool
}

func (corrupt) claims() claim { return claim{is: onReply | edits} }

func (f corrupt) fits(l Layer) *MisfitError {
	if bad := l.hasOffset("at", f.at); bad != nil {
		return bad
	}
	return l.hasField("field", f.field)
}

func (f corrupt) damages() int { return f.field }

func (f corrupt) shows(s sent) bool {
	switch {
	case f.field > 0:
		return s.has(s.elements)
	case f.anywhere:
		return s.has(leastLength)
	}
	return s.has(f.at)
}

func (f corrupt) place() Text {
	switch {
	case f.field > 0:
		return elementTo(f.field, "damage", "损坏")
	case f.anywhere:
		return byteTo(leastLength, "damage", "损坏")
	}
	return byteTo(f.at, "damage", "损坏")
}

func (f corrupt) OnReply(_ *Exchange, d Draw, to *Delivery) {
	to.corrupt = append(to.corrupt, corruption{field: f.field, at: f.at, bits: f.bits, anywhere: f.anywhere, draw: d})
}
