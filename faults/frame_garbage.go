package faults

func frameGarbage() Kind {
	return Kind{
		Name: "frame.garbage", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "bytes", Type: TypeBytes, Default: "", Doc: Text{
				"what is sent; default: drawn bytes", "所发内容；缺省为随机字节"}},
			{Name: "length", Type: TypeCount, Default: "", Doc: Text{
				"how many bytes are drawn; default 64", "随机字节的个数；缺省 64"}},
			{Name: "then", Type: TypeChoice, Default: "silence", Choices: []string{"silence", "close", "reset"}, Doc: Text{
				"what comes then: nothing on this connection any more, FIN, or RST", "随后：该连接再无输出、FIN 或 RST"}},
		},
		Scalar: "bytes",
		Does: Text{
			"Noise comes in place of the reply.",
			"以乱码代替应答。"},
		Meets: Text{
			"Bytes that are no frame: no crash, no approval.",
			"收到不成帧的字节：不得崩溃，也不得批准。"},
		Example: "- match: {type: sale}\n  fault: {frame.garbage: {bytes: \"ffffffff\", then: close}}\n",
		New: func(v Values) (Fault, error) {
			if err := only(v, "frame.garbage", "length", !v.Has("bytes"), "drawn bytes: leave out bytes"); err != nil {
				return nil, err
			}
			f := garbage{base{"frame.garbage", Replying}, v.Bytes("bytes"), 64, thenStep(v.Text("then"))}
			if v.Has("length") {
				f.length = v.Number("length")
			}
			return f, nil
		},
	}
}

// garbage is something that is sent in place of a reply.
type garbage struct {
	base
	bytes  []byte // nil: drawn
	length int
	then   Step
}

func (garbage) claims() claim {
	return claim{sets: []string{setSent, setLine}, is: onReply | replaces | ends}
}

func (f garbage) sends(int) int {
	if f.bytes != nil {
		return len(f.bytes)
	}
	return f.length
}

func (f garbage) OnReply(_ *Exchange, d Draw, to *Delivery) {
	to.replace = f.bytes
	if to.replace == nil {
		to.replace = make([]byte, f.length)
		for i := range to.replace {
			to.replace[i] = byte(d.Uint64())
		}
	}
	to.endings = append(to.endings, ending{point: endAfter, step: f.then})
}
