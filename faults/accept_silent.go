package faults

func acceptSilent() Kind {
	return Kind{
		Name: "accept.silent", Stages: []Stage{Accepted},
		Params: []Param{unreadFor},
		Does: Text{
			"A new connection is accepted and then forgotten: nothing is ever read or written, TLS does not begin.",
			"接受新连接后不再理会：不读、不写、不进行 TLS 握手。"},
		Meets: Text{
			"The request can be sent, and no reply comes until the terminal gives up.",
			"请求能够发出，但直到终端超时也收不到应答。"},
		Example: "- match: {source: 192.0.2.7}\n  fault: accept.silent\n",
		New: func(v Values) (Fault, error) {
			return acceptQuiet{base{"accept.silent", Accepted}, false, v.Duration("for")}, nil
		},
	}
}

// acceptQuiet is a fault that never reads from a new connection.
type acceptQuiet struct {
	base
	small bool
	hold  Duration
}

func (f acceptQuiet) claims() claim     { return claim{sets: []string{setAccept}} }
func (f acceptQuiet) SmallWindow() bool { return f.small }

func (f acceptQuiet) OnAccept(c *Conn, _ Draw) AcceptPlan {
	return AcceptPlan{Unread: true, Hold: f.hold.In(c.ResponseTimeout())}
}
