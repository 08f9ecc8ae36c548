package host

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// counter is a bench with a pre-authorisation of 100.00 on the card.
type counter struct {
	*bench
	auth     *dialect.Request
	approval string
	before   int64
}

func newCounter(t *testing.T, name string) *counter {
	t.Helper()
	b := newBenchIn(t, name, emptyWorld(), false)
	c := &counter{bench: b, before: b.balance()}
	c.auth = b.request(world.PreAuth, 10000)
	d := b.decide(c.auth)
	require.Equal(t, world.Approved, d.Outcome)
	require.Empty(t, d.From, "nothing is posted")
	require.Len(t, d.Approval, 6)
	c.approval = d.Approval
	return c
}

// byCode makes a request that names the pre-authorisation by its approval code.
func (c *counter) byCode(typ world.TransactionType, amount int64) *dialect.Request {
	r := c.request(typ, amount)
	r.Original = dialect.Original{STAN: r.STAN, HasSTAN: true, Own: true, Approval: dialect.MakeID(c.approval), Date: 1123}
	return r
}

// state is what is held and what has been paid.
func (c *counter) state() [2]int64 {
	d := c.decide(c.request(world.Inquiry, 0))
	return [2]int64{d.Booked - d.Available, c.before - d.Booked}
}

func TestPreAuthorisations(t *testing.T) {
	type step struct {
		do   func(c *counter) *dialect.Request
		want world.Outcome
		// What is held of the account after the step, and what has been paid.
		held, paid int64
	}
	code := func(typ world.TransactionType, amount int64) func(c *counter) *dialect.Request {
		return func(c *counter) *dialect.Request { return c.byCode(typ, amount) }
	}
	var last *dialect.Request
	about := func(typ world.TransactionType) func(c *counter) *dialect.Request {
		return func(c *counter) *dialect.Request { return c.about(typ, last) }
	}
	tests := map[string][]step{
		"void by approval code":        {{code(world.PreAuthVoid, 10000), world.Approved, 0, 0}},
		"void by STAN":                 {{func(c *counter) *dialect.Request { return c.about(world.PreAuthVoid, c.auth) }, world.Approved, 0, 0}},
		"void of another amount":       {{code(world.PreAuthVoid, 9999), world.OriginalAmountDiffers, 10000, 0}},
		"void, reversed":               {{code(world.PreAuthVoid, 10000), world.Approved, 0, 0}, {about(world.Reversal), world.Approved, 10000, 0}},
		"reversal":                     {{func(c *counter) *dialect.Request { return c.about(world.Reversal, c.auth) }, world.Approved, 0, 0}},
		"completion in part":           {{code(world.Completion, 4000), world.Approved, 0, 4000}},
		"completion advice":            {{code(world.CompletionAdvice, 10000), world.Approved, 0, 10000}},
		"completion by STAN":           {{func(c *counter) *dialect.Request { return c.about(world.Completion, c.auth) }, world.Approved, 0, 10000}},
		"two completions":              {{code(world.Completion, 4000), world.Approved, 0, 4000}, {code(world.CompletionAdvice, 10), world.InvalidTransaction, 0, 4000}},
		"completion after its void":    {{code(world.PreAuthVoid, 10000), world.Approved, 0, 0}, {code(world.Completion, 4000), world.InvalidTransaction, 0, 0}},
		"completion of something else": {{func(c *counter) *dialect.Request { c.approval = "999999"; return c.byCode(world.Completion, 1) }, world.OriginalNotFound, 10000, 0}},
		"completion with another card": {{func(c *counter) *dialect.Request {
			r := c.byCode(world.Completion, 1)
			r.Card, _ = dialect.ParsePAN("4111111111111111")
			return r
		}, world.OriginalNotFound, 10000, 0}},
		"completion at another terminal of the merchant": {{func(c *counter) *dialect.Request {
			r := c.byCode(world.Completion, 10000)
			r.Terminal = dialect.MakeID("10000099")
			return r
		}, world.Approved, 0, 10000}},
		"completion at another merchant": {{func(c *counter) *dialect.Request {
			r := c.byCode(world.Completion, 10000)
			r.Terminal, r.Merchant = dialect.MakeID("10000099"), dialect.MakeID("104110045110099")
			return r
		}, world.OriginalNotFound, 10000, 0}},
		"completion in a later batch": {{func(c *counter) *dialect.Request {
			c.closeBatch()
			return c.byCode(world.Completion, 10000)
		}, world.Approved, 0, 10000}},
		"completion voided": {
			{func(c *counter) *dialect.Request { last = c.byCode(world.Completion, 4000); return last }, world.Approved, 0, 4000},
			{about(world.CompletionVoid), world.Approved, 10000, 0},
			{code(world.Completion, 10000), world.Approved, 0, 10000},
		},
		"completion, its void, and the reversal of that": {
			{func(c *counter) *dialect.Request { last = c.byCode(world.Completion, 4000); return last }, world.Approved, 0, 4000},
			{func(c *counter) *dialect.Request { last = c.about(world.CompletionVoid, last); return last }, world.Approved, 10000, 0},
			{about(world.Reversal), world.Approved, 0, 4000},
		},
		"completion reversed": {
			{func(c *counter) *dialect.Request { last = c.byCode(world.Completion, 4000); return last }, world.Approved, 0, 4000},
			{about(world.Reversal), world.Approved, 10000, 0},
			{about(world.Reversal), world.Approved, 10000, 0},
		},
		"a sale's void of a completion": {
			{func(c *counter) *dialect.Request { last = c.byCode(world.Completion, 4000); return last }, world.Approved, 0, 4000},
			{about(world.Void), world.OriginalNotFound, 0, 4000},
		},
		"a completion's void after the hold has expired": {
			{func(c *counter) *dialect.Request { last = c.byCode(world.Completion, 4000); return last }, world.Approved, 0, 4000},
			{func(c *counter) *dialect.Request {
				c.now = c.now.AddDate(0, 0, 30)
				return c.about(world.CompletionVoid, last)
			}, world.Approved, 0, 0},
		},
		"thirty days": {{func(c *counter) *dialect.Request {
			c.now = c.now.AddDate(0, 0, 30)
			return c.byCode(world.Completion, 10000)
		}, world.OriginalNotFound, 0, 0}},
		"a second less": {{func(c *counter) *dialect.Request {
			c.now = c.now.AddDate(0, 0, 30).Add(-1)
			return c.byCode(world.Completion, 10000)
		}, world.Approved, 0, 10000}},
	}
	for _, dialectName := range everyDialect {
		for name, steps := range tests {
			t.Run(dialectName+"/"+name, func(t *testing.T) {
				c := newCounter(t, dialectName)
				require.Equal(t, [2]int64{10000, 0}, c.state())
				for i, s := range steps {
					r := s.do(c)
					if r.Type == world.PreAuthVoid {
						last = r
					}
					d := c.decide(r)
					assert.Equal(t, s.want.String(), d.Outcome.String(), "step %d: %s", i, d.Why)
					assert.Equal(t, [2]int64{s.held, s.paid}, c.state(), "step %d", i)
				}
			})
		}
	}
}

// TestHowMuchACompletionMayTake: more than the pre-authorisation only as far as
// the dialect's rules go.
func TestHowMuchACompletionMayTake(t *testing.T) {
	for name, highest := range map[string]int64{"iso87-ascii": 10000, "iso87-bcd": 10000, "unionpay-pos": 11500} {
		for _, typ := range []world.TransactionType{world.Completion, world.CompletionAdvice} {
			c := newCounter(t, name)
			d := c.decide(c.byCode(typ, highest+1))
			assert.Equal(t, world.ExceedsAmountLimit, d.Outcome, name)
			d = c.decide(c.byCode(typ, highest))
			assert.Equal(t, world.Approved, d.Outcome, name)
			assert.Equal(t, [2]int64{0, highest}, c.state())
		}
	}
	assert.Equal(t, int64(1), percent(1, 115), "rounded down")
	assert.Equal(t, int64(23), percent(20, 115))
}

func TestFundsBeyondAHold(t *testing.T) {
	for _, typ := range []world.TransactionType{world.Completion, world.CompletionAdvice} {
		c := newCounter(t, "unionpay-pos")
		require.Equal(t, world.Approved, c.decide(c.request(world.Sale, c.before-10000)).Outcome)
		d := c.decide(c.byCode(typ, 11000))
		if typ == world.Completion {
			assert.Equal(t, world.InsufficientFunds, d.Outcome)
			assert.Equal(t, world.Approved, c.decide(c.byCode(typ, 10000)).Outcome, "what is held is there")
			continue
		}
		assert.Equal(t, world.Approved, d.Outcome, "an advice can't be declined for funds")
		assert.Contains(t, d.Why, "overdrawn")
		assert.Equal(t, int64(-1000), c.balance())
	}
}

func TestHeldMoneyIsNotThere(t *testing.T) {
	c := newCounter(t, "iso87-bcd")
	assert.Equal(t, world.InsufficientFunds, c.decide(c.request(world.Sale, c.before-9999)).Outcome)
	assert.Equal(t, world.InsufficientFunds, c.decide(c.request(world.PreAuth, c.before-9999)).Outcome)
	assert.Equal(t, world.Approved, c.decide(c.request(world.PreAuth, c.before-10000)).Outcome)
}

func TestHoldDaysOfTheWorld(t *testing.T) {
	w := emptyWorld()
	w.Acquirer.HoldDays = 7
	b := newBench(t, w, false)
	before := b.balance()
	b.decide(b.request(world.PreAuth, 100))
	b.now = b.now.AddDate(0, 0, 7).Add(-1)
	assert.Equal(t, before-100, b.balance())
	b.now = b.now.Add(1)
	d := b.decide(b.request(world.Inquiry, 0))
	assert.Equal(t, before, d.Available)
	assert.Equal(t, 1, d.Expired, "the journal is told")
}
