package faults

func acceptLimit() Kind {
	return Kind{
		Name: "accept.limit", Stages: []Stage{Accepted},
		Params: []Param{
			{Name: "max", Type: TypeCount, Required: true, Min: 0, Max: 1_000_000, Doc: Text{
				"how many connections the listener serves", "该监听最多服务的连接数"}},
			{Name: "then", Type: TypeChoice, Default: "close", Choices: []string{"close", "reset", "silent"}, Doc: Text{
				"what becomes of those above: closed (FIN), reset (RST), or never read", "超出部分的处理：关闭（FIN）、复位（RST）或不予理会"}},
			{Name: "after", Type: TypeDuration, Default: "0s", Doc: Text{
				"how long after they were accepted they are closed or reset", "接受连接后多久关闭或复位"}},
			unreadFor,
		},
		Scalar: "max",
		Does: Text{
			"Connections above a number are turned away, as on a holiday's peak. It depends on what other terminals do.",
			"超过上限的连接被拒之门外，如节假日高峰。结果取决于其他终端的连接。"},
		Meets: Text{
			"The connection opens and ends without a byte, or never gets an answer.",
			"连接成功后未收到任何字节即中断，或始终无应答。"},
		Example: "- match: {listener: main}\n  fault: {accept.limit: {max: 50, then: reset}}\n",
		New: func(v Values) (Fault, error) {
			return acceptOver{base{"accept.limit", Accepted}, v.Number("max"), v.Text("then"), v.Duration("after"), v.Duration("for")}, nil
		},
	}
}

type acceptOver struct {
	base
	max  int
	then string

	after Duration // of those that are closed or reset
	hold  Duration // of those that are never read
}

func (f acceptOver) claims() claim   { return claim{sets: []string{setAccept}} }
func (acceptOver) SmallWindow() bool { return false }

func (f acceptOver) OnAccept(c *Conn, _ Draw) AcceptPlan {
	switch {
	case c.Open <= f.max:
		return AcceptPlan{}
	case f.then == "silent":
		return AcceptPlan{Unread: true, Hold: f.hold.In(c.ResponseTimeout())}
	}
	end := Step{Op: FIN, Rude: true}
	if f.then == "reset" {
		end = Step{Op: RST}
	}
	return AcceptPlan{Steps: waitThen(f.after.In(c.ResponseTimeout()), end)}
}
