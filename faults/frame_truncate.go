package faults

func frameTruncate() Kind {
	return Kind{
		Name: "frame.truncate", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "at", Type: TypeOffset, Required: true, Doc: Text{
				"after how many bytes of the frame, length header included; negative: from the end",
				"整帧（含长度头）发出多少字节后截断；负数从末尾算起"}},
			{Name: "then", Type: TypeChoice, Default: "silence", Choices: []string{"silence", "close", "reset"}, Doc: Text{
				"what comes then: nothing on this connection any more, FIN, or RST", "随后：该连接再无输出、FIN 或 RST"}},
		},
		Scalar: "at",
		Does: Text{
			"The reply breaks off.",
			"应答发送到一半即中断。"},
		Meets: Text{
			"A length header that announces more than comes: it must not read a part for the whole.",
			"实际到达的数据少于长度头所示：不得把残缺部分当作完整应答。"},
		Example: "- match: {type: sale}\n  fault: {frame.truncate: {at: -5, then: close}}\n",
		New: func(v Values) (Fault, error) {
			return lineFault{base: base{"frame.truncate", Replying}, point: endAmid, at: v.Number("at"), step: thenStep(v.Text("then"))}, nil
		},
	}
}

// thenStep is what ends a broken reply.
func thenStep(then string) Step {
	switch then {
	case "close":
		return Step{Op: FIN}
	case "reset":
		return Step{Op: RST}
	}
	return Step{Op: Mute}
}
