package faults

func acceptReset() Kind {
	return Kind{
		Name: "accept.reset", Stages: []Stage{Accepted},
		Params: []Param{acceptAfter}, Scalar: "after",
		Does: Text{
			"A new connection is reset (RST) before anything is read; TLS does not begin.",
			"新连接建立后未读任何数据即被复位（RST），不进行 TLS 握手。"},
		Meets: Text{
			"The connection opens and is reset. Without a delay it may look like a connect that fails.",
			"连接成功后被复位；不设延时，终端可能视为连接失败。"},
		Example: "- match: {listener: main}\n  when: {nth: 1}\n  fault: {accept.reset: {after: 20ms}}\n",
		New: func(v Values) (Fault, error) {
			return accept{base{"accept.reset", Accepted}, v.Duration("after"), Step{Op: RST}}, nil
		},
	}
}
