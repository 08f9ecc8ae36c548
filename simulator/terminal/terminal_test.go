package terminal_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	honest "github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// site is a terminal with a host that has books to look into.
type site struct {
	t    *testing.T
	d    *dialect.Dialect
	book *ledger.Book
	c    terminal.Config
	*terminal.Terminal
}

func newSite(t *testing.T, name, prof string, change func(*terminal.Config), server ...func(*simulator.Options)) *site {
	t.Helper()
	d, m := load(t, name)
	book := ledger.New(ledger.Options{})
	h, err := honest.New(honest.Options{World: world.Default(), Book: book})
	require.NoError(t, err)
	o := simulator.Options{Host: h, Listeners: []simulator.Listener{{Address: "127.0.0.1:0", Dialect: d}}}
	for _, f := range server {
		f(&o)
	}
	running, err := simulator.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, running.Close()) })
	p, err := profile.Open(prof)
	require.NoError(t, err)
	p.Timeouts.Connect, p.Timeouts.Response = patience, patience
	p.Connecting.Backoff = time.Millisecond
	s := &site{t: t, d: d, book: book, c: terminal.Config{
		Messages: m, Profile: p, Hosts: []string{running.Addr(0).String()},
		Terminal: pos, Merchant: merchant, Store: &terminal.MemoryStore{},
	}}
	if change != nil {
		change(&s.c)
	}
	s.restart()
	return s
}

// restart makes the terminal anew, of what is stored.
func (s *site) restart() {
	s.t.Helper()
	if s.Terminal != nil {
		require.NoError(s.t, s.Close())
	}
	var err error
	s.Terminal, err = terminal.New(s.c)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = s.Close() })
}

func (s *site) try(x terminal.Transaction) *terminal.Result {
	s.t.Helper()
	if x.Card.PAN == "" && x.Of == 0 && x.Type.Financial() {
		card := world.Default().Cards["good"]
		x.Card = terminal.Card{PAN: card.PAN, Expiry: card.Expiry}
	}
	r, err := s.Do(s.t.Context(), x)
	require.NoError(s.t, err)
	bilingual(s.t, r)
	return r
}

func (s *site) must(x terminal.Transaction) *terminal.Result {
	s.t.Helper()
	r := s.try(x)
	require.Equal(s.t, "approved", r.Outcome.String(), "%s: %s %s", x.Type, r.Code, r.Why)
	return r
}

func (s *site) agree() {
	s.t.Helper()
	got, host := s.State().Totals, s.book.Terminal(pos).Totals
	assert.Equal(s.t, host.DebitCount, got.Sales.Count)
	assert.Equal(s.t, host.DebitAmount, got.Sales.Amount)
	assert.Equal(s.t, host.CreditCount, got.Refunds.Count)
	assert.Equal(s.t, host.CreditAmount, got.Refunds.Amount)
}

func everyProfile(t *testing.T, run func(t *testing.T, name, prof string)) {
	for _, name := range dialects {
		for _, prof := range profile.Names() {
			t.Run(name+"/"+prof, func(t *testing.T) {
				t.Parallel()
				run(t, name, prof)
			})
		}
	}
}

func TestATerminalsDay(t *testing.T) {
	everyProfile(t, func(t *testing.T, name, prof string) {
		s := newSite(t, name, prof, nil)
		s.must(terminal.Transaction{Type: world.SignOn})
		s.must(terminal.Transaction{Type: world.Echo})
		s.must(terminal.Transaction{Type: world.Inquiry})
		s.must(terminal.Transaction{Type: world.Sale, Amount: 500})
		sale := s.must(terminal.Transaction{Type: world.Sale, Amount: 1000})
		assert.Contains(t, sale.Receipt.Chinese(), "消费")
		assert.NotContains(t, sale.Receipt.English(), pan)
		s.must(terminal.Transaction{Type: world.Void, Of: sale.Record.STAN})
		assert.Equal(t, terminal.NotPossible, s.try(terminal.Transaction{Type: world.Void, Of: sale.Record.STAN}).Outcome)
		s.agree()
		sale = s.must(terminal.Transaction{Type: world.Sale, Amount: 2000})
		s.must(terminal.Transaction{Type: world.Refund, Of: sale.Record.STAN, Amount: 300})
		auth := s.must(terminal.Transaction{Type: world.PreAuth, Amount: 5000})
		s.must(terminal.Transaction{Type: world.Completion, Of: auth.Record.STAN, Amount: 4000})
		auth = s.must(terminal.Transaction{Type: world.PreAuth, Amount: 700})
		s.must(terminal.Transaction{Type: world.PreAuthVoid, Of: auth.Record.STAN})
		poor := s.try(terminal.Transaction{Type: world.Sale, Amount: 1000, Card: terminal.Card{PAN: world.Default().Cards["poor"].PAN}})
		assert.Equal(t, terminal.Declined, poor.Outcome)
		assert.Empty(t, s.State().Pending)
		s.must(terminal.Transaction{Type: world.OfflineSale, Amount: 900})
		s.agreeAfterSettlement("balanced")
	})
}

// agreeAfterSettlement settles, and looks at how it went.
func (s *site) agreeAfterSettlement(how string) {
	s.t.Helper()
	batch := s.State().Batch
	r := s.must(terminal.Transaction{Type: world.Settlement})
	assert.Contains(s.t, r.Why.EN, how)
	after := s.State()
	assert.Nil(s.t, after.Settling)
	assert.NotEqual(s.t, batch, after.Batch)
	s.must(terminal.Transaction{Type: world.Sale, Amount: 100})
	s.agree()
}

func TestABatchThatDoesNotBalanceIsUploaded(t *testing.T) {
	for _, name := range dialects {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, name, "strict", nil)
			s.must(terminal.Transaction{Type: world.Sale, Amount: 1000})
			s.must(terminal.Transaction{Type: world.Sale, Amount: 1100})
			store := s.c.Store.(*terminal.MemoryStore)
			state, err := store.Load()
			require.NoError(t, err)
			state.Transactions[0].Amount++
			require.NoError(t, store.Save(state))
			s.restart()
			s.agreeAfterSettlement("uploaded")
		})
	}
}

var errCut = errors.New("the power is cut")

// TestAPowerCutAtAnyPoint cuts the power at each point of a sale.
func TestAPowerCutAtAnyPoint(t *testing.T) {
	everyProfile(t, func(t *testing.T, name, prof string) {
		for _, point := range []terminal.Point{terminal.BeforeConnect, terminal.BeforeSend, terminal.AfterSend, terminal.AfterReply} {
			armed := false
			s := newSite(t, name, prof, func(c *terminal.Config) {
				c.At = func(p terminal.Point) error {
					if armed && p == point {
						return errCut
					}
					return nil
				}
			})
			s.must(terminal.Transaction{Type: world.Sale, Amount: 1000})
			armed = true
			_, err := s.Do(t.Context(), terminal.Transaction{Type: world.Sale, Amount: 2000, Card: terminal.Card{PAN: pan}})
			require.ErrorIs(t, err, errCut)
			_, err = s.Do(t.Context(), terminal.Transaction{Type: world.Sale, Amount: 2000, Card: terminal.Card{PAN: pan}})
			require.ErrorIs(t, err, errCut, "it is without power")
			armed = false
			s.restart()
			s.must(terminal.Transaction{Type: world.Sale, Amount: 3000})
			s.agree()
			assert.Empty(t, s.State().Pending)
			assert.Equal(t, int64(4000), s.State().Totals.Sales.Amount, point)
		}
	})
}

// cutting is a store whose n-th save is the last thing that happens.
type cutting struct {
	terminal.MemoryStore
	left  int
	after bool // the save itself is done
}

func (c *cutting) Save(s *terminal.State) error {
	c.left--
	if c.left == 0 {
		if c.after {
			if err := c.MemoryStore.Save(s); err != nil {
				return err
			}
		}
		return errCut
	}
	return c.MemoryStore.Save(s)
}

// TestAPowerCutAtAnyStateWrite cuts the power at each write of the state, once
// before and once after it.
func TestAPowerCutAtAnyStateWrite(t *testing.T) {
	for _, name := range dialects {
		t.Run(name, func(t *testing.T) {
			for _, after := range []bool{false, true} {
				for n := 1; n < 100; n++ {
					if !cutAt(t, name, n, after) {
						require.Greater(t, n, 15)
						break
					}
				}
			}
		})
	}
}

// cutAt works through a small day with one power cut; false: the day was over
// before it.
func cutAt(t *testing.T, name string, n int, after bool) bool {
	store := &cutting{left: n, after: after}
	s := newSite(t, name, "strict", func(c *terminal.Config) { c.Store = store })
	cut := false
	for _, x := range []terminal.Transaction{
		{Type: world.Sale, Amount: 1000, Card: terminal.Card{PAN: pan}},
		{Type: world.OfflineSale, Amount: 900, Card: terminal.Card{PAN: pan}},
		{Type: world.Sale, Amount: 1100, Card: terminal.Card{PAN: pan}},
		{Type: world.Settlement},
		{Type: world.Sale, Amount: 1200, Card: terminal.Card{PAN: pan}},
		{Type: world.Settlement},
	} {
		_, err := s.Do(t.Context(), x)
		if err != nil {
			require.ErrorIs(t, err, errCut)
			cut = true
			s.restart()
			s.must(terminal.Transaction{Type: world.Inquiry})
			if x.Type != world.Settlement {
				s.agreeBut(x)
			}
		}
	}
	store.left = 0 // from here on the power stays
	s.must(terminal.Transaction{Type: world.Sale, Amount: 100})
	s.agree()
	return cut
}

// agreeBut is agree where an offline sale may be one that the host was not
// told of yet.
func (s *site) agreeBut(terminal.Transaction) {
	s.t.Helper()
	if len(s.State().Advices) == 0 {
		s.agree()
	}
}

func TestStateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	f, err := terminal.OpenFile(path)
	require.NoError(t, err)
	_, err = terminal.OpenFile(path)
	require.ErrorIs(t, err, terminal.ErrInUse)
	s := newSite(t, "unionpay-pos", "strict", func(c *terminal.Config) { c.Store = f })
	s.must(terminal.Transaction{Type: world.Sale, Amount: 1000})
	require.NoError(t, f.Close())
	f, err = terminal.OpenFile(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	s.c.Store = f
	before := s.State()
	s.restart()
	assert.Equal(t, len(before.Transactions), len(s.State().Transactions))
	r := s.must(terminal.Transaction{Type: world.Sale, Amount: 100})
	assert.Len(t, r.Exchanges, 1, "the keys are still there")
	s.agree()
}

func FuzzParseState(f *testing.F) {
	f.Add([]byte(`{"version":1,"stan":3,"transactions":[{"type":"sale","amount":100,"currency":"CNY"}]}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := terminal.ParseState(b)
		if (s == nil) == (err == nil) {
			t.Errorf("state %v, error %v", s, err)
		}
	})
}
