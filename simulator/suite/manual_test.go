package suite_test

import (
	"context"
	"flag"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestManualConversation holds what a person is told, in both languages.
func TestManualConversation(t *testing.T) {
	const id = "10000001"
	actions := []suite.Action{
		{ID: 1, Do: "sale", Terminal: id, Amount: 1000, Text: "10.00 CNY", Currency: 156, Card: "good", Entry: "swiped", PIN: "123456"},
		{ID: 2, Do: "power_cut", Terminal: id, At: "after-send"},
		{ID: 3, Do: "cash_back", Terminal: id, Amount: 5000, Text: "50.00 CNY", Cash: 2000, Currency: 156, Card: "good", Entry: "chip", After: "card-declines", PINGiven: true},
		{ID: 4, Do: "restart", Terminal: id},
		{ID: 5, Do: "press", Terminal: id, Key: "cancel", At: "idle"},
		{ID: 6, Do: "void", Terminal: id, Amount: 1000, Text: "10.00 CNY", Currency: 156, Card: "good", Original: 1},
		{ID: 7, Do: "settle", Terminal: id},
		{ID: 8, Do: "inquiry", Terminal: id, Card: "good", Entry: "typed", PIN: "111111", PINAgain: "222222"},
	}
	// Enter for the cable; approved; nothing; Enter twice; declined with a code,
	// after some that are none; no answer; cancelled.
	typed := []string{"", "1", "0", "", "", "13", "abc", "2", "not a code", "a0", " 3 ", "11"}
	for _, lang := range []string{"en", "zh"} {
		t.Run(lang, func(t *testing.T) {
			var out strings.Builder
			d := &suite.Manual{In: strings.NewReader(strings.Join(typed, "\n") + "\n"), Out: &out}
			s, err := d.Open(t.Context(), &suite.Hello{
				Scenario: "cable-loose", Lang: lang, Host: "127.0.0.1:8583", Dialect: "unionpay-pos", Terminal: id, Merchant: "104000000000001",
				Cards: map[string]suite.Card{"good": {PAN: "6225881234567898"}},
				Site:  &world.Bilingual{EN: "Pull the cable.", ZH: "拔出网线。"},
				TLS:   &suite.TLS{},
			})
			require.NoError(t, err)
			var got []suite.Outcome
			for _, a := range actions {
				o, err := s.Do(t.Context(), &a)
				require.NoError(t, err)
				got = append(got, *o)
			}
			require.NoError(t, s.Close())
			text := func(o display.Outcome) string {
				if lang == "zh" {
					return o.Display().ZH
				}
				return o.Display().EN
			}
			assert.Equal(t, []suite.Outcome{
				{ID: 1, Is: display.Approved, Display: text(display.Approved)}, {ID: 2}, {ID: 3}, {ID: 4}, {ID: 5},
				{ID: 6, Is: display.Declined, Code: "A0", Display: text(display.Declined)},
				{ID: 7, Is: display.NoAnswer, Display: text(display.NoAnswer)},
				{ID: 8, Is: display.Cancelled, Display: text(display.Cancelled)},
			}, got)
			assert.NotContains(t, out.String(), "6225881234567898")
			golden := filepath.Join("testdata", "manual-"+lang+".txt")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(out.String()), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), out.String())
			for _, o := range display.Outcomes() {
				assert.Contains(t, out.String(), text(o))
			}
		})
	}
}

// TestManualKnowsEveryAction holds that a person is asked for each in words.
func TestManualKnowsEveryAction(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		for _, do := range scenarios.ActionNames() {
			if do == "wait" || do == "together" {
				continue
			}
			var out strings.Builder
			d := &suite.Manual{In: strings.NewReader("\n1\n1\n1\n"), Out: &out}
			s, err := d.Open(t.Context(), &suite.Hello{Lang: lang})
			require.NoError(t, err)
			before := out.Len()
			_, err = s.Do(t.Context(), &suite.Action{ID: 1, Do: do, Key: "clear"})
			require.NoError(t, err)
			asked, _, _ := strings.Cut(strings.TrimSpace(out.String()[before:]), "\n")
			assert.NotContains(t, asked, "_", "%s has no words", do)
			assert.Greater(t, len(asked), len("On terminal , now."), do)
		}
	}
}

// TestManualEndsWhatWasDone has the shop put in order after a cause in it.
func TestManualEndsWhatWasDone(t *testing.T) {
	var out strings.Builder
	d := &suite.Manual{In: strings.NewReader("\n\n"), Out: &out}
	site := &world.Bilingual{EN: "Pull the cable. To end it, push it in.", ZH: "拔出网线。恢复时插紧。"}
	const ends = "First end what was done in the shop"
	for i, h := range []*suite.Hello{{Scenario: "cable-loose", Site: site}, {Scenario: ""}, {Scenario: "reply-lost"}} {
		before := out.Len()
		_, err := d.Open(t.Context(), h)
		require.NoError(t, err)
		assert.Equal(t, i == 1, strings.Contains(out.String()[before:], ends))
		assert.Equal(t, i < 2, strings.Contains(out.String()[before:], site.ZH))
	}
}

// Where the server listens on every interface, a terminal in somebody's hands is
// set to an address of this machine that it can reach: to it, 127.0.0.1 is itself.
func TestManualNamesAnAddressThatTerminalsReach(t *testing.T) {
	own := simulator.OwnAddresses()
	require.NotEmpty(t, own)
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	cases, err := suite.Cases(nil, "cable-loose")
	require.NoError(t, err)
	for listen, want := range map[string]string{
		":0": own[0].String(), "0.0.0.0:0": own[0].String(), "[::]:0": own[0].String(), "127.0.0.1:0": "127.0.0.1",
	} {
		var out strings.Builder
		o := suite.Options{Cases: cases, Driver: &suite.Manual{In: strings.NewReader("q\n"), Out: &out}, Dialect: d, Listen: listen}
		_, err := suite.Run(t.Context(), o)
		require.Error(t, err, "the clean-up was stopped")
		assert.Contains(t, out.String(), "to the host "+net.JoinHostPort(want, ""), listen)
		for _, other := range own[1:] {
			if !other.IsLoopback() {
				assert.Equal(t, want != "127.0.0.1", strings.Contains(out.String(), other.String()), "%s: %s", listen, other)
			}
		}
	}
}

func TestManualCanStop(t *testing.T) {
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	run := func(typed string) suite.Result {
		cases, err := suite.Cases(nil, "cable-loose")
		require.NoError(t, err)
		r, err := suite.Run(t.Context(), suite.Options{Cases: cases, Driver: &suite.Manual{In: strings.NewReader(typed), Out: io.Discard}, Dialect: d})
		require.NoError(t, err)
		return r.Results[0]
	}
	for typed, want := range map[string]suite.Result{
		"q\n":      {Status: suite.Errored, Why: world.Bilingual{EN: "the driver could not get the terminal ready: the person at the terminal has stopped the scenario"}},
		"\nQ\n":    {Status: suite.Errored, Why: world.Bilingual{EN: "action 1, sale: the driver could not do sale: the person at the terminal has stopped the scenario"}},
		"\n2\nq":   {Status: suite.Errored, Why: world.Bilingual{EN: "action 1, sale: the driver could not do sale: the person at the terminal has stopped the scenario"}},
		"\n":       {Status: suite.Errored, Why: world.Bilingual{EN: "action 1, sale: the driver could not do sale: there is nobody at the keyboard any more (end of input)"}},
		"s\n":      {Status: suite.Skipped, Why: world.Bilingual{EN: "the person at the terminal has skipped it"}},
		"\n1\n1\n": {Status: suite.Failed},
	} {
		r := run(typed)
		assert.Equal(t, want.Status, r.Status, "%q: %s", typed, r.Why)
		if want.Why.EN != "" {
			assert.Equal(t, want.Why.EN, r.Why.EN)
		}
	}
}

func TestManualWaitsForNobodyWhenStopped(t *testing.T) {
	in, keyboard := io.Pipe()
	d := &suite.Manual{In: in, Out: io.Discard}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Open(ctx, &suite.Hello{})
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, keyboard.Close())
}
