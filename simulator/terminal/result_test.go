package terminal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// TestAnInquiryTellsTheBalance shows it, and one without an answer shows none.
func TestAnInquiryTellsTheBalance(t *testing.T) {
	for _, name := range dialects {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, name, "strict", nil)
			s.must(terminal.Transaction{Type: world.Sale, Amount: 2550})
			r := s.must(terminal.Transaction{Type: world.Inquiry})
			require.NotNil(t, r.Balance)
			assert.Equal(t, terminal.Balance{Amount: 100_000_00 - 2550, Currency: world.CNY}, *r.Balance)
			assert.Contains(t, r.Receipt.English(), "Balance: 99974.50 CNY\n")
			assert.Contains(t, r.Receipt.Chinese(), "余额：99974.50 CNY\n")
			assert.Nil(t, s.must(terminal.Transaction{Type: world.Sale, Amount: 100}).Balance)
		})
	}
}

// TestBalancesOfAHost reads what hosts write into DE 54.
func TestBalancesOfAHost(t *testing.T) {
	for text, want := range map[string]*terminal.Balance{
		"1002156C000000001234":                     {Amount: 1234, Currency: world.CNY},
		"1001156C000000000099":                     {Amount: 99, Currency: world.CNY},
		"1001156C0000000000991002156C000000001234": {Amount: 1234, Currency: world.CNY},
		"1002156D000000000500":                     {Amount: -500, Currency: world.CNY},
		"1040156C000000000500":                     nil, // cash
		"1002156X000000000500":                     nil,
		"1002156C00000000050":                      nil,
		"1002156C00000000050x":                     nil,
		"":                                         nil,
	} {
		d, _ := load(t, "iso87-ascii")
		h := host(t, d, func(k *call) { k.write(k.approval(map[int]string{54: text})) })
		s := newSite(t, "iso87-ascii", "strict", func(c *terminal.Config) { c.Hosts = []string{h.l.Addr().String()} })
		assert.Equal(t, want, s.must(terminal.Transaction{Type: world.Inquiry}).Balance, text)
	}
}

func TestASettlementPrintsItsTotals(t *testing.T) {
	s := newSite(t, "unionpay-pos", "strict", nil)
	s.must(terminal.Transaction{Type: world.Sale, Amount: 1000})
	sale := s.must(terminal.Transaction{Type: world.Sale, Amount: 2000})
	s.must(terminal.Transaction{Type: world.Refund, Amount: 500, Of: sale.Record.STAN})
	r := s.must(terminal.Transaction{Type: world.Settlement})
	assert.Equal(t, "balanced: 2 sales (30.00), 1 refunds (5.00)", r.Why.EN)
	assert.Contains(t, r.Receipt.English(), "Sales: 2, 30.00 CNY\nRefunds: 1, 5.00 CNY\n")
	assert.Contains(t, r.Receipt.English(), "Balanced\n")
	assert.Contains(t, r.Receipt.Chinese(), "消费：2笔 30.00 CNY\n退货：1笔 5.00 CNY\n")
	assert.Contains(t, r.Receipt.Chinese(), "对账平\n")
	assert.NotContains(t, s.must(saleOf1000).Receipt.English(), "Sales:")
}

// TestHints: what the terminal refuses by itself it explains, in both languages.
func TestHints(t *testing.T) {
	s := newSite(t, "iso87-bcd", "strict", nil)
	sale := s.must(saleOf1000).Record.STAN
	hold := s.must(terminal.Transaction{Type: world.PreAuth, Amount: 1000}).Record.STAN
	s.must(terminal.Transaction{Type: world.Void, Of: sale})
	s.must(terminal.Transaction{Type: world.Completion, Of: hold})
	for x, want := range map[terminal.Transaction]world.Bilingual{
		{Type: world.Void, Of: sale}:       {EN: "The transaction is undone already", ZH: "该交易已撤销"},
		{Type: world.Completion, Of: hold}: {EN: "The transaction is completed already", ZH: "该预授权已完成"},
		{Type: world.Void, Of: hold}:       {EN: "The transaction is a pre-auth: a void can't be about it", ZH: "该交易是预授权，不能做消费撤销"},
		{Type: world.Void, Of: 77}:         {EN: "No such trace number", ZH: "无此凭证号"},
	} {
		r := s.try(x)
		assert.Equal(t, terminal.NotPossible, r.Outcome)
		assert.Equal(t, want, r.Hint)
		assert.Contains(t, r.Receipt.Chinese(), want.ZH)
	}
	assert.Empty(t, s.must(saleOf1000).Hint)
}

// TestARefundOfAnEarlierDay names its original by trace, batch, day and RRN, which
// are on the customer's receipt.
func TestARefundOfAnEarlierDay(t *testing.T) {
	s := newSite(t, "unionpay-pos", "strict", nil)
	sale := s.must(saleOf1000).Record
	s.must(terminal.Transaction{Type: world.Settlement})
	require.Empty(t, s.State().Transactions)
	card := terminal.Card{PAN: world.Default().Cards["good"].PAN}
	r := s.must(terminal.Transaction{
		Type: world.Refund, Amount: 400, Card: card, Of: sale.STAN, Batch: sale.Batch, RRN: sale.RRN,
		On: time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC),
	})
	text, err := mustUnpack(t, s.d, r.Exchanges[0].Request).GetString(61)
	require.NoError(t, err)
	assert.Equal(t, "0000010000020314", text)
}

// TestMistakesAreSaidBeforeAnyContact: what no message can carry is no reason to
// sign on first, and uses no STAN.
func TestMistakesAreSaidBeforeAnyContact(t *testing.T) {
	s := newSite(t, "unionpay-pos", "strict", nil)
	card := terminal.Card{PAN: world.Default().Cards["good"].PAN, Expiry: "3012", PIN: "123456"}
	before := s.State()
	for what, x := range map[string]terminal.Transaction{
		"DE 4":     {Type: world.Sale, Amount: 1_000_000_000_000, Card: card},
		"STAN":     {Type: world.Refund, Amount: 100, Card: card, Of: 1_000_000, RRN: "123456789012"},
		"field 38": {Type: world.Completion, Amount: 100, Card: card, Approval: "1234567"},
		"tip":      {Type: world.Tip, Amount: 100, Tip: 200, Card: card, Of: 1},
	} {
		r, err := s.Do(t.Context(), x)
		var value *terminal.ValueError
		require.ErrorAs(t, err, &value, what)
		assert.ErrorContains(t, err, what)
		assert.Empty(t, r.Exchanges, what)
	}
	r := s.try(terminal.Transaction{Type: world.Refund, Amount: 100, Of: 77})
	assert.Equal(t, terminal.NotPossible, r.Outcome)
	assert.Equal(t, "there is no transaction 000077 in the batch", r.Why.EN)
	assert.Empty(t, r.Exchanges)
	assert.Equal(t, before, s.State())
}

func TestWhoTakesPINs(t *testing.T) {
	for _, name := range dialects {
		assert.Equal(t, name == "unionpay-pos", newSite(t, name, "strict", nil).TakesPIN(), name)
	}
	d, m := fromFile(t, "../dialect/testdata/dukpt.yaml")
	c := terminal.Config{Messages: m, Hosts: []string{"127.0.0.1:1"}, Terminal: pos, Merchant: merchant}
	x, err := terminal.New(c)
	require.NoError(t, err)
	assert.False(t, x.TakesPIN(), "no initial key was loaded")
	c.KSN = dukptSession(t, d, firstKSN).KSN
	c.Initial, err = security.InitialKey(security.DefaultBDK(), c.KSN)
	require.NoError(t, err)
	x, err = terminal.New(c)
	require.NoError(t, err)
	assert.True(t, x.TakesPIN())
}

// TestTheCardHasTheLastWord: a card that refuses at its second GENERATE AC undoes
// the approval, at the host too.
func TestTheCardHasTheLastWord(t *testing.T) {
	everyProfile(t, func(t *testing.T, name, prof string) {
		s := newSite(t, name, prof, nil)
		card, _ := inserted(t, world.DeriveNone)
		r := s.must(terminal.Transaction{Type: world.Sale, Amount: 1000, Card: card})
		require.NotNil(t, r.Second)
		assert.True(t, r.Second.Approves)
		assert.Contains(t, r.Receipt.English(), "TC: ")
		first := r.Second.Cryptogram

		card.Chip.Declines = true
		r = s.try(terminal.Transaction{Type: world.Sale, Amount: 1000, Card: card})
		assert.Equal(t, terminal.CardDeclined.String(), r.Outcome.String())
		assert.Equal(t, "AAC", r.Second.Kind())
		assert.NotEqual(t, first, r.Second.Cryptogram)
		assert.Contains(t, r.Receipt.Chinese(), "卡片拒绝交易")
		s.must(terminal.Transaction{Type: world.Sale, Amount: 2000})
		s.agree()
		assert.Equal(t, int64(3000), s.State().Totals.Sales.Amount)

		// What the issuer declines the card declines, too.
		card.Chip.Declines = false
		r = s.try(terminal.Transaction{Type: world.Sale, Amount: 99_999_999_999, Card: card})
		assert.Equal(t, terminal.Declined.String(), r.Outcome.String())
		assert.Equal(t, "AAC", r.Second.Kind())
	})
}

// TestAWrongARPCIsReversed: the host believes in a sale that the card refused.
func TestAWrongARPCIsReversed(t *testing.T) {
	s := newSite(t, "unionpay-pos", "strict", nil, func(o *simulator.Options) {
		withRules(t, first("{message.arpc: wrong}"))(o)
	})
	card, _ := inserted(t, world.DeriveNone)
	r := s.try(terminal.Transaction{Type: world.Sale, Amount: 1000, Card: card})
	assert.Equal(t, terminal.CardDeclined.String(), r.Outcome.String())
	assert.False(t, r.Second.Approves)
	require.Len(t, s.State().Pending, 1)
	assert.Equal(t, "06", s.State().Pending[0].Reason)
	s.must(saleOf1000)
	s.agree()
}
