package world_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

func TestDefaultIsPrintedAsTheGoldenFilesSay(t *testing.T) {
	w := world.Default()
	for name, print := range map[string]func(*bytes.Buffer) error{
		"default.table.txt":  func(b *bytes.Buffer) error { return w.WriteTable(b) },
		"default.print.yaml": func(b *bytes.Buffer) error { return w.WriteYAML(b) },
	} {
		var b bytes.Buffer
		require.NoError(t, print(&b))
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, strings.ReplaceAll(string(want), "\r\n", "\n"), b.String(), "run with -update and review the difference")
	}
}

// An entry for every state: that is what the default world is for.
func TestDefaultHasEveryState(t *testing.T) {
	w := world.Default()
	statuses, cards, issuers := map[world.MerchantStatus]bool{}, map[world.CardStatus]bool{}, map[world.IssuerState]bool{}
	for _, m := range w.Merchants {
		statuses[m.Status] = true
	}
	for _, c := range w.Cards {
		cards[c.Status] = true
		require.NotNil(t, w.FindIssuer(c.PAN), c.Alias)
	}
	for _, i := range w.Issuers {
		issuers[i.State] = true
	}
	assert.Len(t, statuses, 5)
	assert.Len(t, cards, 5, "ok, frozen, lost, stolen, restricted; a card expires by its date")
	assert.Less(t, w.Cards["expired"].Expiry, w.Cards["good"].Expiry)
	assert.Len(t, issuers, 3)
	assert.Equal(t, world.IssuerIsDown, w.FindIssuer(w.Cards["issuer-down"].PAN).State)
	assert.Equal(t, world.IssuerSlow, w.FindIssuer(w.Cards["issuer-slow"].PAN).State)
	assert.Equal(t, world.IssuerUp, w.FindIssuer(w.Cards["good"].PAN).State)
	assert.Zero(t, w.Accounts[w.Cards["poor"].Account].Balance)
	assert.Equal(t, world.RefuseSilently, w.Merchants["999000000000006"].WhenRefused)

	zone := w.Merchants["999000000000007"].Hours.Zone
	thursday := time.Date(2026, 10, 1, 10, 0, 0, 0, zone) // National Day
	assert.False(t, w.Merchants["999000000000007"].Hours.Open(thursday, w.Holidays["cn"]))
	assert.True(t, w.Merchants["999000000000007"].Hours.Open(thursday.AddDate(0, 0, 7), w.Holidays["cn"]))
	assert.True(t, w.Merchants["999000000000009"].Hours.Open(thursday, w.Holidays["cn"]))
	assert.False(t, w.Merchants["999000000000009"].Hours.Open(thursday.Add(7*time.Hour), w.Holidays["cn"]))
}

func TestFindIssuerTakesTheLongestRange(t *testing.T) {
	w := load(t, `
base: none
issuers:
  a: {bins: ["62"]}
  b: {bins: ["622200-622299", "4"]}
  c: {bins: ["62225"]}
`)
	for pan, want := range map[string]string{
		"6200000000000005": "a", "6222000000000000": "b", "6222990000000000": "b", "6222500000000000": "b", "6223000000000000": "a",
		"6222": "a", "4": "b", "62": "a", "6": "", "": "", "5555555555554444": "",
	} {
		got := ""
		if i := w.FindIssuer(pan); i != nil {
			got = i.Alias
		}
		assert.Equal(t, want, got, pan)
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() { w.FindIssuer("6222990000000000") }))
}

func TestPrintsHideKeysUnlessAsked(t *testing.T) {
	w := world.Default()
	const key, kcv = "0123456789ABCDEFFEDCBA9876543210", "08D7B4" // a key whose check value is in every textbook
	var b bytes.Buffer
	require.NoError(t, w.WriteYAML(&b))
	assert.NotContains(t, b.String(), key)
	assert.Contains(t, b.String(), "# master_key: not shown, check value "+kcv)
	back := load(t, b.String())
	assert.Nil(t, back.Terminals["10000013"].MasterKey)

	b.Reset()
	require.NoError(t, w.WriteTable(&b))
	assert.NotContains(t, b.String(), key)
	assert.Contains(t, b.String(), kcv)

	b.Reset()
	require.NoError(t, w.WriteYAMLWithKeys(&b))
	assert.Contains(t, b.String(), key)
}

// full is a writer whose disk is full.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestPrintsReportWriteErrors(t *testing.T) {
	w := world.Default()
	require.ErrorIs(t, w.WriteYAML(full{}), errFull)
	require.ErrorIs(t, w.WriteTable(full{}), errFull)
}

func readsBack(t rapid.TB, w *world.World) {
	var b bytes.Buffer
	if err := w.WriteYAMLWithKeys(&b); err != nil {
		t.Fatal(err)
	}
	back, err := world.Load("printed.yaml", b.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if !assert.ObjectsAreEqual(w, back) {
		assert.Equal(t, w, back)
		t.Fatalf("reads back differently:\n%s", b.String())
	}
}

func TestPrintedWorldsReadBackEqual(t *testing.T) {
	t.Run("default", func(t *testing.T) { readsBack(t, world.Default()) })
	rapid.Check(t, func(t *rapid.T) { readsBack(t, drawWorld(t)) })
}

// drawWorld makes any valid world.
func drawWorld(t *rapid.T) *world.World {
	w := world.New()
	text := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("ab:#\"'\\{}[],&*!|> -%@`中文　é😀~")), rapid.RuneFrom([]rune("0123.")))) // what YAML finds difficult
	both := rapid.Custom(func(t *rapid.T) world.Bilingual {
		return world.Bilingual{EN: text.Draw(t, "en"), ZH: text.Draw(t, "zh")}
	})
	alias := rapid.StringMatching(`[A-Za-z0-9_./][A-Za-z0-9._/-]{0,10}`)
	currency := rapid.SampledFrom([]world.Currency{156, 840, 392, 414, 36, 777, 1})
	money := rapid.Int64Min(0)
	types := rapid.SliceOfN(rapid.SampledFrom(world.TransactionTypes()), 0, 4)
	key := rapid.SampledFrom([][]byte{nil, []byte("0123456789abcdef"), bytes.Repeat([]byte{0xff}, 16)})
	permitted := func() []world.TransactionType {
		if all := types.Draw(t, "types"); len(all) > 0 {
			return all
		}
		return nil
	}
	window := rapid.Custom(func(t *rapid.T) []world.Window {
		from := rapid.IntRange(0, 1438).Draw(t, "from")
		mid := rapid.IntRange(from+1, 1439).Draw(t, "mid")
		ws := []world.Window{{From: from, To: mid}, {From: mid, To: mid + rapid.IntRange(1, 1440).Draw(t, "length")}}
		return ws[:rapid.IntRange(1, 2).Draw(t, "windows")]
	})
	names := func(n int) []string { return rapid.SliceOfNDistinct(alias, 1, n, rapid.ID[string]).Draw(t, "names") }

	w.Acquirer = world.Acquirer{ID: "123", Name: both.Draw(t, "name"), Currency: currency.Draw(t, "currency"), HoldDays: rapid.IntRange(0, 60).Draw(t, "hold days"),
		BaseKey: key.Draw(t, "base key")}
	for i, name := range names(3) {
		w.Issuers[name] = &world.Issuer{
			Alias: name, ID: "01", Name: both.Draw(t, "name"), About: both.Draw(t, "about"),
			BINs:  []world.BINRange{{From: fmt.Sprintf("62%d0", i), To: fmt.Sprintf("62%d9", i)}, {From: fmt.Sprint(7 + i), To: fmt.Sprint(7 + i)}}[:1+i%2],
			State: world.IssuerState(rapid.IntRange(0, 3).Draw(t, "state")),
			Delay: time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "delay")),
		}
	}
	accounts := names(4)
	for _, name := range accounts {
		w.Accounts[name] = &world.Account{
			Alias: name, Balance: rapid.Int64Min(-1<<62).Draw(t, "balance"), Held: money.Draw(t, "held"),
			Currency: currency.Draw(t, "currency"), Frozen: rapid.Bool().Draw(t, "frozen"),
		}
	}
	account := rapid.SampledFrom(accounts)
	for i, name := range names(4) {
		w.Cards[name] = &world.Card{
			Alias: name, PAN: fmt.Sprintf("62%010d", i), NoLuhn: true, Cause: rapid.SampledFrom([]string{"", "reply-lost"}).Draw(t, "card cause"), Account: account.Draw(t, "account"),
			Expiry: rapid.SampledFrom([]string{"", "0112", "9901"}).Draw(t, "expiry"), PIN: rapid.SampledFrom([]string{"", "0000", "123456789012"}).Draw(t, "pin"),
			Status: world.CardStatus(rapid.IntRange(0, 5).Draw(t, "status")), PINTries: rapid.IntRange(0, 99).Draw(t, "tries"),
			Limits:    world.Limits{Single: money.Draw(t, "single"), Daily: money.Draw(t, "daily"), DailyCount: rapid.IntMin(0).Draw(t, "count")},
			Permitted: permitted(), IMKAC: key.Draw(t, "imk"), PSN: rapid.SampledFrom([]string{"", "00", "09"}).Draw(t, "psn"),
			Derivation: world.KeyDerivation(rapid.IntRange(0, 1).Draw(t, "derivation")), About: both.Draw(t, "about"),
		}
	}
	calendars := names(2)
	for _, name := range calendars {
		w.Holidays[name] = &world.Holidays{Name: both.Draw(t, "name")}
		if rapid.Bool().Draw(t, "days") {
			w.Holidays[name].Days = map[string]world.Bilingual{"2026-10-01": both.Draw(t, "day"), "2028-02-29": both.Draw(t, "day")}
		}
	}
	merchants := rapid.SliceOfNDistinct(rapid.StringMatching(`[!-~]([ -~]{0,13}[!-~])?`), 1, 3, rapid.ID[string]).Draw(t, "merchants")
	for _, id := range merchants {
		m := &world.Merchant{
			ID: id, Name: both.Draw(t, "name"), MCC: rapid.SampledFrom([]string{"", "0742"}).Draw(t, "mcc"), Status: world.MerchantStatus(rapid.IntRange(0, 4).Draw(t, "status")),
			WhenRefused: world.Refusal(rapid.IntRange(0, 1).Draw(t, "refusal")), Permitted: permitted(), Account: account.Draw(t, "account"), About: both.Draw(t, "about"),
		}
		if rapid.Bool().Draw(t, "hours") {
			m.Hours = &world.Hours{Zone: time.UTC, Weekly: map[time.Weekday][]world.Window{}}
			if rapid.Bool().Draw(t, "calendar") {
				m.Hours.Calendar, m.Hours.Holiday = calendars[0], window.Draw(t, "holiday")
			}
			for _, d := range rapid.SliceOf(rapid.IntRange(0, 6)).Draw(t, "open") {
				m.Hours.Weekly[time.Weekday(d)] = window.Draw(t, "windows")
			}
			if rapid.Bool().Draw(t, "daily") {
				every := window.Draw(t, "every day")
				for d := time.Sunday; d <= time.Saturday; d++ {
					m.Hours.Weekly[d] = every
				}
			}
		}
		w.Merchants[id] = m
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "terminals") {
		id := fmt.Sprintf("0x%d", i)
		w.Terminals[id] = &world.Terminal{
			ID: id, Merchant: rapid.SampledFrom(append([]string{""}, merchants...)).Draw(t, "merchant"), Status: world.TerminalStatus(rapid.IntRange(0, 3).Draw(t, "terminal status")),
			MasterKey: key.Draw(t, "key"), Cause: rapid.SampledFrom([]string{"", "reply-lost"}).Draw(t, "cause"), MinimumSoftware: rapid.IntMin(0).Draw(t, "software"), About: both.Draw(t, "about"),
			Asked: world.Chore(rapid.IntRange(0, int(world.ChoreSignOn)).Draw(t, "asked")),
		}
	}
	drawDownloads(t, w)
	return w
}

// drawDownloads adds what terminals download.
func drawDownloads(t *rapid.T, w *world.World) {
	some := func(least, most int) *rapid.Generator[[]byte] {
		return rapid.Map(rapid.SliceOfN(rapid.Byte(), least, most), func(b []byte) []byte { return append([]byte(nil), b...) })
	}
	for tag := range rapid.IntRange(0, 3).Draw(t, "parameters") {
		w.Parameters[fmt.Sprintf("%02d", tag)] = rapid.StringMatching(`[ -~]{1,9}`).Draw(t, "value")
	}
	for i := range byte(rapid.IntRange(0, 2).Draw(t, "keys")) {
		rid := some(5, 5).Draw(t, "rid")
		w.PublicKeys[fmt.Sprintf("%X-%02X", rid, i)] = &world.PublicKey{
			RID: rid, Index: i, Modulus: some(1, 248).Draw(t, "modulus"), Exponent: some(1, 3).Draw(t, "exponent"), Expires: "20491231",
		}
	}
	for _, aid := range rapid.SliceOfNDistinct(some(5, 16), 0, 2, func(b []byte) string { return string(b) }).Draw(t, "applications") {
		w.Applications[fmt.Sprintf("%X", aid)] = &world.ChipApplication{AID: aid, Data: some(0, 9).Draw(t, "data")}
	}
}

// FuzzLoad: no file panics; what loads is valid, prints, and reads back equal.
func FuzzLoad(f *testing.F) {
	def, err := os.ReadFile("default.yaml")
	require.NoError(f, err)
	f.Add(string(def))
	for _, seed := range []string{
		"", "base: none\n", "cards: {good: {balance: \"5.00\"}}\n", "base: none\ncards: {a: {pan: \"4111111111111111\"}}\nterminals: {T: }\n",
		"merchants: {a: {hours: {zone: UTC, weekly: {sat-mon: [\"22:00-02:00\"], tue: []}, holiday: []}}}\n",
		"acquirer: {currency: \"777\"}\naccounts: {x: {balance: \"-1\", currency: JPY}}\n", "holidays: {h: {days: {2026-01-01: x}}}\n",
		"issuers: {x: {bins: [\"99\"], state: slow, delay: 1ms}}\n", "cards: {good: {permitted: [], limits: {}}}\n", "merchants: {\"card/a\": {about: \"\\u3000\"}}\n",
		"chip_applications: {A000000333010101: {data: \"\"}}\n",
		"cards: {a: {pan: 4111}}\nbase: x\n", "acquirer: {name: {en: a}, id: \"\"}\nterminals: {x: {master_key: \"00000000000000000000000000000000\"}}\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		w, err := world.Load("w.yaml", []byte(src))
		if err != nil {
			var all strictyaml.Problems
			if w != nil || !errors.As(err, &all) {
				t.Fatalf("%v, %T", w, err)
			}
			return
		}
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := w.WriteTable(&b); err != nil {
			t.Fatal(err)
		}
		readsBack(t, w)
	})
}
