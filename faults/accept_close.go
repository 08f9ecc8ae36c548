package faults

var acceptAfter = Param{Name: "after", Type: TypeDuration, Default: "0s", Doc: Text{
	"how long after the connection was accepted", "接受连接后多久"}}

func acceptClose() Kind {
	return Kind{
		Name: "accept.close", Stages: []Stage{Accepted},
		Params: []Param{acceptAfter}, Scalar: "after",
		Does: Text{
			"A new connection is closed (FIN) before anything is read; TLS does not begin.",
			"新连接建立后未读任何数据即正常关闭（FIN），不进行 TLS 握手。"},
		Meets: Text{
			"The connection opens, then ends without a byte (EOF).",
			"连接成功，随即被对方关闭，未收到任何字节。"},
		Example: "- match: {listener: main}\n  when: {first: 2}\n  fault: accept.close\n",
		New: func(v Values) (Fault, error) {
			// Without TLS there is nobody to send a close_notify to.
			return accept{base{"accept.close", Accepted}, v.Duration("after"), Step{Op: FIN, Rude: true}}, nil
		},
	}
}

// accept is a fault that ends a new connection.
type accept struct {
	base
	after Duration
	end   Step
}

func (f accept) claims() claim   { return claim{sets: []string{setAccept}} }
func (accept) SmallWindow() bool { return false }

func (f accept) OnAccept(c *Conn, _ Draw) AcceptPlan {
	return AcceptPlan{Steps: waitThen(f.after.In(c.ResponseTimeout()), f.end)}
}
