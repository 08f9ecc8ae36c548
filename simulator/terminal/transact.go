package terminal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Transaction is what is to be done at the terminal.
type Transaction struct {
	Type world.TransactionType
	Card Card // where it is about an earlier transaction: default that one's

	Amount int64 // minor units; default that of the transaction it is about
	Cash   int64 // of Amount
	Tip    int64 // of Amount

	// Of is the STAN of the transaction of the batch that this one is about: the
	// sale that is voided, the pre-authorisation that is completed.
	Of uint32

	// RRN, Approval and Batch name an original that is in no batch of this
	// terminal any more, together with Of.
	RRN, Approval string
	Batch         uint32

	// On is the day of such an original; zero: today.
	On time.Time

	// After is what happens at the terminal after an approval.
	After AfterApproval
}

// AfterApproval is what happens at the terminal after an approval.
type AfterApproval uint8

// What can happen.
const (
	AllWell AfterApproval = iota
	CardDeclines
	PrinterFails
	CardRemoved
)

// Result is what came of it.
type Result struct {
	Outcome Outcome
	Code    string          // response code; empty: none
	Why     world.Bilingual // one clause, where the code does not say it all

	// Hint is what the person at the terminal can do about it, or has to know;
	// mostly empty.
	Hint world.Bilingual

	Balance *Balance  // what an inquiry was told; nil: nothing
	Second  *SecondAC // the card's last word; nil: no chip was asked

	// Record is the transaction as the terminal has it; its STAN is 0 if none was
	// used.
	Record Record

	// Exchanges are all messages sent for it, in order: sign-on and reversals
	// that had to come first, too.
	Exchanges []*Exchange

	Receipt Receipt

	totals *SumsOfSide // of a batch that was closed
}

// ErrNotHere says that a terminal does not do such a transaction by itself.
var ErrNotHere = errors.New("that is no transaction that is made at a terminal")

// Do makes a transaction. What comes of it is the result; errors are mistakes
// ([*MissingError], [*UnknownTypeError], [*ValueError], [ErrNotHere]), ctx's own,
// or say that the state can't be stored.
func (t *Terminal) Do(ctx context.Context, x Transaction) (*Result, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &Result{Record: Record{Type: x.Type}}
	t.lost = 0
	if t.dead != nil {
		return r.end(NotPossible, world.Say("the terminal has stopped", "终端已停止")).hint("Switch it off and on", "请重启终端"), t.dead
	}
	defer func() {
		if !t.c.KeepLine || t.dead != nil {
			_ = t.hangUp() // what there was to say has been said
		}
	}()
	err := t.do(ctx, x, r)
	if err != nil && r.Outcome == NoOutcome {
		r.end(NotPossible, world.TextOf(err))
		if ctx.Err() != nil {
			r.end(Cancelled, world.Bilingual{})
		}
	}
	r.Receipt = t.receipt(r)
	return r, err
}

func (t *Terminal) do(ctx context.Context, x Transaction, r *Result) error {
	switch x.Type {
	case world.SignOn:
		return t.signOn(ctx, r)
	case world.SignOff, world.Echo:
		return t.manage(ctx, x.Type, r)
	case world.Settlement:
		return t.settle(ctx, r)
	case world.OfflineSale, world.Adjustment, world.Tip, world.CompletionAdvice:
		return t.advise(x, r)
	case world.Inquiry, world.Sale, world.Void, world.Refund, world.PreAuth, world.PreAuthVoid,
		world.Completion, world.CompletionVoid, world.Cash, world.CashBack:
	default:
		return fmt.Errorf("terminal: %s: %w", x.Type, ErrNotHere)
	}
	rec, err := t.record(x, r)
	if err != nil || r.Outcome != NoOutcome {
		return err
	}
	if err := t.try(rec, x.Card); err != nil {
		return err
	}
	if ok, err := t.first(ctx, r, !t.bugs[BugNextSaleFirst]); !ok || err != nil {
		return err
	}
	if err := t.rounds(ctx, x, rec, r); err != nil {
		return err
	}
	if r.Outcome == Approved && len(t.s.Advices) > 0 {
		return t.sendAdvices(ctx, r)
	}
	return nil
}

// try makes the request of a record before anything is sent for it, for its
// mistakes: without PIN and chip, whose keys and counters count on.
func (t *Terminal) try(rec Record, card Card) error {
	rec.STAN = 1
	card.PIN, card.Chip = "", nil
	_, err := t.c.Messages.Request(rec.Type, t.params(&rec, card), nil)
	return mistake(err)
}

// first does what has to come before a transaction: a sign-on that is due, a
// settlement that was interrupted, reversals. False: it can't go on, and the
// result says why.
func (t *Terminal) first(ctx context.Context, r *Result, reverse bool) (bool, error) {
	if t.s.SignOn && !(t.bugs[BugIgnoresSignOn] && t.session != nil) {
		sub := &Result{Record: Record{Type: world.SignOn}}
		err := t.signOn(ctx, sub)
		r.Exchanges = append(r.Exchanges, sub.Exchanges...)
		if err != nil {
			return false, err
		}
		if sub.Outcome != Approved {
			o := sub.Outcome
			if o == Declined && !t.bugs[BugShowsConnectAsDecline] {
				o = NotPossible
			}
			r.end(o, world.Say("it has to sign on first: %s", "须先签到：%s", sub.said())).hint("Sign on first", "请先签到")
			return false, nil
		}
	}
	if reverse {
		if o, err := t.reverse(ctx, r); o != NoOutcome || err != nil {
			if o != NoOutcome {
				r.end(o, world.Say("an earlier transaction has to be reversed first", "须先冲正上一笔交易")).hint("An earlier transaction is not reversed yet: try again", "上笔交易尚未冲正，请重试")
			}
			return false, err
		}
	}
	if t.s.Settling != nil && r.Record.Type != world.Settlement {
		sub := &Result{Record: Record{Type: world.Settlement}}
		err := t.finishSettlement(ctx, sub)
		r.Exchanges = append(r.Exchanges, sub.Exchanges...)
		if err != nil {
			return false, err
		}
		if t.s.Settling != nil {
			r.end(NotPossible, world.Say("a settlement has to be finished first: %s", "须先完成结算：%s", sub.said())).hint("Settle first", "请先完成结算")
			return false, nil
		}
	}
	return true, nil
}

// record makes the record of an online transaction; the result says so if it
// is not possible.
func (t *Terminal) record(x Transaction, r *Result) (Record, error) {
	rec := Record{
		Type: x.Type, Time: t.c.Now(), PAN: x.Card.number(), Expiry: x.Card.Expiry, Currency: t.c.Currency,
		Amount: x.Amount, Cash: x.Cash, Tip: x.Tip, RRN: x.RRN, Approval: x.Approval,
	}
	if x.Of == 0 {
		return rec, nil
	}
	was := t.s.find(x.Of)
	if was == nil {
		rec.Original = &OriginalRecord{Type: usualOriginal(x.Type), STAN: x.Of, Batch: x.Batch, Time: x.On}
		if x.RRN == "" && x.Approval == "" && x.Card.number() == "" {
			r.end(NotPossible, world.Say("there is no transaction %06d in the batch", "批次中没有凭证号 %06d 的交易", x.Of)).hint("No such trace number", "无此凭证号")
		}
		return rec, nil
	}
	if why := was.refuses(x.Type); why.EN != "" {
		r.end(NotPossible, world.Say("transaction %06d %s", "凭证号 %06d：%s", x.Of, why)).hint("The transaction "+why.EN, why.ZH)
		return rec, nil
	}
	rec.Original = &OriginalRecord{Type: was.Type, STAN: was.STAN, Batch: was.Batch, Time: was.Time}
	rec.Currency = was.Currency
	if rec.PAN == "" {
		rec.PAN, rec.Expiry = was.PAN, was.Expiry
	}
	if rec.Amount == 0 {
		rec.Amount = was.Amount
	}
	rec.RRN, rec.Approval = orElse(rec.RRN, was.RRN), orElse(rec.Approval, was.Approval)
	return rec, nil
}

// refuses says why a transaction can't be what a later one is about; empty: it
// can.
func (r *Record) refuses(later world.TransactionType) world.Bilingual {
	if r.Undone {
		return world.Bilingual{EN: "is undone already", ZH: "该交易已撤销"}
	}
	fits := map[world.TransactionType][]world.TransactionType{
		world.Void:             {world.Sale, world.Cash, world.CashBack, world.OfflineSale},
		world.PreAuthVoid:      {world.PreAuth},
		world.Completion:       {world.PreAuth},
		world.CompletionAdvice: {world.PreAuth},
		world.CompletionVoid:   {world.Completion},
		world.Refund:           {world.Sale},
		world.Adjustment:       {world.Sale, world.OfflineSale},
		world.Tip:              {world.Sale, world.OfflineSale},
	}
	switch {
	case !slices.Contains(fits[later], r.Type):
		return world.Say("is a %s: a %s can't be about it", "该交易是%s，不能做%s", r.Type.Text(), later.Text())
	case r.Completed:
		return world.Bilingual{EN: "is completed already", ZH: "该预授权已完成"}
	}
	return world.Bilingual{}
}

// params are the values of a record's message. The card adds what is not kept.
func (t *Terminal) params(rec *Record, card Card) Params {
	if card.PAN == "" && card.Track2 == "" {
		card.PAN, card.Expiry = rec.PAN, rec.Expiry
	}
	p := Params{
		Terminal: t.c.Terminal, Merchant: t.c.Merchant, Card: card,
		Amount: rec.Amount, HasAmount: rec.Amount != 0, Cash: rec.Cash, Tip: rec.Tip, Currency: rec.Currency,
		STAN: rec.STAN, Batch: t.s.Batch, RRN: rec.RRN, Approval: rec.Approval, Time: rec.Time,
	}
	if o := rec.Original; o != nil {
		p.Original = Original{Type: o.Type, STAN: o.STAN, Batch: o.Batch, Time: o.Time}
	}
	return p
}

// attempt sends an online transaction once, and draws the conclusions.
func (t *Terminal) attempt(ctx context.Context, x Transaction, rec Record, r *Result) error {
	before := t.s.STAN
	rec.STAN, rec.Batch, rec.Time = t.nextSTAN(), t.s.Batch, t.c.Now()
	p := t.params(&rec, x.Card)
	req, err := t.c.Messages.Request(rec.Type, p, t.session)
	if err != nil {
		t.s.STAN = before
		return err
	}
	rec.Entry = req.facts.fields[fieldEntry]
	r.Record = rec
	reverses := t.p.Reverses(rec.Type)
	pend := func(when profile.Stored) error {
		if reverses && t.p.Reversal.Stored == when {
			t.s.Pending = append(t.s.Pending, Pending{Record: rec, Reason: t.p.Reversal.Reasons.NoAnswer})
			return t.save()
		}
		if when == profile.BeforeConnect {
			return t.save() // the STAN is used, whatever happens
		}
		return nil
	}
	if err := pend(profile.BeforeConnect); err != nil {
		return err
	}
	if err := t.at(BeforeConnect); err != nil {
		return err
	}
	l, err := t.connect(ctx)
	if err != nil {
		return t.noLine(ctx, r, err)
	}
	if err := pend(profile.BeforeSend); err != nil {
		return err
	}
	if err := t.at(BeforeSend); err != nil {
		return err
	}
	ex, err := t.exchange(ctx, l, req, func() error { return pend(profile.AfterSend) })
	r.add(ex)
	if err != nil {
		return err // what is stored stays
	}
	return t.conclude(ctx, x, rec, ex, r)
}

// fieldEntry is DE 22.
const fieldEntry = 22

func (t *Terminal) nextSTAN() uint32 {
	if t.bugs[BugReusesSTAN] && t.s.STAN > 0 {
		return t.s.STAN
	}
	return t.s.next()
}

// noLine makes an outcome of a failed connect.
func (t *Terminal) noLine(ctx context.Context, r *Result, err error) error {
	if ctx.Err() != nil {
		r.end(Cancelled, world.Say("while connecting", "连接期间"))
		return ctx.Err()
	}
	r.end(CannotConnect, world.TextOf(err))
	if t.bugs[BugShowsConnectAsDecline] {
		r.end(Declined, world.Bilingual{})
	}
	return nil
}

// end says how it ended.
func (r *Result) end(o Outcome, why world.Bilingual) *Result {
	r.Outcome, r.Why, r.Hint = o, why, world.Bilingual{}
	if o != Approved && o != Declined && o != CardDeclined {
		r.Code = ""
	}
	return r
}

// hint says what the person at the terminal can do.
func (r *Result) hint(en, zh string) *Result {
	r.Hint = world.Bilingual{EN: en, ZH: zh}
	return r
}

// add appends an exchange that decides the result.
func (r *Result) add(x *Exchange) {
	r.Exchanges = append(r.Exchanges, x)
	r.Outcome, r.Code, r.Why, r.Second, r.Hint = x.Outcome, x.Code, x.Why, x.Second, world.Bilingual{}
}

func (r *Result) last() *Exchange {
	if len(r.Exchanges) == 0 {
		return nil
	}
	return r.Exchanges[len(r.Exchanges)-1]
}

// said is what the display says, and why.
func (r *Result) said() world.Bilingual {
	text := displayText(r.Outcome, r.Code)
	if r.Why.EN != "" {
		text = world.Say("%s: %s", "%s：%s", text, r.Why)
	}
	return text
}

// day is the date that a moment falls on.
func day(at time.Time) string { return at.Format(time.DateOnly) }
