package terminal

import (
	"fmt"
	"strings"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Receipt is what the printer gets: the same lines in both languages. Card
// numbers are masked.
type Receipt struct {
	Lines []world.Bilingual
}

// English is the receipt in English.
func (r Receipt) English() string { return r.text(func(l world.Bilingual) string { return l.EN }) }

// Chinese is the receipt in Chinese.
func (r Receipt) Chinese() string { return r.text(func(l world.Bilingual) string { return l.ZH }) }

func (r Receipt) text(of func(world.Bilingual) string) string {
	var b strings.Builder
	for _, l := range r.Lines {
		b.WriteString(of(l))
		b.WriteByte('\n')
	}
	return b.String()
}

func (r *Receipt) add(en, zh, value string) {
	if value != "" {
		r.Lines = append(r.Lines, world.Bilingual{EN: en + ": " + value, ZH: zh + "：" + value})
	}
}

// sum is a line of a settlement.
func (r *Receipt) sum(en, zh string, s Sum, c world.Currency) {
	amount := world.FormatAmount(s.Amount, c) + " " + c.Alpha()
	r.Lines = append(r.Lines, world.Bilingual{
		EN: fmt.Sprintf("%s: %d, %s", en, s.Count, amount), ZH: fmt.Sprintf("%s：%d笔 %s", zh, s.Count, amount),
	})
}

// Display returns what the display says: the text of the response code after
// an answer, else that of the outcome.
func (r *Result) Display() world.Bilingual { return displayText(r.Outcome, r.Code) }

func displayText(o Outcome, code string) world.Bilingual {
	text := o.Display()
	c, known := display.ResponseText(code)
	if !known || o != Declined && o != Approved {
		return text
	}
	if c.Meaning.EN != "" {
		text.EN = c.Meaning.EN
	}
	switch {
	case c.Display != "":
		text.ZH = c.Display
	case c.Meaning.ZH != "":
		text.ZH = c.Meaning.ZH
	}
	return text
}

// Title is what receipts call a transaction.
func Title(t world.TransactionType) world.Bilingual {
	return world.Bilingual{EN: strings.ToUpper(strings.ReplaceAll(t.String(), "-", " ")), ZH: t.Text().ZH}
}

// receipt is the receipt of a result.
func (t *Terminal) receipt(r *Result) Receipt {
	rec := &r.Record
	out := t.head(rec)
	display := r.Display()
	if r.Balance != nil {
		out.add("Balance", "余额", r.Balance.String())
	}
	if r.Second != nil {
		out.add(r.Second.Kind(), r.Second.Kind(), fmt.Sprintf("%X", r.Second.Cryptogram))
	}
	if r.totals != nil {
		out.sum("Sales", "消费", r.totals.Sales, t.c.Currency)
		out.sum("Refunds", "退货", r.totals.Refunds, t.c.Currency)
	}
	out.add("Response", "应答码", r.Code)
	out.Lines = append(out.Lines, display)
	if r.Hint.EN != "" {
		out.Lines = append(out.Lines, r.Hint)
	}
	return out
}

// slip says that a reversal was given up.
func (t *Terminal) slip(p *Pending) Receipt {
	out := t.head(&p.Record)
	out.Lines = append(out.Lines, world.Bilingual{
		EN: "REVERSAL NOT CONFIRMED: call the acquirer", ZH: "冲正未获确认，请联系收单行",
	})
	return out
}

// head are the lines about a transaction.
func (t *Terminal) head(rec *Record) (out Receipt) {
	out.add("Merchant", "商户号", t.c.Merchant)
	out.add("Terminal", "终端号", t.c.Terminal)
	out.Lines = append(out.Lines, Title(rec.Type))
	if rec.PAN != "" {
		out.add("Card", "卡号", transcript.MaskPAN(rec.PAN))
	}
	if rec.Amount != 0 {
		out.add("Amount", "金额", world.FormatAmount(rec.Amount, rec.Currency)+" "+rec.Currency.Alpha())
	}
	if rec.Batch != 0 && rec.STAN != 0 {
		out.add("Batch", "批次号", fmt.Sprintf("%06d", rec.Batch))
	}
	out.add("Trace", "凭证号", sixDigits(rec.STAN))
	out.add("Reference", "参考号", rec.RRN)
	out.add("Approval", "授权码", rec.Approval)
	if !rec.Time.IsZero() {
		out.add("Time", "时间", rec.Time.Format("2006-01-02 15:04:05"))
	}
	return out
}

// print prints, if there is a printer.
func (t *Terminal) print(r Receipt) error {
	if t.c.Print == nil {
		return nil
	}
	return t.c.Print(r)
}
