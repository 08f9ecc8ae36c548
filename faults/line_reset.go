package faults

func lineReset() Kind {
	return Kind{
		Name: "line.reset", Stages: []Stage{Replying},
		Params: endParams(), Scalar: "when",
		Does: Text{
			"The connection is reset (RST) in place of the reply, within it, or after it. The request was decided.",
			"在应答前、应答途中或应答后复位连接（RST）。请求已处理。"},
		Meets: Text{
			"Connection reset. What was sent just before may be lost with it; an `after` makes sure that the reply is not.",
			"连接被复位；刚发出的数据可能一并丢失，设置 after 可确保应答先到。"},
		Example: "- match: {type: sale}\n  when: {nth: 1}\n  fault: {line.reset: {when: mid-reply, at: 10}}\n",
		New:     func(v Values) (Fault, error) { return newLine("line.reset", v, Step{Op: RST}) },
	}
}
