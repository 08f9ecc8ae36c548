package faults

import "time"

func lineIdleCut() Kind {
	return Kind{
		Name: "line.idle-cut", Stages: []Stage{Idle},
		Params: []Param{
			{Name: "idle", Type: TypeDuration, Required: true, Doc: Text{
				"how long without input until the connection is forgotten", "空闲多久后连接被遗忘"}},
			{Name: "then", Type: TypeChoice, Default: "silence", Choices: []string{"silence", "reset"}, Doc: Text{
				"nothing passes any more; or the next that the terminal sends is answered by RST", "此后毫无反应；或终端再次发送时以 RST 应答"}},
			heldFor,
		},
		Scalar: "idle",
		Does: Text{
			"A router on the way forgets a connection that has been idle: NAT without keep-alive.",
			"途中的路由器遗忘了空闲的连接：NAT 无保活。"},
		Meets: Text{
			"No notice. The next request gets no acknowledgement, or an RST.",
			"事先毫无迹象；下一个请求得不到确认，或收到 RST。"},
		Example: "- match: {listener: main}\n  fault: {line.idle-cut: {idle: 30s, then: reset}}\n",
		New: func(v Values) (Fault, error) {
			f := idleFault{base: base{"line.idle-cut", Idle}, after: v.Duration("idle"), op: Cut, hold: v.Duration("for")}
			if v.Text("then") == "reset" {
				f.op, f.onInput = RST, true
			}
			return f, nil
		},
	}
}

// idleFault ends a connection that waits for a request.
type idleFault struct {
	base
	after   Duration
	onInput bool
	op      Op
	hold    Duration
}

func (idleFault) claims() claim { return claim{sets: []string{setIdle}} }

func (f idleFault) needs() Needs {
	if f.op == Cut {
		return NeedLinux
	}
	return 0
}

func (f idleFault) OnIdle(c *Conn, _ Draw) IdlePlan {
	hold := time.Duration(0)
	if f.op == Cut {
		hold = f.hold.In(c.ResponseTimeout())
	}
	return IdlePlan{After: f.after.In(c.ResponseTimeout()), OnInput: f.onInput, Steps: []Step{{Op: f.op, For: hold}}}
}
