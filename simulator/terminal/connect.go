package terminal

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios/world"
)

// connect brings up a line, unless there is one: it tries the hosts in turn,
// as often as the profile allows, and waits longer before each further try. A
// line that broke before anything came over it counts as a try that failed.
func (t *Terminal) connect(ctx context.Context) (*Line, error) {
	if t.line != nil {
		if t.line.alive() {
			return t.line, nil
		}
		_ = t.hangUp() // it is broken already
	}
	tries, pause := 1+t.p.Connecting.Retries, t.p.Connecting.Backoff<<t.lost
	first := t.lost
	if t.bugs[BugReconnectStorm] {
		tries, pause, first = 10*tries, 0, 0
	}
	failed := error(&ConnectError{t.c.Hosts[0], ConnectFailed, errBreaks})
	for n := first; n < tries; n++ {
		if n > 0 {
			if err := wait(ctx, pause); err != nil {
				return nil, err
			}
			pause *= 2
		}
		l, err := t.dial(ctx, t.c.Hosts[n%len(t.c.Hosts)])
		if err == nil {
			t.line, t.served = l, false
			return l, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		failed = err
	}
	return nil, failed
}

// errBreaks says why no further connection is tried.
var errBreaks = spoken{world.Bilingual{EN: "connections come up, and break before anything is answered", ZH: "连接能够建立，但在得到任何应答之前即断开"}}

// look notes whether anything came over the line before it broke.
func (t *Terminal) look(l *Line, x *Exchange) {
	t.served = t.served || x.Reply != nil || len(x.Strays) > 0
	if !t.served && (l.broken != nil || x.Outcome == SendFailed) {
		t.lost++
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *Terminal) dial(ctx context.Context, address string) (*Line, error) {
	o := t.options(address)
	if t.c.Dial == nil {
		l, err := Dial(ctx, o)
		var failed *ConnectError
		if t.bugs[BugClearFallback] && errors.As(err, &failed) && failed.Failure == TLSFailed {
			o.TLS = nil
			return Dial(ctx, o)
		}
		return l, err
	}
	dialling, cancel := context.WithTimeout(ctx, t.p.Timeouts.Connect)
	defer cancel()
	c, err := t.c.Dial(dialling, address)
	if err != nil {
		return nil, dialError(address, err)
	}
	return NewLine(c, o)
}

func (t *Terminal) options(address string) Options {
	compare := slices.DeleteFunc(slices.Clone(compared), t.p.Tolerates)
	if t.bugs[BugAcceptsAnySTAN] {
		compare = slices.DeleteFunc(compare, func(n int) bool { return n == fieldSTAN })
	}
	if t.bugs[BugAcceptsAnyAmount] {
		compare = slices.DeleteFunc(compare, func(n int) bool { return n == 4 })
	}
	if len(compare) == 0 {
		compare = []int{}
	}
	return Options{
		Dialect: t.d, Address: address, TLS: t.c.TLS,
		ConnectTimeout: t.p.Timeouts.Connect, ResponseTimeout: t.p.Timeouts.Response,
		Compare: compare, Now: t.c.Now, gullible: t.bugs[BugTakesPreviousReply],
	}
}

// hangUp ends the connection, if there is one.
func (t *Terminal) hangUp() error {
	l := t.line
	if l == nil {
		return nil
	}
	t.line = nil
	return l.Close()
}

// exchange sends one request over the line and waits for its reply. Sent is
// called between the two.
func (t *Terminal) exchange(ctx context.Context, l *Line, r *Request, sent func() error) (*Exchange, error) {
	within := t.p.Timeouts.Response
	if t.bugs[BugLateReplyApproves] {
		within *= 3
	}
	x, err := l.exchange(ctx, r, within, func() error {
		if err := t.at(AfterSend); err != nil {
			return err
		}
		if sent == nil {
			return nil
		}
		return sent()
	})
	if err != nil {
		_ = t.hangUp() // whatever still comes is not looked at
		return x, err
	}
	t.look(l, x)
	if x.Reply != nil {
		if err := t.at(AfterReply); err != nil {
			return x, err
		}
		t.tolerate(x)
		t.obey(x)
	}
	if x.Outcome != Approved && x.Outcome != Declined && x.Outcome != CardDeclined && !t.bugs[BugTakesPreviousReply] {
		_ = t.hangUp() // a line that is out of step is not used again
	}
	return x, nil
}
