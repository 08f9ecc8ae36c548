package faults

func connectBlackhole() Kind {
	return Kind{
		Name: "connect.blackhole", Stages: []Stage{SYN},
		Does: Text{
			"SYNs get no answer, from everybody or from the source addresses of the rule; connections that there are live on.",
			"对 SYN 不作应答（全部来源，或规则指定的来源地址）；已有连接不受影响。"},
		Meets: Text{
			"The connect hangs until the terminal's connect timeout: a firewall, or an APN that is down.",
			"连接一直挂起，直至终端连接超时：如同防火墙拦截或专线中断。"},
		Example: "- match: {source: 192.0.2.0/24}\n  fault: connect.blackhole\n",
		Needs:   NeedLinux,
		New: func(Values) (Fault, error) {
			return listen{base{"connect.blackhole", SYN}, ListenPlan{Blackhole: true}}, nil
		},
	}
}
