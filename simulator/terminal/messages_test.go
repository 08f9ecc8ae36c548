package terminal_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/terminal"
)

func mustUnpack(t testing.TB, d *dialect.Dialect, r *terminal.Request) *iso8583.Message {
	t.Helper()
	m, err := d.Unpack(r.Body)
	require.NoError(t, err)
	return m
}

// everyType are the transactions that every embedded dialect has words for.
var everyType = []world.TransactionType{
	world.Inquiry, world.Sale, world.Void, world.Refund, world.Reversal, world.SignOn, world.SignOff, world.Echo,
	world.PreAuth, world.PreAuthVoid, world.Completion, world.CompletionVoid, world.CompletionAdvice,
	world.OfflineSale, world.Adjustment, world.Tip,
	world.Settlement, world.BatchUpload,
}

// otherTypes are those that only some dialects have words for.
var otherTypes = map[string][]world.TransactionType{
	"iso87-ascii":  {world.Cash, world.CashBack, world.SettlementEnd},
	"iso87-bcd":    {world.Cash, world.CashBack, world.SettlementEnd},
	"iso87-ebcdic": {world.Cash, world.CashBack, world.SettlementEnd},
	"unionpay-pos": {world.BatchEnd, world.ScriptResult, world.StatusUpload, world.ParameterDownload, world.ParameterEnd},
	"iso93-ascii":  {world.Cash, world.CashBack, world.SettlementEnd},
}

func TestEveryMessageIsTakenForWhatItIs(t *testing.T) {
	for _, name := range dialects {
		d, m := load(t, name)
		assert.ElementsMatch(t, slices.Concat(everyType, otherTypes[wording(name)]), m.Types(), name)
		for _, is := range m.Types() {
			t.Run(name+"/"+is.String(), func(t *testing.T) {
				p := params(7)
				p.Original.STAN, p.Approval, p.Cash, p.Tip = 5, "654321", 300, 200
				r, err := m.Request(is, p, nil)
				require.NoError(t, err)
				req := readBack(t, d, r)
				assert.Equal(t, is, req.Type)
				if is != world.Echo || name != "iso87-bcd" {
					assert.Equal(t, pos, req.Terminal.String())
				}
				if is != world.Reversal {
					assert.Equal(t, uint32(7), req.STAN)
				}
				if is.Financial() {
					assert.Equal(t, pan, req.Card.Clear())
					assert.Equal(t, world.CNY, req.Currency)
				}
				switch is {
				case world.PreAuthVoid, world.Completion, world.CompletionAdvice:
					assert.Equal(t, "654321", req.Original.Approval.String())
				case world.Void, world.Reversal, world.CompletionVoid, world.Adjustment, world.Tip:
					assert.Equal(t, uint32(5), req.Original.STAN)
				case world.CashBack:
					assert.Equal(t, int64(300), req.Cash)
					assert.Equal(t, world.CNY, req.CashIn)
				}
				if is == world.SignOn && name == "unionpay-pos" {
					_, ok := d.KeyDownload(req)
					assert.True(t, ok)
				}
			})
		}
	}
}

func TestAReversalRepeatsWhatItReverses(t *testing.T) {
	d, m := load(t, "unionpay-pos")
	p := params(9)
	p.Original = terminal.Original{Type: world.Void, STAN: 5, Batch: 3}
	r, err := m.Request(world.Reversal, p, nil)
	require.NoError(t, err)
	msg := mustUnpack(t, d, r)
	for n, want := range map[int]string{3: "200000", 11: "000005", 39: "98", 60: "23000003000"} {
		got, err := msg.GetString(n)
		require.NoError(t, err)
		assert.Equal(t, want, got, n)
	}

	d, m = load(t, "iso87-ascii")
	p.Original = terminal.Original{STAN: 5}
	p.Repeat = true
	r, err = m.Request(world.Reversal, p, nil)
	require.NoError(t, err)
	msg = mustUnpack(t, d, r)
	got, err := msg.GetString(90)
	require.NoError(t, err)
	assert.Equal(t, "0200000005"+strings.Repeat("0", 32), got)
	mti, err := msg.GetMTI()
	require.NoError(t, err)
	assert.Equal(t, "0401", mti)
}

func TestFieldsCanBeReplacedAndRemoved(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	p := params(1)
	p.Fields = map[int]string{0: "0100", 25: "06", 42: "", 52: "0123456789ABCDEF"}
	r, err := m.Request(world.Sale, p, nil)
	require.NoError(t, err)
	req := readBack(t, d, r)
	assert.Equal(t, uint16(100), req.MTI)
	assert.True(t, req.Merchant.IsZero())
	assert.Equal(t, []byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF}, req.PINBlock)

	p.Fields = map[int]string{3: "no digits"}
	_, err = m.Request(world.Sale, p, nil)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "3")
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	_, m := load(t, "iso87-ascii")
	_, err := m.Request(world.Void, terminal.Params{Terminal: pos, Merchant: merchant, STAN: 1}, nil)
	var missing *terminal.MissingError
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, [][]string{{"card"}, {"amount"}, {"rrn", "original_stan"}}, missing.Missing)
	assert.Equal(t, "terminal: void needs card, amount, rrn or original_stan", err.Error())

	_, err = m.Request(world.ESignature, params(1), nil)
	var unknown *terminal.UnknownTypeError
	require.ErrorAs(t, err, &unknown)
	assert.Contains(t, err.Error(), "sale")

	for name, change := range map[string]func(*terminal.Params){
		"amount":   func(p *terminal.Params) { p.Amount = 1e12 },
		"negative": func(p *terminal.Params) { p.Amount = -1 },
		"STAN":     func(p *terminal.Params) { p.STAN = 1_000_000 },
		"batch":    func(p *terminal.Params) { p.Batch = 1_000_000 },
		"currency": func(p *terminal.Params) { p.Currency = 1000 },
	} {
		p := params(1)
		change(&p)
		_, err := m.Request(world.Sale, p, nil)
		assert.Error(t, err, name)
	}
}

// TestUserDialects: one that resembles an embedded dialect gets its messages.
func TestUserDialects(t *testing.T) {
	for _, name := range dialect.Names() {
		src, err := dialect.Source(name)
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "mine.yaml")
		src = []byte(strings.Replace(string(src), "name: "+name, "name: mine", 1))
		require.NoError(t, os.WriteFile(file, src, 0o600))
		d, err := dialect.LoadFile(file)
		require.NoError(t, err)
		require.Equal(t, "mine", d.Name())
		m, err := terminal.MessagesFor(d)
		require.NoError(t, err)
		like := strings.Replace(wording(name), "ebcdic", "ascii", 1) // they say the same
		assert.Equal(t, like+".yaml", m.Source())
	}
	d, err := dialect.Load("iso87-ascii/binary2")
	require.NoError(t, err)
	m, err := terminal.MessagesFor(d)
	require.NoError(t, err)
	assert.Equal(t, "iso87-ascii.yaml", m.Source(), "a variant differs in its frame only")
}

func TestMistakesInAFileOfMessages(t *testing.T) {
	d, _ := load(t, "iso87-ascii")
	for name, c := range map[string]struct{ src, want string }{
		"a misspelt value":             {`{messages: {sale: {mti: "0200", fields: {"4": "{amuont}"}}}}`, "did you mean `amount`?"},
		"a misspelt type":              {`{messages: {sael: {mti: "0200", fields: {"4": "1"}}}}`, "did you mean `sale`?"},
		"a misspelt need":              {`{messages: {sale: {mti: "0200", needs: ["rrn|crad"], fields: {}}}}`, "did you mean `card`?"},
		"a bad brace":                  {`{messages: {sale: {mti: "0200", fields: {"4": "1}"}}}}`, "without its partner"},
		"records of no block":          {`{messages: {batch-upload: {mti: "0320", fields: {"48": "{records}"}}}}`, "{records} repeats a record that is not given"},
		"a block that is sent nowhere": {`{messages: {batch-upload: {mti: "0320", block: {most: 8, record: "{stan}"}, fields: {"48": "{stan}"}}}}`, "no field has {records} in it"},
		"a block of too many":          {`{messages: {batch-upload: {mti: "0320", block: {most: 100, record: "{stan}"}, fields: {"48": "{records}"}}}}`, "one message holds 1 to 99 transactions, not 100"},
		"a record with a bad brace":    {`{messages: {batch-upload: {mti: "0320", block: {most: 8, record: "{stan"}, fields: {"48": "{records}"}}}}`, "without its partner"},
		"a record of records":          {`{messages: {batch-upload: {mti: "0320", block: {most: 8, record: "{records}"}, fields: {"48": "{records}"}}}}`, "a record holds values of its own transaction"},
		"an open brace":                {`{messages: {sale: {mti: "0200", fields: {"4": "{amount"}}}}`, "without its partner"},
		"a bad field":                  {`{messages: {sale: {mti: "0200", fields: {"129": "1"}}}}`, "no field number"},
		"a bad original":               {`{messages: {sale: {mti: "0200", fields: {"4": "{original.x}"}}}}`, "names no field"},
		"a number as MTI":              {`{messages: {sale: {mti: 0200, fields: {}}}}`, "mti"},
		"a short MTI":                  {`{messages: {sale: {mti: "200", fields: {}}}}`, "4 digits"},
		"a short TPDU":                 {`{tpdu: "6000", messages: {}}`, "TPDU has 5 bytes"},
		"no hexadecimal":               {`{header: "6x", messages: {}}`, "hexadecimal"},
		"an unknown key":               {`{mesages: {}}`, "did you mean `messages`?"},
		"no message":                   {`{dialect: iso87-ascii}`, "there are no messages"},
		"an unknown base":              {`{based_on: iso87-asci}`, "did you mean `iso87-ascii`?"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := terminal.ParseMessages(d, "m.yaml", []byte(c.src))
			var found strictyaml.Problems
			require.ErrorAs(t, err, &found)
			assert.Contains(t, err.Error(), c.want)
			assert.Contains(t, err.Error(), "m.yaml:1:")
		})
	}
	_, err := terminal.LoadMessages(d, filepath.Join(t.TempDir(), "none.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAUsersFileOfMessages(t *testing.T) {
	d, _ := load(t, "iso87-bcd")
	file := filepath.Join(t.TempDir(), "m.yaml")
	require.NoError(t, os.WriteFile(file, []byte(
		`{tpdu: "6800120034", messages: {sale: {mti: "0200", needs: [amount], fields: {"3": "003000", "4": "{amount}", "11": "{stan}"}}}}`), 0o600))
	m, err := terminal.LoadMessages(d, file)
	require.NoError(t, err)
	r := sale(t, m, 3)
	assert.Equal(t, []byte{0x68, 0x00, 0x12, 0x00, 0x34}, r.Frame[2:7])
	assert.Equal(t, uint32(3000), readBack(t, d, r).Processing)
}

// TestAnyValuesMakeAReadableMessage or an error, never a message that says
// something else.
func TestAnyValuesMakeAReadableMessage(t *testing.T) {
	for _, name := range dialects {
		d, m := load(t, name)
		rapid.Check(t, func(rt *rapid.T) {
			p := terminal.Params{
				Terminal: rapid.StringMatching(`[0-9A-Z]{1,8}`).Draw(rt, "terminal"),
				Merchant: rapid.StringMatching(`[0-9A-Z]{1,15}`).Draw(rt, "merchant"),
				Card: terminal.Card{
					PAN:    rapid.StringMatching(`[0-9]{12,19}`).Draw(rt, "pan"),
					Expiry: rapid.StringMatching(`([0-9]{2}(0[1-9]|1[0-2]))?`).Draw(rt, "expiry"),
				},
				HasAmount: true, Amount: rapid.Int64Range(0, 999_999_999_999).Draw(rt, "amount"),
				Currency: world.Currency(rapid.Uint16Range(0, 999).Draw(rt, "currency")),
				STAN:     rapid.Uint32Range(1, 999_999).Draw(rt, "stan"),
				Batch:    rapid.Uint32Range(1, 999_999).Draw(rt, "batch"),
				Original: terminal.Original{STAN: rapid.Uint32Range(1, 999_999).Draw(rt, "original")},
				Approval: rapid.StringMatching(`[0-9A-Z]{6}`).Draw(rt, "approval"),
			}
			p.Tip = min(p.Amount, 1)
			is := rapid.SampledFrom(everyType).Draw(rt, "type")
			if is == world.Tip && p.Tip == 0 {
				is = world.Adjustment
			}
			r, err := m.Request(is, p, nil)
			if err != nil {
				rt.Fatalf("%s: %v", is, err)
			}
			f, _, err := d.Format().Cut(r.Frame, 0)
			if err != nil {
				rt.Fatal(err)
			}
			var req dialect.Request
			if err := d.Read(f, &req); err != nil {
				rt.Fatal(err)
			}
			if req.Type != is {
				rt.Fatalf("%s is taken for %s", is, req.Type)
			}
			if is == world.Sale && (req.Amount != p.Amount || req.Card.Clear() != p.Card.PAN || req.STAN != p.STAN || req.Terminal.String() != p.Terminal) {
				rt.Fatalf("%+v became amount %d, STAN %d, terminal %s", p, req.Amount, req.STAN, req.Terminal.String())
			}
		})
	}
}

func TestACardNeverPrintsItself(t *testing.T) {
	c := terminal.Card{PAN: pan, Track2: pan + "=3012", PIN: "483920"}
	p := params(1)
	p.Card = c
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "card", c)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %x %q", c, c, c, c, c, c), fmt.Sprintf("%+v", p), log.String()} {
		assert.NotContains(t, text, pan)
		assert.NotContains(t, text, "483920")
		assert.Contains(t, text, "622202******0000")
	}
}

// TestAFileOfMessagesBasedOnAnother has what it says, and the rest from there.
func TestAFileOfMessagesBasedOnAnother(t *testing.T) {
	d, all := load(t, "iso87-bcd")
	m, err := terminal.ParseMessages(d, "m.yaml", []byte(
		`{based_on: iso87-bcd, messages: {sale: {mti: "0200", fields: {"3": "009900", "4": "{amount}", "11": "{stan}"}}}}`))
	require.NoError(t, err)
	assert.Equal(t, all.Types(), m.Types())
	assert.Equal(t, all.TPDU, m.TPDU)
	code, err := mustUnpack(t, d, sale(t, m, 3)).GetString(3)
	require.NoError(t, err)
	assert.Equal(t, "009900", code)
	r, err := m.Request(world.Void, withOriginal(4), nil)
	require.NoError(t, err)
	was, err := all.Request(world.Void, withOriginal(4), nil)
	require.NoError(t, err)
	assert.Equal(t, was.Frame, r.Frame)
}

func withOriginal(stan uint32) terminal.Params {
	p := params(5)
	p.Original.STAN = stan
	return p
}

func FuzzParseMessages(f *testing.F) {
	d, _ := load(f, "unionpay-pos")
	for _, name := range dialects {
		src, err := os.ReadFile(filepath.Join("messages", wording(name)+".yaml"))
		require.NoError(f, err)
		f.Add(src)
	}
	f.Add([]byte(`{messages: {sale: {mti: "0200", fields: {"4": "{original.4}{"}}}}`))
	f.Add([]byte(`{messages: {batch-upload: {mti: "0320", block: {most: 2, record: "{stan}"}, fields: {"48": "{record_count}{records}"}}}}`))
	f.Add([]byte(`{based_on: unionpay-pos, tpdu: "6000000000"}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		m, err := terminal.ParseMessages(d, "f.yaml", src)
		if err != nil {
			return
		}
		p := params(1)
		p.Original.STAN = 1
		p.Block = []terminal.Params{p}
		for _, is := range m.Types() {
			if r, err := m.Request(is, p, nil); err == nil {
				_, _ = d.Unpack(r.Body)
			}
		}
	})
}

func TestClockFieldsAreThoseThatARepeatKeeps(t *testing.T) {
	want := map[string][]int{
		"unionpay-pos": {}, "iso87-bcd": {12, 13}, "iso87-ascii": {7, 12, 13}, "iso87-ebcdic": {7, 12, 13}, "iso93-ascii": {7, 12},
	}
	for _, name := range dialects {
		_, m := load(t, name)
		for _, is := range []world.TransactionType{world.Sale, world.Void, world.OfflineSale} {
			p := params(7)
			p.Original.STAN, p.Approval, p.RRN = 5, "123456", "632700000042"
			got, err := m.ClockFields(is, p)
			require.NoError(t, err)
			base, _, _ := strings.Cut(name, "/")
			assert.ElementsMatch(t, want[base], got, "%s %s", name, is)
			p.Fields = map[int]string{12: "143000"}
			got, err = m.ClockFields(is, p)
			require.NoError(t, err)
			assert.NotContains(t, got, 12)
		}
		_, err := m.ClockFields(world.Sale, terminal.Params{})
		var missing *terminal.MissingError
		require.ErrorAs(t, err, &missing)
	}
}
