package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/suite"
)

// The lanes of a diagram, as places in its picture.
const (
	laneTerminal = 200
	laneAcqsim   = 590
	laneHost     = 850
)

// row is an event in a diagram of messages: an arrow from lane to lane, or a
// note at one.
type row struct {
	Seq   uint64
	Time  string // seconds since the first event
	Pause string // what passed before, if that is long
	Class string // good, bad, odd, fault, act or plain
	Label text

	Arrow    bool
	From, To int
	Broken   bool // it does not arrive
	Lane     int  // of a note

	Message *message
	Lines   []text // what else is known, line by line
}

// Opens reports whether there is more to see than the row.
func (r *row) Opens() bool { return r.Message != nil || len(r.Lines) > 0 }

// longPause is from when on a pause is shown.
const longPause = 50 * time.Millisecond

// diagram makes the rows of a run, in the order of time. An event is recorded
// when it is over, so that it may stand behind later ones in the transcript.
type diagram struct {
	read  *reader
	main  string // the terminal that messages need not name
	first time.Time
	last  time.Time
	rows  []row
}

func rowsOf(events []transcript.Event, r *reader) []row {
	d := &diagram{read: r}
	for i := range events {
		if e := &events[i]; e.Kind == transcript.Acted || d.main == "" {
			d.main = e.Terminal
		}
		if events[i].Kind == transcript.Acted {
			break
		}
	}
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b transcript.Event) int { return a.At.Compare(b.At) })
	for i := range sorted {
		d.event(&sorted[i])
	}
	return d.rows
}

func (d *diagram) event(e *transcript.Event) {
	r := row{Seq: e.Seq, Class: "plain"}
	switch e.Kind {
	case transcript.Connected:
		r.arrow(laneTerminal, laneAcqsim, world.Say("connection %d opens", "建立连接 %d", e.Conn))
		r.Class = "wire"
	case transcript.Refused:
		r.arrow(laneTerminal, laneAcqsim, text{EN: "connection refused", ZH: "连接被拒绝"})
		r.Class, r.Broken = "bad", true
	case transcript.Closed:
		d.closed(e, &r)
	case transcript.Received, transcript.KeepAlive, transcript.BadFrame:
		d.request(e, &r)
	case transcript.Sent, transcript.NotSent:
		d.reply(e, &r)
	case transcript.Discarded, transcript.Decided, transcript.Held, transcript.BatchClosed, transcript.Evicted, transcript.Difference:
		d.host(e, &r)
	case transcript.Struck:
		d.struck(e, &r)
	case transcript.Acted, transcript.Reported:
		d.person(e, &r)
	case transcript.Note, transcript.Missing:
		label, _ := recorded(cmp.Or(e.Text, e.Why))
		r.note(laneAcqsim, label)
		r.Class = "odd"
	default: // Listening and Stopped are about the server
		return
	}
	d.add(e, r)
}

func (d *diagram) add(e *transcript.Event, r row) {
	if d.first.IsZero() {
		d.first = e.At
	} else if p := e.At.Sub(d.last); p >= longPause {
		r.Pause = fmt.Sprintf("%.2f s", p.Seconds())
	}
	d.last = e.At
	r.Time = fmt.Sprintf("%.3f", e.At.Sub(d.first).Seconds())
	if len(e.Raw) > 0 && e.Kind != transcript.Decided {
		r.Message = d.read.read(e)
		r.name(e)
	}
	d.rows = append(d.rows, r)
}

func (r *row) arrow(from, to int, label text) {
	r.Arrow, r.From, r.To, r.Label = true, from, to, label
}

func (r *row) note(lane int, label text) { r.Lane, r.Label = lane, label }

// more adds a line to what can be opened, if there is anything in it.
func (r *row) more(en, zh, value string) {
	if value != "" {
		r.Lines = append(r.Lines, text{EN: en + ": " + visible(value), ZH: zh + "：" + visible(value)})
	}
}

// quote adds a line of the record's own words, if there are any. Chinese says so
// where they are left as they are.
func (r *row) quote(en, zh string, in func(string) (text, bool), words string) {
	if words == "" {
		return
	}
	t, known := in(words)
	if !known {
		zh += "（记录原文）"
	}
	r.Lines = append(r.Lines, world.Say("%s: %s", "%s：%s", text{EN: en, ZH: zh}, t))
}

func (r *row) why(e *transcript.Event) { r.quote("why", "原因", recorded, e.Why) }

// name puts the message type before the label, once it has been read.
func (r *row) name(e *transcript.Event) {
	mti := r.Message.MTI
	if mti == "" && e.Kind == transcript.Received && e.MTI != 0 {
		mti = fmt.Sprintf("%04d", e.MTI)
	}
	if mti != "" {
		r.Label = world.Join(world.Same(" "), world.Same(visible(mti)), r.Label)
	}
}

func (d *diagram) request(e *transcript.Event, r *row) {
	label := d.what(e)
	switch e.Kind {
	case transcript.KeepAlive:
		label = text{EN: "keep-alive", ZH: "心跳"}
	case transcript.BadFrame:
		label = text{EN: "bytes that can't be read", ZH: "无法解析的数据"}
		r.Class = "bad"
	}
	r.arrow(laneTerminal, laneAcqsim, label)
	r.mac("MAC", "MAC", e.MAC)
	r.why(e)
	r.more("connection", "连接", fmt.Sprint(e.Conn))
}

// what calls a request by type, amount and trace number.
func (d *diagram) what(e *transcript.Event) text {
	t := e.Type.Text()
	if e.Amount != 0 {
		t = world.Join(world.Same(" "), t, world.Same(money(e.Amount, e.Currency)))
	}
	if e.HasSTAN {
		t = world.Join(text{}, t, world.Say(", STAN %06d", "，流水号 %06d", e.STAN))
	}
	return world.Join(text{}, t, d.whose(e))
}

// whose names the terminal of an event, if it is not the one that is worked first.
func (d *diagram) whose(e *transcript.Event) text {
	if e.Terminal == "" || e.Terminal == d.main {
		return text{}
	}
	return world.Say(", terminal %s", "，终端 %s", visible(e.Terminal))
}

// mac adds how a MAC was found.
func (r *row) mac(en, zh string, m transcript.MACResult) {
	if m != transcript.MACUnchecked {
		r.Lines = append(r.Lines, world.Say("%s: %s", "%s：%s", text{EN: en, ZH: zh}, text{EN: m.String(), ZH: macTexts[m]}))
	}
}

func (d *diagram) reply(e *transcript.Event, r *row) {
	label := e.Type.Text()
	if e.Code != "" {
		label = world.Join(world.Same(" "), label, world.Same(visible(e.Code)))
	}
	if e.Kind == transcript.Sent && e.Elapsed >= longPause {
		label = world.Join(text{}, label, world.Say(", after %.2f s", "，%.2f 秒后", e.Elapsed.Seconds()))
	}
	label = world.Join(text{}, label, d.whose(e))
	switch {
	case e.Kind == transcript.NotSent && e.Written > 0:
		label = world.Join(text{}, label, world.Say(": only %d bytes leave", "：仅发出 %d 字节", e.Written))
		r.Class, r.Broken = "bad", true
	case e.Kind == transcript.NotSent:
		label = world.Join(text{}, label, text{EN: ": lost", ZH: "：丢失"})
		r.Class, r.Broken = "bad", true
	case e.Strike != nil:
		r.Class = "fault"
	case e.MAC == transcript.MACIsWrong, e.Outcome != world.Approved:
		r.Class = "odd"
	default:
		r.Class = "good"
	}
	r.arrow(laneAcqsim, laneTerminal, label)
	r.strike(e)
	r.Lines = append(r.Lines, world.Say("outcome: %s", "主机结果：%s", e.Outcome.Text()))
	r.why(e)
	r.quote("on the wire", "线路操作", recordedSteps, e.Text)
	r.mac("MAC as the terminal finds it", "终端校验 MAC", e.MAC)
	r.more("connection", "连接", fmt.Sprint(e.Conn))
}

func (d *diagram) host(e *transcript.Event, r *row) {
	lane := laneHost
	switch e.Kind {
	case transcript.Discarded:
		if e.Actor == transcript.Line {
			r.arrow(laneAcqsim, laneHost, text{EN: "the request is lost", ZH: "请求丢失"})
			r.Class, r.Broken = "bad", true
			break
		}
		r.note(lane, text{EN: "gives no answer", ZH: "不予应答"})
		r.Class = "odd"
	case transcript.Decided:
		r.arrow(laneHost, laneAcqsim, decidedText(e))
		if r.Class = "odd"; e.Outcome == world.Approved {
			r.Class = "good"
		}
	case transcript.Held:
		if e.Actor == transcript.Line {
			lane = laneAcqsim
		}
		r.note(lane, world.Say("waits %.2f s", "等待 %.2f 秒", e.Due.Sub(e.At).Seconds()))
		r.Class = "odd"
	case transcript.BatchClosed:
		r.note(lane, text{EN: "closes the batch", ZH: "批次结算关闭"})
	case transcript.Evicted:
		r.note(lane, text{EN: "forgets open transactions", ZH: "移除未结交易"})
		r.Class = "odd"
	case transcript.Difference:
		r.note(lane, text{EN: "a difference in the batch", ZH: "批次账目不符"})
		r.Class = "odd"
	}
	r.strike(e)
	r.why(e)
	r.quote("what", "内容", recorded, e.Text)
	for _, p := range e.Postings {
		r.more("posted", "记账", fmt.Sprintf("%s → %s %s", p.From, p.To, money(p.Amount, p.Currency)))
	}
	r.more("RRN", "检索参考号", e.RRN)
	r.more("approval code", "授权码", e.Approval)
}

// decidedText is a decision of the host, with its code.
func decidedText(e *transcript.Event) text {
	t := e.Outcome.Text()
	if e.Code != "" {
		t = world.Join(world.Same(" "), t, world.Same(e.Code))
	}
	return t
}

// strike says which faults have made an event what it is.
func (r *row) strike(e *transcript.Event) {
	if e.Strike == nil {
		return
	}
	if len(e.Strike.Faults) > 0 {
		r.Label = world.Join(text{}, r.Label, world.Same(" ⚡ "+strings.Join(e.Strike.Faults, ", ")))
	}
}

func (d *diagram) struck(e *transcript.Event, r *row) {
	r.Class = "fault"
	label, _ := recorded(e.Text)
	if e.Strike != nil && len(e.Strike.Faults) > 0 {
		names := strings.Join(e.Strike.Faults, ", ")
		label = world.Same(visible(names))
		for _, name := range e.Strike.Faults {
			if k, err := faults.Find(name); err == nil {
				r.Lines = append(r.Lines, text{EN: name + ": " + k.Does.EN, ZH: name + "：" + k.Does.ZH})
			}
		}
		r.more("rule of the scenario", "场景规则", fmt.Sprintf("%s, %d", e.Strike.Scenario, e.Strike.Rule))
		if e.Text != names {
			r.quote("what", "内容", recorded, e.Text)
		}
	}
	r.note(laneAcqsim, world.Join(text{}, world.Same("⚡ "), label))
}

func (d *diagram) closed(e *transcript.Event, r *row) {
	r.Class = "wire"
	label := world.Say("connection %d ends", "连接 %d 结束", e.Conn)
	switch e.End {
	case transcript.EndFIN:
		label = world.Say("FIN, connection %d", "FIN，连接 %d", e.Conn)
	case transcript.EndRST:
		label = world.Say("RST, connection %d", "RST，连接 %d", e.Conn)
		r.Class = "bad"
	case transcript.EndTimeout:
		label = world.Say("connection %d ends: time is up", "连接 %d 超时结束", e.Conn)
	case transcript.EndCut:
		if e.Actor == transcript.Acqsim {
			label = world.Say("the run ends, and connection %d", "运行结束，关闭连接 %d", e.Conn)
			break
		}
		label = world.Say("connection %d is given up", "连接 %d 被直接放弃", e.Conn)
	case transcript.NoEnd:
	}
	if e.Actor == transcript.Terminal {
		r.arrow(laneTerminal, laneAcqsim, label)
	} else {
		r.arrow(laneAcqsim, laneTerminal, label)
	}
	r.strike(e)
	r.why(e)
}

// person is what is done and seen at the terminal.
func (d *diagram) person(e *transcript.Event, r *row) {
	where := d.whose(e)
	if e.Kind == transcript.Acted {
		label := world.Join(text{}, world.Say("action %d: ", "操作 %d：", e.Action), suite.ActionText(e.Text))
		if e.Amount != 0 {
			label = world.Join(world.Same(" "), label, world.Same(money(e.Amount, e.Currency)))
		}
		r.note(laneTerminal, world.Join(text{}, label, where))
		r.Class = "act"
		return
	}
	if r.Class = "odd"; e.Shown == display.Approved {
		r.Class = "good"
	}
	shown := shownText(e.Shown)
	if e.Code != "" {
		shown = world.Join(text{}, shown, world.Say(" (%s)", "（%s）", e.Code))
	}
	r.note(laneTerminal, world.Join(text{}, world.Say("display, action %d: ", "显示，操作 %d：", e.Action), shown, where))
	r.more("display", "屏幕显示", e.Text)
}
