package simulator_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
	firmware "github.com/acqsim/acqsim/simulator/terminal"
)

// What a card's issuer counts, wrong PINs and what was spent today, outlives the
// server: a restart is no way round a limit.
func TestCardsAreCountedOverARestart(t *testing.T) {
	w := world.Default()
	dir := t.TempDir()
	before := cardReader(t, w, dir, 0)
	assert.Equal(t, "75", before("one-try", "999999"))
	assert.Equal(t, "55", before("visa", "9999"))
	assert.Equal(t, "00", before("visa", "1234"), "the right one forgets the wrong one")
	for range 3 {
		require.Equal(t, "00", before("counted", ""))
	}

	killed := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.CopyFS(killed, os.DirFS(dir)))
	after := cardReader(t, w, killed, 100)
	assert.Equal(t, "75", after("one-try", "123456"), "the right one comes too late")
	assert.Equal(t, "55", after("visa", "9999"))
	assert.Equal(t, "55", after("visa", "9999"))
	assert.Equal(t, "65", after("counted", ""), "three a day")
}

// cardReader is a terminal of a server with its books in dir: it signs on, and
// sells to a card of the world, with a PIN or none, under STANs after first. It
// returns the response code.
func cardReader(t *testing.T, w *world.World, dir string, first uint32) func(alias, pin string) string {
	t.Helper()
	s := start(t, "unionpay-pos", withHost(t, w, dir))
	d := load(t, "unionpay-pos")
	m, err := firmware.MessagesFor(d)
	require.NoError(t, err)
	l, err := firmware.Dial(t.Context(), firmware.Options{Dialect: d, Address: s.Addr(0).String(), ResponseTimeout: patience})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	stan := uint32(0)
	var keys *firmware.Session
	ask := func(is world.TransactionType, card firmware.Card) *firmware.Exchange {
		t.Helper()
		stan++
		req, err := m.Request(is, firmware.Params{
			Terminal: "10000001", Merchant: w.Terminals["10000001"].Merchant, Batch: 1, STAN: stan,
			Currency: world.CNY, Amount: 1000, HasAmount: true, Card: card,
		}, keys)
		require.NoError(t, err)
		x, err := l.Exchange(t.Context(), req)
		require.NoError(t, err)
		return x
	}
	keys, err = firmware.OpenSession(d, security.DefaultTMK(), ask(world.SignOn, firmware.Card{}).Reply)
	require.NoError(t, err)
	stan = first
	return func(alias, pin string) string {
		t.Helper()
		c := w.Cards[alias]
		return ask(world.Sale, firmware.Card{PAN: c.PAN, Expiry: c.Expiry, PIN: pin}).Code
	}
}
