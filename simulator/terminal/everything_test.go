package terminal_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// of makes a transaction about an earlier one of a type.
func of(is world.TransactionType, stan uint32, approval string) func(*terminal.Params) {
	return func(p *terminal.Params) {
		p.Original = terminal.Original{Type: is, STAN: stan, Time: p.Time}
		p.Approval = approval
	}
}

// TestEverythingButTheTill makes the transactions that TestADayAtTheTill does
// not, at the real host, in every dialect.
func TestEverythingButTheTill(t *testing.T) {
	for _, name := range dialects {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, name)
			r.approved(world.SignOn, nil)

			hold := r.approved(world.PreAuth, nil)
			r.approved(world.PreAuthVoid, of(world.PreAuth, r.stan, hold.Reply.Approval))
			hold = r.approved(world.PreAuth, nil)
			x := r.approved(world.Completion, of(world.PreAuth, r.stan, hold.Reply.Approval))
			assert.Len(t, x.Reply.RRN, 12)
			r.approved(world.CompletionVoid, of(world.Completion, r.stan, x.Reply.Approval))
			hold = r.approved(world.PreAuth, nil)
			r.approved(world.CompletionAdvice, of(world.PreAuth, r.stan, hold.Reply.Approval))

			r.approved(world.Sale, nil)
			r.approved(world.Adjustment, func(p *terminal.Params) {
				p.Original, p.Amount = terminal.Original{STAN: r.stan - 1}, p.Amount+100
			})
			r.approved(world.Sale, nil)
			r.approved(world.Tip, func(p *terminal.Params) {
				p.Original, p.Amount, p.Tip = terminal.Original{STAN: r.stan - 1}, p.Amount+150, 150
			})
			r.approved(world.OfflineSale, func(p *terminal.Params) { p.Approval = "654321" })
			if name != "unionpay-pos" {
				r.approved(world.Cash, nil)
				r.approved(world.CashBack, func(p *terminal.Params) { p.Cash = 300 })
			}
		})
	}
}

// TestSettlementAtTheRealHost settles a batch that balances, and one that does
// not: it is uploaded, and closed after that.
func TestSettlementAtTheRealHost(t *testing.T) {
	for _, name := range dialects {
		if name == "unionpay-pos" {
			continue // says in DE 48 what others say by code, and ends otherwise
		}
		t.Run(name, func(t *testing.T) {
			r := newRig(t, name)
			r.approved(world.SignOn, nil)
			amount := r.p.Amount
			totals := func(count int) func(*terminal.Params) {
				return func(p *terminal.Params) { p.Sales = terminal.Sum{Count: count, Amount: int64(count) * amount} }
			}
			r.approved(world.Sale, nil)
			x := r.approved(world.Settlement, totals(1))
			assert.Equal(t, r.d.Code(x.Reply.MTI, world.Approved), x.Code)

			r.p.Batch++
			x = r.approved(world.Sale, nil)
			sale, rrn := r.stan, x.Reply.RRN
			x = r.do(world.Settlement, totals(2))
			require.Equal(t, terminal.Declined, x.Outcome, x.Why)
			assert.Equal(t, r.d.Code(x.Reply.MTI, world.OutOfBalance), x.Code)
			r.approved(world.BatchUpload, func(p *terminal.Params) { p.Original.STAN, p.RRN = sale, rrn })
			want := world.Approved
			if r.d.EndTellsBalance() {
				want = world.OutOfBalance
			}
			x = r.do(world.SettlementEnd, totals(2))
			require.NotNil(t, x.Reply, x.Why)
			assert.Equal(t, r.d.Code(x.Reply.MTI, want), x.Code)

			r.p.Batch++
			r.approved(world.Sale, nil)
			r.approved(world.Settlement, totals(1))
		})
	}
}
