package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
	"time"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// Exchange is one request and what came of it.
type Exchange struct {
	Outcome Outcome
	Code    string          // response code of the reply; empty: none
	Why     world.Bilingual // one clause, for people; empty where the code says it all

	Request *Request
	Reply   *Reply // the one that decided; nil: none did
	SentAt  time.Time
	Elapsed time.Duration // from sending to the reply's last byte, or to giving up

	// Chip says what the card made of the issuer's answer; zero: it asked nothing.
	Chip ChipResult

	// Second is the card's last word; nil: it had none.
	Second *SecondAC

	// Strays are messages that came meanwhile, or since the exchange before,
	// and were not the reply.
	Strays []Stray
}

// Reply is a message from the host.
type Reply struct {
	Frame    []byte
	Body     []byte // the message in Frame
	MTI      uint16
	Code     string               // DE 39; empty: absent
	RRN      string               // DE 37
	Approval string               // DE 38
	MAC      transcript.MACResult // unchecked if the request was made without a session
	At       time.Time
	facts    facts
}

// StrayKind says what a message was that was not the reply.
type StrayKind uint8

// The kinds of stray messages.
const (
	Late       StrayKind = iota + 1 // a reply to an earlier request that had been given up
	Duplicate                       // one more reply to an earlier request
	Other                           // a reply to a request that this line did not send, or that contradicts it
	Unasked                         // a request of the host's own
	Unreadable                      // a frame or message that can't be read
)

// String names the kind.
func (k StrayKind) String() string {
	names := [...]string{Late: "late", Duplicate: "duplicate", Other: "other", Unasked: "unasked", Unreadable: "unreadable"}
	if k > 0 && int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("stray(%d)", uint8(k))
}

// Stray is a message that was not the reply.
type Stray struct {
	Kind StrayKind
	Why  string
	Raw  []byte // the frame, or what there was of it
	Body []byte // the message in Raw; nil: none was found
	At   time.Time
}

// Exchange sends a request in one write and waits for its reply, until the
// line's response timeout. Whatever happens on the line is an outcome; an error
// says that the exchange was stopped on this side: ctx ended ([Cancelled]), or
// the line was closed.
func (l *Line) Exchange(ctx context.Context, req *Request) (*Exchange, error) {
	return l.ExchangeWithin(ctx, req, l.o.ResponseTimeout)
}

// ExchangeWithin is [Line.Exchange] with a response timeout of its own.
func (l *Line) ExchangeWithin(ctx context.Context, req *Request, within time.Duration) (*Exchange, error) {
	return l.exchange(ctx, req, within, func() error { return nil })
}

// exchange is ExchangeWithin, and calls sent when all of the request has left.
// An error of sent stops the exchange.
func (l *Line) exchange(ctx context.Context, req *Request, within time.Duration, sent func() error) (*Exchange, error) {
	l.exchanging.Lock()
	defer l.exchanging.Unlock()
	x := &Exchange{Request: req}
	if !l.o.gullible {
		l.drain(x)
	}
	x.SentAt = l.o.Now()
	if err := ctx.Err(); err != nil {
		return l.finish(x, Cancelled, world.Say("before it was sent", "发送之前")), err
	}
	if l.isClosed() {
		return l.finish(x, SendFailed, lineClosed), ErrClosed
	}
	if l.broken != nil {
		return l.finish(x, SendFailed, world.Say("%s before", "发送之前%s", endText(l.broken))), nil
	}
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	if err := l.send(ctx, req, within); err != nil {
		if ctx.Err() != nil {
			return l.finish(x, Cancelled, world.Say("while sending", "发送期间")), ctx.Err()
		}
		return l.finish(x, SendFailed, world.TextOf(err)), nil
	}
	l.remember(req)
	if err := sent(); err != nil {
		return l.finish(x, Cancelled, world.Say("after sending", "发送之后")), err
	}
	return l.await(ctx, x, timeout.C, within)
}

// send writes the frame in one piece, past the library's matching.
func (l *Line) send(ctx context.Context, req *Request, within time.Duration) error {
	if err := l.net.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(fired)
		// An error says that the connection is closed: the write ends anyway.
		_ = l.net.SetWriteDeadline(time.Unix(1, 0))
	})
	_, err := l.conn.Write(req.Frame)
	if !stop() {
		<-fired // or it would cut the next request short
	}
	return err
}

// remember keeps a request, so that late and duplicate replies are recognised.
func (l *Line) remember(req *Request) {
	if len(l.sent) == remembered {
		l.sent = slices.Delete(l.sent, 0, 1)
	}
	l.sent = append(l.sent, sent{facts: req.facts})
}

// drain looks at everything that came since the exchange before.
func (l *Line) drain(x *Exchange) {
	for l.broken == nil {
		select {
		case in := <-l.inbound:
			l.stray(x, &in, false)
		default:
			return
		}
	}
}

// await waits for the reply to the last request sent.
func (l *Line) await(ctx context.Context, x *Exchange, timeout <-chan time.Time, within time.Duration) (*Exchange, error) {
	var mismatch *Reply
	var why world.Bilingual
	expired := false
	for {
		var in inbound
		if expired {
			// What has arrived already was in time.
			select {
			case in = <-l.inbound:
			default:
				if mismatch != nil {
					x.Reply = mismatch
					return l.finish(x, Mismatch, why), nil
				}
				return l.finish(x, NoAnswer, world.Say("nothing that fits came within %v", "%v 内没有收到匹配的应答", within)), nil
			}
		} else {
			select {
			case in = <-l.inbound:
				if in.end != nil && in.err == nil && l.isClosed() {
					// Close lets the reader see the end, too, and either may come first.
					return l.finish(x, NoAnswer, lineClosed), ErrClosed
				}
			case <-timeout:
				expired = true
				continue
			case <-ctx.Done():
				return l.finish(x, Cancelled, world.Say("while waiting for the reply", "等待应答期间")), ctx.Err()
			case <-l.done:
				return l.finish(x, NoAnswer, lineClosed), ErrClosed
			}
		}
		r, text, done := l.consider(x, &in)
		if done {
			return x, nil
		}
		if r != nil {
			mismatch, why = r, text
		}
	}
}

// isClosed reports whether the line was closed on this side.
func (l *Line) isClosed() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// consider looks at a message while a reply is waited for. Done says that it
// ended the exchange; a reply that is returned instead is one that does not
// match, and why.
func (l *Line) consider(x *Exchange, in *inbound) (mismatch *Reply, why world.Bilingual, done bool) {
	current := &l.sent[len(l.sent)-1]
	answers := in.err == nil && in.end == nil && (l.o.gullible || in.facts.answers(&current.facts))
	if in.end == nil && !answers && l.stray(x, in, true) {
		return nil, why, false
	}
	switch {
	case in.err != nil:
		l.broken = in.end
		x.Reply = &Reply{Frame: in.raw, Body: in.body, At: in.at}
		l.finish(x, Garbled, world.Say("%s", "应答无法解析：%s", world.TextOf(in.err)))
	case in.end != nil:
		l.broken = in.end
		l.finish(x, NoAnswer, world.Say("%s without a reply", "%s，没有应答", endText(in.end)))
	default:
		reply := newReply(in)
		if why := in.facts.differs(&current.facts, l.o.Compare); why.EN != "" && !l.o.gullible {
			if l.o.WaitOnMismatch {
				x.Strays = append(x.Strays, Stray{Other, why.EN, in.raw, in.body, in.at})
				return reply, why, false
			}
			x.Reply = reply
			l.finish(x, Mismatch, why)
			break
		}
		current.answered = true
		x.Reply = reply
		l.finish(x, NoOutcome, world.Bilingual{})
		x.decide()
	}
	x.Elapsed = in.at.Sub(x.SentAt)
	return nil, why, true
}

// stray records a message that belongs to no exchange or to an earlier one;
// false if, while a reply is waited for, it may be that.
func (l *Line) stray(x *Exchange, in *inbound, waiting bool) bool {
	s := Stray{Raw: in.raw, Body: in.body, At: in.at}
	defer func() {
		if s.Kind != 0 {
			x.Strays = append(x.Strays, s)
		}
	}()
	switch {
	case in.err != nil:
		if waiting {
			return false
		}
		s.Kind, s.Why, l.broken = Unreadable, in.err.Error(), in.end
		return true
	case in.end != nil:
		l.broken = in.end
		return true
	}
	if _, request := dialect.ReplyMTI(in.facts.mti); request {
		s.Kind, s.Why = Unasked, fmt.Sprintf("the host sent a %04d of its own", in.facts.mti)
		return true
	}
	earlier := l.sent
	if waiting {
		earlier = l.sent[:len(l.sent)-1]
	}
	for i := len(earlier) - 1; i >= 0; i-- {
		old := &earlier[i]
		if !in.facts.answers(&old.facts) {
			continue
		}
		s.Kind, s.Why = Late, "the reply to an earlier request, which had been given up"
		if old.answered {
			s.Kind, s.Why = Duplicate, "one more reply to an earlier request"
		}
		old.answered = true
		return true
	}
	if waiting {
		return false
	}
	s.Kind, s.Why = Other, "a reply to a request that was not sent here"
	return true
}

func (l *Line) finish(x *Exchange, o Outcome, why world.Bilingual) *Exchange {
	x.Outcome, x.Why = o, why
	x.Elapsed = l.o.Now().Sub(x.SentAt)
	return x
}

func newReply(in *inbound) *Reply {
	f := in.facts.fields
	return &Reply{
		Frame: in.raw, Body: in.body, At: in.at, facts: in.facts, MTI: in.facts.mti,
		Code: f[fieldCode], RRN: f[fieldRRN], Approval: f[fieldApproval],
	}
}

// decide makes an outcome of a matching reply.
func (x *Exchange) decide() {
	d, r := x.Request.Dialect, x.Reply
	x.Code = r.Code
	if r.Code == "" {
		x.Outcome, x.Why = Garbled, world.Say("the reply has no response code (field 39)", "应答没有应答码（39 域）")
		return
	}
	approves := x.approves()
	if mac := x.Request.mac; mac != nil {
		r.MAC = r.facts.checkMAC(d, mac)
		// A host that says that the keys are out of step can't prove it.
		outOfStep := r.Code == d.Code(r.MTI, world.MACWrong) || r.Code == d.Code(r.MTI, world.NotSignedOn)
		switch {
		case r.MAC == transcript.MACIsWrong && !outOfStep:
			x.Outcome, x.Why = MACError, world.Say("the MAC of the reply is wrong", "应答的 MAC 错误")
			return
		case r.MAC == transcript.MACAbsent && x.Request.hasMAC && approves:
			x.Outcome, x.Why = MACError, world.Say("the reply approves and has no MAC", "应答为批准而没有 MAC")
			return
		}
	}
	x.Outcome = Declined
	if approves {
		x.Outcome = Approved
	}
	x.askCard()
}

// approves reports whether the reply's code stands for success.
func (x *Exchange) approves() bool {
	text, _ := display.ResponseText(x.Reply.Code)
	return x.Reply.Code == x.Request.Dialect.Code(x.Reply.MTI, world.Approved) || text.Approves()
}

// endText says how a line ended.
func endText(err error) world.Bilingual {
	switch {
	case errors.Is(err, io.EOF):
		return world.Say("the host closed the connection", "主机关闭了连接")
	case errors.Is(err, syscall.ECONNRESET):
		return world.Say("the host reset the connection", "主机复位了连接")
	default:
		return world.Say("the connection broke (%v)", "连接断开（%v）", err)
	}
}
