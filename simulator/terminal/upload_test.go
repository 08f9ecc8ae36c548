package terminal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/journal"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// uploading is a site whose terminal has 21 transactions in its batch, one of
// them with a cent too much.
type uploading struct {
	*site
	journal *journal.Journal
	store   *cutting
	points  int // at the last of them the power is cut; 0: it stays
	chip    uint32
	wrong   uint32 // STAN of the transaction with the cent
}

func newUploading(t *testing.T, name string) *uploading {
	u := &uploading{journal: journal.New(journal.Options{}), store: &cutting{}}
	u.site = newSite(t, name, "strict", func(c *terminal.Config) {
		c.Store = u.store
		c.At = func(terminal.Point) error {
			if u.points--; u.points == 0 {
				return errCut
			}
			return nil
		}
	}, func(o *simulator.Options) { o.Journal = u.journal })
	t.Cleanup(func() { require.NoError(t, u.journal.Close(t.Context())) })
	first := u.must(terminal.Transaction{Type: world.Sale, Amount: 1000}).Record.STAN
	u.must(terminal.Transaction{Type: world.Refund, Of: first, Amount: 300})
	u.must(terminal.Transaction{Type: world.OfflineSale, Amount: 900})
	for n := range 18 {
		r := u.must(terminal.Transaction{Type: world.Sale, Amount: int64(100 + n)})
		u.chip = r.Record.STAN
	}
	state, err := u.store.Load()
	require.NoError(t, err)
	for i := range state.Transactions {
		if x := &state.Transactions[i]; x.STAN == u.chip {
			x.Entry = "052"
		}
	}
	u.wrong = state.Transactions[7].STAN
	state.Transactions[7].Amount++
	require.NoError(t, u.store.Save(state))
	u.restart()
	return u
}

// settle settles, cut short or not, until the batch is closed. It reports
// whether the power was cut.
func (u *uploading) settle() (r *terminal.Result, cut bool) {
	u.t.Helper()
	r, err := u.Do(u.t.Context(), terminal.Transaction{Type: world.Settlement})
	if cut = err != nil; cut {
		require.ErrorIs(u.t, err, errCut)
		u.store.left, u.points = 0, 0
		u.restart()
		if batch := u.State().Batch; batch == 1 {
			r = u.must(terminal.Transaction{Type: world.Settlement})
		}
	}
	u.store.left, u.points = 0, 0
	assert.EqualValues(u.t, 2, u.State().Batch)
	return r, cut
}

// uploads are what the host decided about the messages of the upload, and the
// differences that it found.
func (u *uploading) uploads() (why, differences []string) {
	events, _ := u.journal.Since(0, 0)
	for i := range events {
		switch e := &events[i]; {
		case e.Kind == transcript.Decided && (e.Type == world.BatchUpload || e.Type == world.BatchEnd || e.Type == world.SettlementEnd):
			why = append(why, e.Why)
		case e.Kind == transcript.Difference:
			differences = append(differences, fmt.Sprintf("%06d %s", e.STAN, e.Text))
		}
	}
	return why, differences
}

func TestUploadsComeInBlocks(t *testing.T) {
	u := newUploading(t, "unionpay-pos")
	r, _ := u.settle()
	assert.Contains(t, r.Why.EN, "uploaded")
	why, differences := u.uploads()
	require.Len(t, why, 7)
	assert.Equal(t, []string{"8 records received; 1 difference", "8 records received", "2 records received",
		"1 record received", "1 record received", "1 record received"}, why[:6],
		"18 sales in blocks; the refund, the offline sale and the chip's by themselves")
	assert.Contains(t, why[6], "20 agree, 0 missing at the host, 0 missing at the terminal, 0 undone at the host, 1 differ otherwise")
	require.Len(t, differences, 2)
	assert.Contains(t, differences[0], "out of balance: the terminal has 20 sales of 38.54, 1 refund of 3.00")
	assert.Equal(t, fmt.Sprintf("%06d other amount: 1.05 at the terminal, 1.04 at the host", u.wrong), differences[1])
	u.must(terminal.Transaction{Type: world.Sale, Amount: 100})
	u.agree()

	one := newUploading(t, "iso87-bcd")
	one.settle()
	why, _ = one.uploads()
	assert.Len(t, why, 22, "NAC's are one transaction each")
}

func TestABlockHoldsSoMany(t *testing.T) {
	d, m := load(t, "unionpay-pos")
	p := withOriginal(10)
	for n := range uint32(7) {
		more := withOriginal(11 + n)
		more.Amount += int64(n)
		p.Block = append(p.Block, more)
	}
	r, err := m.Request(world.BatchUpload, p, nil)
	require.NoError(t, err)
	records, err := d.UploadRecords(nil, readBack(t, d, r))
	require.NoError(t, err)
	require.Len(t, records, 8)
	for i, r := range records {
		assert.EqualValues(t, 10+i, r.STAN)
		assert.Equal(t, pan, r.Card.Clear())
		assert.EqualValues(t, 1000+max(i-1, 0), r.Amount)
	}
	p.Block = append(p.Block, withOriginal(18))
	_, err = m.Request(world.BatchUpload, p, nil)
	require.ErrorContains(t, err, "a message holds 8 of them at most, not 9")
	p.Block = []terminal.Params{params(5)}
	_, err = m.Request(world.BatchUpload, p, nil)
	var missing *terminal.MissingError
	require.ErrorAs(t, err, &missing, "a record without its STAN")
	_, single := load(t, "iso87-bcd")
	p.Block = []terminal.Params{withOriginal(11)}
	_, err = single.Request(world.BatchUpload, p, nil)
	require.ErrorContains(t, err, "a message holds 1 of them at most, not 2")
}

// TestAPowerCutAtAnyPointOfAnUpload cuts the power at each write of the state,
// before and after it, and at each point of each exchange: every transaction is
// compared, and counted once.
func TestAPowerCutAtAnyPointOfAnUpload(t *testing.T) {
	cuts := map[string]func(u *uploading, n int){
		"before a write": func(u *uploading, n int) { u.store.left, u.store.after = n, false },
		"after a write":  func(u *uploading, n int) { u.store.left, u.store.after = n, true },
		"in an exchange": func(u *uploading, n int) { u.points = n },
	}
	for name, arm := range cuts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				u := newUploading(t, "unionpay-pos")
				arm(u, n)
				_, cut := u.settle()
				why, differences := u.uploads()
				assert.Contains(t, strings.Join(why, "\n"), "ended: 20 agree, 0 missing at the host, 0 missing at the terminal, 0 undone at the host, 1 differ otherwise", n)
				other := 0
				for _, d := range differences {
					assert.NotContains(t, d, "missing", n)
					if strings.Contains(d, "other amount") {
						other++
					}
				}
				assert.Equal(t, 1, other, n)
				u.must(terminal.Transaction{Type: world.Sale, Amount: 100})
				u.agree()
				if !cut {
					require.Greater(t, n, 12)
					return
				}
			}
		})
	}
}
