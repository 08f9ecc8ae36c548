package faults

func connectRefuse() Kind {
	return Kind{
		Name: "connect.refuse", Stages: []Stage{Listening},
		Does: Text{
			"The port is closed for new connections; those that there are live on.",
			"端口对新连接关闭；已有连接不受影响。"},
		Meets: Text{
			"The connect fails at once: connection refused (RST).",
			"连接立即失败：对方拒绝（RST）。"},
		Example: "- match: {listener: main}\n  fault: connect.refuse\n",
		Needs:   NeedLinux,
		New: func(Values) (Fault, error) {
			return listen{base{"connect.refuse", Listening}, ListenPlan{Refuse: true}}, nil
		},
	}
}

// listen is a fault of a listener.
type listen struct {
	base
	plan ListenPlan
}

func (f listen) claims() claim        { return claim{sets: []string{setListener}} }
func (f listen) OnListen() ListenPlan { return f.plan }
