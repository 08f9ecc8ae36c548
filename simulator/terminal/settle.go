package terminal

import (
	"context"
	"fmt"
	"strings"

	"github.com/acqsim/acqsim/scenarios/world"
)

// settle settles the batch: advices and reversals go first, then the totals,
// and if the host has others, every transaction.
func (t *Terminal) settle(ctx context.Context, r *Result) error {
	if ok, err := t.first(ctx, r, true); !ok || err != nil {
		return err
	}
	if t.s.Settling == nil {
		if err := t.sendAdvices(ctx, r); err != nil {
			return err
		}
		if len(t.s.Advices) > 0 {
			r.end(NotPossible, world.Say("there are advices that the host has not answered", "主机尚未应答全部通知")).hint("The host has not taken all advices: settle again", "离线交易未上送完，请重新结算")
			return nil
		}
		t.s.total()
		t.s.Settling = &Settling{STAN: t.s.next(), Totals: t.s.Totals}
		if err := t.save(); err != nil {
			return err
		}
	}
	return t.finishSettlement(ctx, r)
}

// finishSettlement goes on with a settlement from where it stopped.
func (t *Terminal) finishSettlement(ctx context.Context, r *Result) error {
	g := t.s.Settling
	r.Record = Record{Type: world.Settlement, STAN: g.STAN, Batch: t.s.Batch, Time: t.c.Now(), Currency: t.c.Currency}
	if !g.Uploading {
		if done, err := t.sendTotals(ctx, r); done || err != nil {
			return err
		}
	}
	if ok, err := t.upload(ctx, r); !ok || err != nil {
		return err
	}
	totals := g.Totals
	t.s.closeBatch()
	t.settled(r, totals, "out of balance, the batch was uploaded", "对账不平，已上送批明细")
	return t.save()
}

// settled says that the batch is closed.
func (t *Terminal) settled(r *Result, totals SumsOfSide, en, zh string) {
	text := totals.Text(t.c.Currency)
	r.end(Approved, world.Say("%s: %s", "%s：%s", world.Bilingual{EN: en, ZH: zh}, text))
	if r.Display().ZH != zh { // hosts of ISO 8583:1993 say so by their code
		r.hint(strings.ToUpper(en[:1])+en[1:], zh)
	}
	r.totals = &totals
}

// Text is short, for people.
func (s SumsOfSide) Text(c world.Currency) world.Bilingual {
	sales, refunds := world.FormatAmount(s.Sales.Amount, c), world.FormatAmount(s.Refunds.Amount, c)
	return world.Bilingual{
		EN: fmt.Sprintf("%d sales (%s), %d refunds (%s)", s.Sales.Count, sales, s.Refunds.Count, refunds),
		ZH: fmt.Sprintf("消费%d笔（%s），退货%d笔（%s）", s.Sales.Count, sales, s.Refunds.Count, refunds),
	}
}

// sendTotals sends the 0500. Done says that nothing is to be uploaded.
func (t *Terminal) sendTotals(ctx context.Context, r *Result) (done bool, err error) {
	g := t.s.Settling
	x, err := t.sendOfBatch(ctx, r, world.Settlement, t.params(&Record{STAN: g.STAN, Time: t.c.Now()}, Card{}))
	if x == nil || err != nil {
		return true, err
	}
	if x.Outcome != Approved && x.Outcome != Declined {
		return true, nil // it is sent again as it is
	}
	out := x.Outcome == Approved && t.d.OutOfBalance(x.Reply.Body) ||
		x.Outcome == Declined && x.Code == t.d.Code(x.Reply.MTI, world.OutOfBalance)
	switch {
	case out && !t.bugs[BugSkipsUpload]:
		g.Uploading = true
		return false, t.save()
	case out || x.Outcome == Approved:
		en, zh := "balanced", "对账平"
		if out {
			en, zh = "out of balance", "对账不平"
		}
		totals := g.Totals
		t.s.closeBatch()
		t.settled(r, totals, en, zh)
	default:
		t.s.Settling = nil // the batch is kept
	}
	return true, t.save()
}

// sendOfBatch sends one message of a settlement; nil: there is no line.
func (t *Terminal) sendOfBatch(ctx context.Context, r *Result, is world.TransactionType, p Params) (*Exchange, error) {
	g := t.s.Settling
	p.Currency = t.c.Currency
	p.Sales, p.Refunds, p.Uploaded, p.OutOfBalance = g.Totals.Sales, g.Totals.Refunds, g.Uploaded, g.Uploading
	req, err := t.c.Messages.Request(is, p, t.session)
	if err != nil {
		return nil, err
	}
	l, err := t.connect(ctx)
	if err != nil {
		return nil, t.noLine(ctx, r, err)
	}
	x, err := t.exchange(ctx, l, req, nil)
	r.add(x)
	return x, err
}
