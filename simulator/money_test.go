package simulator_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
)

// kinds are how each dialect's messages differ from a sale. {o} stands for the
// STAN of what they are about.
var kinds = map[string]map[string]fields{
	"iso87-ascii":  iso87Kinds,
	"iso87-bcd":    iso87Kinds,
	"unionpay-pos": unionPayKinds,
}

const originalSale, originalRest = "0200{o}", "11231000000000000000000000000000"

var iso87Kinds = map[string]fields{
	"cash":              {3: "010000"},
	"cash-back":         {3: "090000", 54: "0040156D000000000400"},
	"pre-auth":          {0: "0100", 25: "06"},
	"pre-auth-void":     {0: "0100", 3: "020000", 25: "06"},
	"completion":        {25: "06"},
	"completion-advice": {0: "0220", 25: "06"},
	"completion-void":   {3: "020000", 25: "06", 90: originalSale + originalRest},
	"offline-sale":      {0: "0220"},
	"void":              {3: "020000", 90: originalSale + originalRest},
	"adjustment":        {0: "0220", 3: "020000", 90: originalSale + originalRest},
	"tip":               {0: "0220", 3: "020000", 54: "000000000150", 90: originalSale + originalRest},
	"sale":              {},
}

var unionPayKinds = map[string]fields{
	"pre-auth":          {0: "0100", 3: "030000", 25: "06", 60: "10000001000"},
	"pre-auth-void":     {0: "0100", 3: "200000", 25: "06", 60: "11000001000", 61: "0000000000001123"},
	"completion":        {25: "06", 60: "20000001000", 61: "0000000000001123"},
	"completion-advice": {0: "0220", 25: "06", 60: "24000001000", 61: "0000000000001123"},
	"completion-void":   {3: "200000", 25: "06", 60: "21000001000", 61: "000001{o}1123"},
	"offline-sale":      {0: "0220", 60: "30000001000"},
	"void":              {3: "200000", 60: "23000001000", 61: "000001{o}"},
	"adjustment":        {0: "0220", 60: "32000001000", 61: "000001{o}1123"},
	"tip":               {0: "0220", 60: "34000001000", 61: "000001{o}1123"},
	"sale":              {},
}

// send sends a message of a kind about the transaction with a STAN, and returns
// the reply and its own STAN.
func (p *pos) send(kind string, about int, changes fields) (*iso8583.Message, int) {
	p.t.Helper()
	all := fields{}
	base, ok := kinds[wording(p.d)][kind]
	require.True(p.t, ok, kind)
	for n, v := range base {
		all[n] = v
	}
	for n, v := range changes {
		all[n] = v
	}
	return p.do("sale", about, all), p.stan
}

// reverse sends the reversal of a message of a kind, as the dialect has it:
// under a STAN of its own with DE 90, or with what the message itself said.
func (p *pos) reverse(kind string, about int, amount string) *iso8583.Message {
	p.t.Helper()
	base := kinds[wording(p.d)][kind]
	all := fields{0: "0400", 3: base[3], 4: amount, 25: base[25], 39: "98", 90: ""}
	for _, n := range []int{3, 25} {
		if all[n] == "" {
			all[n] = map[int]string{3: "000000", 25: "00"}[n]
		}
	}
	switch wording(p.d) {
	case "unionpay-pos":
		all[11], all[60] = "{o}", base[60]
		if base[60] == "" {
			all[60] = "22000001000"
		}
	case "iso87-bcd":
		all[11] = "{o}"
	default:
		all[90] = originalSale + originalRest
		if base[0] != "" {
			all[90] = base[0] + "{o}" + originalRest
		}
	}
	return p.do("sale", about, all)
}

func replies(t *testing.T, m *iso8583.Message, mti, code, what string) {
	t.Helper()
	got, err := m.GetMTI()
	require.NoError(t, err)
	assert.Equal(t, mti, got, what)
	assert.Equal(t, code, get(t, m, 39), what)
}

func TestPreAuthorisationsOnTheWire(t *testing.T) {
	everyDialect(t, func(t *testing.T, s *simulator.Server, p *pos) {
		before := balance(t, p)
		available := func(want int64, what string) {
			t.Helper()
			assert.Equal(t, want, balance(t, p)-before, what)
		}
		m, auth := p.send("pre-auth", 0, nil)
		replies(t, m, "0110", "00", "pre-authorisation")
		code := fields{38: get(t, m, 38)}
		require.Len(t, code[38], 6)
		available(-1000, "held")

		m, _ = p.send("pre-auth-void", 0, fields{38: "999999"})
		replies(t, m, "0110", "25", "void of what is not there")
		m, void := p.send("pre-auth-void", 0, code)
		replies(t, m, "0110", "00", "void")
		available(0, "void")
		replies(t, p.reverse("pre-auth-void", void, "000000001000"), "0410", "00", "reversal of the void")
		available(-1000, "held again")

		m, done := p.send("completion", 0, fields{4: "000000000600", 38: code[38]})
		replies(t, m, "0210", "00", "completion")
		available(-600, "completed")
		m, _ = p.send("completion", 0, code)
		replies(t, m, "0210", "12", "a second completion")
		replies(t, p.reverse("pre-auth", auth, "000000001000"), "0410", "12", "reversal of what is completed")

		m, undone := p.send("completion-void", done, fields{4: "000000000600"})
		replies(t, m, "0210", "00", "void of the completion")
		available(-1000, "held again")
		replies(t, p.reverse("completion-void", undone, "000000000600"), "0410", "00", "reversal of that")
		available(-600, "completed again")
		replies(t, p.reverse("completion", done, "000000000600"), "0410", "00", "reversal of the completion")
		available(-1000, "held again")
		replies(t, p.reverse("completion", done, "000000000600"), "0410", "00", "once more")
		available(-1000, "held as before")

		m, _ = p.send("completion-advice", 0, fields{4: "000000000900", 38: code[38]})
		replies(t, m, "0230", "00", "completion advice")
		p.stan--
		m, _ = p.send("completion-advice", 0, fields{0: "0221", 4: "000000000900", 38: code[38]})
		replies(t, m, "0230", "00", "its repeat")
		available(-900, "completed once")

		m, auth = p.send("pre-auth", 0, nil)
		replies(t, m, "0110", "00", "another")
		available(-1900, "held")
		replies(t, p.reverse("pre-auth", auth, "000000001000"), "0410", "00", "reversal of the pre-authorisation")
		available(-900, "released")

		all := events(t, s, func(e transcript.Event) bool { return e.Type == world.Completion && e.Kind == transcript.Decided })
		last := all[len(all)-1]
		require.Len(t, last.Postings, 1)
		assert.Equal(t, int64(600), last.Postings[0].Amount)
	})
}

func TestAdvicesOnTheWire(t *testing.T) {
	everyDialect(t, func(t *testing.T, _ *simulator.Server, p *pos) {
		before := balance(t, p)
		m, sale := p.send("offline-sale", 0, fields{38: "654321"})
		replies(t, m, "0230", "00", "offline sale")
		assert.Equal(t, "654321", get(t, m, 38))
		p.stan--
		m, _ = p.send("offline-sale", 0, fields{0: "0221", 38: "654321"})
		replies(t, m, "0230", "00", "its repeat")
		assert.Equal(t, before-1000, balance(t, p))

		// It was a 0220.
		about := func(amount string) fields {
			if p.d.Name() == "unionpay-pos" {
				return fields{4: amount}
			}
			return fields{4: amount, 90: "0220{o}" + originalRest}
		}
		m, tip := p.send("tip", sale, about("000000001150"))
		replies(t, m, "0230", "00", "tip")
		p.stan = tip - 1
		again := about("000000001150")
		again[0] = "0221"
		m, _ = p.send("tip", sale, again)
		replies(t, m, "0230", "00", "its repeat")
		assert.Equal(t, before-1150, balance(t, p))
		m, _ = p.send("adjustment", sale, about("000000000800"))
		replies(t, m, "0230", "00", "adjustment")
		assert.Equal(t, before-800, balance(t, p))
		m, _ = p.send("adjustment", 999_000, fields{4: "000000000800"})
		replies(t, m, "0230", "25", "adjustment of what is not there")

		m, void := p.send("void", sale, about("000000000800"))
		replies(t, m, "0210", "00", "void of what it came to")
		assert.Equal(t, before, balance(t, p))
		replies(t, p.reverse("void", void, "000000000800"), "0410", "00", "reversal of that")
		assert.Equal(t, before-800, balance(t, p))
		replies(t, p.reverse("offline-sale", sale, "000000000800"), "0410", "00", "reversal of the offline sale")
		assert.Equal(t, before, balance(t, p))

		replies(t, p.do("refund", 999_000, fields{0: "0220"}), "0230", "00", "refund by advice")
		p.stan--
		replies(t, p.do("refund", 999_000, fields{0: "0221"}), "0230", "00", "its repeat")
		assert.Equal(t, before+1000, balance(t, p))
	})
}

func TestCashOnTheWire(t *testing.T) {
	for _, name := range []string{"iso87-ascii", "iso87-bcd"} {
		t.Run(name, func(t *testing.T) {
			s := start(t, name)
			p := dial(t, s, name)
			before := balance(t, p)
			m, cash := p.send("cash", 0, nil)
			replies(t, m, "0210", "00", "cash")
			replies(t, p.reverse("cash", cash, "000000001000"), "0410", "00", "its reversal")
			assert.Equal(t, before, balance(t, p))

			m, _ = p.send("cash-back", 0, fields{54: "0040156D000000001001"})
			replies(t, m, "0210", "13", "more cash than amount")
			m, _ = p.send("cash-back", 0, fields{54: "0001156C000000000400"})
			replies(t, m, "0210", "13", "an amount that is not cash")
			m, sale := p.send("cash-back", 0, nil)
			replies(t, m, "0210", "00", "goods and cash")
			assert.Equal(t, before-1000, balance(t, p))
			all := events(t, s, func(e transcript.Event) bool { return e.Type == world.CashBack && len(e.Postings) > 0 })
			postings := all[len(all)-1].Postings
			require.Len(t, postings, 2, "goods, and cash")
			assert.Equal(t, []int64{600, 400}, []int64{postings[0].Amount, postings[1].Amount})
			m, _ = p.send("void", sale, nil)
			replies(t, m, "0210", "00", "void of both")
			assert.Equal(t, before, balance(t, p))
		})
	}
}

// TestAHoldOutlivesAKillAndExpires on the business clock.
func TestAHoldOutlivesAKillAndExpires(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	clock := func(o *simulator.Options) { o.Now = func() time.Time { return now } }
	s := start(t, "unionpay-pos", withHost(t, world.Default(), dir), clock)
	p := dial(t, s, "unionpay-pos")
	before := balance(t, p)
	m, _ := p.send("pre-auth", 0, nil)
	code := fields{4: "000000000500", 38: get(t, m, 38)}
	m, _ = p.send("pre-auth", 0, nil)
	other := fields{4: "000000000500", 38: get(t, m, 38)}
	require.Equal(t, before-2000, balance(t, p))

	killed := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.CopyFS(killed, os.DirFS(dir)))
	now = now.AddDate(0, 0, 29)
	s = start(t, "unionpay-pos", withHost(t, world.Default(), killed), clock)
	p = dial(t, s, "unionpay-pos")
	p.stan = 100
	assert.Equal(t, before-2000, balance(t, p))
	m, _ = p.send("completion", 0, code)
	replies(t, m, "0210", "00", "completion after the kill")
	assert.Equal(t, before-1500, balance(t, p))

	// The clock has moved on when the next server starts.
	again := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.CopyFS(again, os.DirFS(killed)))
	now = now.AddDate(0, 0, 1)
	s = start(t, "unionpay-pos", withHost(t, world.Default(), again), clock)
	p = dial(t, s, "unionpay-pos")
	p.stan = 200
	assert.Equal(t, before-500, balance(t, p), "released")
	m, _ = p.send("completion", 0, other)
	replies(t, m, "0210", "25", "too late")
	all := events(t, s, ofKind(transcript.Note))
	assert.Equal(t, "holds of pre-authorisations that expired and were released: 1", all[len(all)-1].Text)
}
