package terminal

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
)

// signOn signs on, and takes keys and batch from the reply.
func (t *Terminal) signOn(ctx context.Context, r *Result) error {
	if err := t.manage(ctx, world.SignOn, r); err != nil || r.Outcome != Approved {
		return err
	}
	reply := r.last().Reply
	session, err := OpenSession(t.d, t.c.TMK, reply)
	switch {
	case errors.Is(err, ErrNoDownload):
	case err != nil:
		// The host's keys can't be used: they are under another master key.
		r.end(NotPossible, world.Say("%s", "密钥无法使用：%s", err.Error())).hint("The host has another master key", "主密钥与主机不一致")
		return nil
	default:
		m, err := t.d.Unpack(reply.Body)
		if err != nil {
			return err
		}
		if t.s.Keys, err = m.GetBytes(keyField); err != nil {
			return err
		}
		t.s.Keys = bytes.Clone(t.s.Keys)
		t.session = session
		if session.HasBatch && session.Batch != 0 {
			t.s.Batch = session.Batch
		}
	}
	t.s.SignOn = false
	return t.save()
}

// manage sends a message of network management.
func (t *Terminal) manage(ctx context.Context, is world.TransactionType, r *Result) error {
	rec := Record{Type: is, STAN: t.s.next(), Batch: t.s.Batch, Time: t.c.Now(), Currency: t.c.Currency}
	req, err := t.c.Messages.Request(is, t.params(&rec, Card{}), t.session)
	if err != nil {
		return err
	}
	if r.Record.Type == is {
		r.Record = rec
	}
	if err := t.save(); err != nil {
		return err
	}
	l, err := t.connect(ctx)
	if err != nil {
		return t.noLine(ctx, r, err)
	}
	x, err := t.exchange(ctx, l, req, nil)
	r.add(x)
	if err != nil {
		return err
	}
	if is == world.SignOff && r.Outcome == Approved {
		t.s.SignOn = true
		return t.save()
	}
	return nil
}

// obey notes that the host wants a sign-on: by its response code, or in the
// header of the reply.
func (t *Terminal) obey(x *Exchange) {
	valid := x.Outcome == Approved || x.Outcome == Declined
	if x.Request.Type == world.SignOn || !valid {
		return
	}
	if slices.Contains(t.p.SignOn.Codes, x.Code) {
		t.s.SignOn = true
	}
	size := t.d.Format().Header
	if end := len(x.Reply.Frame) - len(x.Reply.Body); t.p.SignOn.HeaderFlag && size == frame.UnionPayHeaderSize && end >= size {
		h, err := frame.ParseUnionPayHeader(x.Reply.Frame[end-size : end])
		if err == nil && h.ProcessingRequest == frame.SignOnAgain {
			t.s.SignOn = true
		}
	}
}

// tolerate accepts what the profile accepts of a reply's MAC, and what bugs
// accept.
func (t *Terminal) tolerate(x *Exchange) {
	accept := false
	switch {
	case x.Outcome == MACError && x.Reply.MAC == transcript.MACAbsent:
		accept = t.p.Replies.MissingMAC == profile.AcceptMAC || t.bugs[BugAcceptsMissingMAC]
	case x.Outcome == MACError:
		accept = t.bugs[BugAcceptsWrongMAC]
	case x.Outcome == Garbled:
		accept = t.bugs[BugParsesTruncated]
	}
	if !accept {
		return
	}
	x.Why, x.Outcome = world.Bilingual{}, Declined
	if x.Reply.Code == "" || x.approves() {
		x.Outcome = Approved
	}
	x.askCard()
}

// TakesPIN reports whether the terminal can encrypt a PIN: it has keys by DUKPT,
// or a sign-on brings them. Elsewhere a PIN is [ErrNoKeys].
func (t *Terminal) TakesPIN() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.d.DUKPT() {
		return t.session != nil
	}
	p := Params{Terminal: t.c.Terminal, Merchant: t.c.Merchant, STAN: 1, Batch: 1, Time: t.c.Now()}
	req, err := t.c.Messages.Request(world.SignOn, p, nil)
	if err != nil {
		return false
	}
	_, ok := t.d.KeyDownload(&req.facts.read)
	return ok
}
