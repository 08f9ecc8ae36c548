package faults

func lineStopReading() Kind {
	return Kind{
		Name: "line.stop-reading", Stages: []Stage{Accepted},
		Params: []Param{unreadFor},
		Does: Text{
			"A new connection is never read, and its receive buffer is small, so that it fills.",
			"新连接始终不读，且接收缓冲很小，很快写满。"},
		Meets: Text{
			"Writes go through at first; then the window is zero and a write blocks.",
			"开始尚可写入；窗口降为零后，写操作阻塞。"},
		Example: "- match: {listener: main}\n  fault: line.stop-reading\n",
		Needs:   NeedLinux,
		New: func(v Values) (Fault, error) {
			return acceptQuiet{base{"line.stop-reading", Accepted}, true, v.Duration("for")}, nil
		},
	}
}
