package faults

func frameCoalesce() Kind {
	return Kind{
		Name: "frame.coalesce", Stages: []Stage{Replying},
		Params: []Param{within}, Scalar: "within",
		Does: Text{
			"The reply waits for the next one of its connection, and both leave in one segment. If none comes, it goes out late. It depends on what else the connection carries.",
			"应答等候同一连接的下一应答，合并为一段发出；若一直没有，则超时后单独发出。结果取决于该连接上的其他请求。"},
		Meets: Text{
			"Two messages in one read.",
			"一次读取得到两条报文。"},
		Example: "- match: {type: sale}\n  fault: {frame.coalesce: {within: 2s}}\n",
		New: func(v Values) (Fault, error) {
			return partnerReply{base{"frame.coalesce", Replying}, Partner{Role: WithNextReply}, v.Duration("within")}, nil
		},
	}
}
