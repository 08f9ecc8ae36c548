package faults

func tlsStall() Kind {
	return Kind{
		Name: "tls.stall", Stages: []Stage{Hello},
		Does: Text{
			"The ClientHello is read and never answered.",
			"读取 ClientHello 后不作应答。"},
		Meets: Text{
			"The TLS handshake hangs until the terminal gives up.",
			"TLS 握手一直挂起，直至终端超时。"},
		Example: "- match: {listener: secure}\n  fault: tls.stall\n",
		Needs:   NeedTLS,
		New:     hello("tls.stall", HelloPlan{Stall: true}),
	}
}

// hello returns a maker of faults that all have the same plan.
func hello(kind string, plan HelloPlan) func(Values) (Fault, error) {
	return func(Values) (Fault, error) { return helloFault{base{kind, Hello}, plan}, nil }
}

// helloFault spoils a TLS handshake.
type helloFault struct {
	base
	plan HelloPlan
}

func (f helloFault) claims() claim                 { return claim{sets: []string{setHello}} }
func (f helloFault) OnHello(*Conn, Draw) HelloPlan { return f.plan }
