package verdict_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
)

var update = flag.Bool("update", false, "write testdata anew")

// bilingual holds that a sentence is whole in both languages: with no verb of a
// format left, and nothing English in Chinese but names and codes.
func bilingual(t *testing.T, why world.Bilingual) {
	t.Helper()
	assert.NotEmpty(t, why.EN)
	assert.Regexp(t, `\p{Han}`, why.ZH)
	assert.NotContains(t, why.EN+why.ZH, "%!")
	assert.NotRegexp(t, `\p{Han}`, why.EN)
	assert.NotRegexp(t, `[a-z]{2,} [a-z]{2,}`, why.ZH)
}

// ruleTest is how a rule is tried: a run that it acquits, one that it convicts,
// and one that it has nothing to say about.
type ruleTest struct {
	pass, fail, none func(*tape)
	profile          string // strict, where there is none
}

func honest(t *tape) { t.sale(1, 1); t.sale(2, 2) }

func nothing(*tape) {}

func echo(t *tape) { t.reply(t.request(world.Echo, 1, 0), "00") }

// again is a sale that is lost, and reversed before the next sale.
func again(t *tape) {
	r := t.lost(1, 1)
	t.act(2, "sale", world.Sale, 1000)
	t.approve(t.reversal(r, "98"))
	t.approve(t.request(world.Sale, 2, 1000))
	t.show(2, display.Approved)
}

// forgotten is a sale that is lost, and never reversed.
func forgotten(t *tape) { t.lost(1, 1); t.sale(2, 2) }

func accepted(shown display.Outcome, readings ...transcript.Reading) func(*tape) {
	return func(t *tape) { t.bad(1, 1, shown, readings...) }
}

func declined(then func(t *tape, r transcript.Event)) func(*tape) {
	return func(t *tape) {
		t.act(1, "sale", world.Sale, 1000)
		r := t.request(world.Sale, 1, 1000)
		t.decide(r, world.InsufficientFunds)
		t.reply(r, "51")
		t.show(1, display.Declined)
		then(t, r)
	}
}

func repeated(change ...func(*transcript.Event)) func(*tape) {
	return func(t *tape) {
		r := t.lost(1, 1)
		t.act(2, "sale", world.Sale, 1000)
		v := t.reversal(r, "98")
		t.decide(v, world.Approved)
		t.lose(v)
		t.wait(60 * time.Second)
		t.approve(t.reversal(r, "98", change...))
		t.sale(3, 2)
	}
}

func cutPower(remembers bool) func(*tape) {
	return func(t *tape) {
		r := t.lost(1, 1)
		t.act(2, "power_cut", 0, 0)
		t.act(3, "restart", 0, 0)
		t.connect()
		if remembers {
			t.approve(t.reversal(r, "98"))
		}
		t.sale(4, 2)
	}
}

func lateReply(shown display.Outcome) func(*tape) {
	return func(t *tape) {
		t.act(1, "sale", world.Sale, 1000)
		r := t.request(world.Sale, 1, 1000)
		t.decide(r, world.Approved)
		t.wait(90 * time.Second)
		t.reply(r, "00")
		t.show(1, shown)
	}
}

func overlapping(gap bool) func(*tape) {
	return func(t *tape) {
		a := t.request(world.Sale, 1, 1000)
		if gap {
			t.approve(a)
		}
		t.approve(t.request(world.Sale, 2, 1000))
	}
}

func reconnects(after time.Duration) func(*tape) {
	return func(t *tape) {
		t.closed(transcript.Line, "a rule closed it")
		t.wait(after)
		t.connect()
	}
}

func shownAs(shown display.Outcome) func(*tape) { return func(t *tape) { t.bad(1, 1, shown) } }

func spoilt(clear bool) func(*tape) {
	return func(t *tape) {
		t.events[0].TLS = true
		t.closed(transcript.Terminal, "the TLS handshake failed: remote error: tls: bad certificate")
		t.connect()
		if clear {
			t.closed(transcript.Terminal, "the TLS handshake failed: tls: first record does not look like a TLS handshake")
		}
	}
}

func toldToSignOn(does bool) func(*tape) {
	return func(t *tape) {
		r := t.request(world.Sale, 1, 1000)
		t.decide(r, world.NotSignedOn)
		t.reply(r, "77")
		if does {
			t.reply(t.request(world.SignOn, 2, 0), "00")
		}
		t.approve(t.request(world.Sale, 3, 1000))
	}
}

func wrongPIN(stan uint32) func(*tape) {
	return func(t *tape) {
		r := t.request(world.Sale, 1, 1000)
		t.decide(r, world.IncorrectPIN)
		t.reply(r, "55")
		t.approve(t.request(world.Sale, stan, 1000))
	}
}

func settles(o world.Outcome, code string) func(*tape) {
	return func(t *tape) {
		t.sale(1, 1)
		t.act(2, "settle", world.Settlement, 0)
		r := t.request(world.Settlement, 2, 0)
		t.decide(r, o)
		t.reply(r, code)
		t.show(2, display.Approved)
	}
}

func secret(kind string) func(*tape) {
	return func(t *tape) {
		t.approve(t.request(world.Sale, 1, 1000, func(e *transcript.Event) { e.Secrets = []transcript.Secret{{Field: 35, Kind: kind}} }))
	}
}

func twice(shown display.Outcome) func(*tape) {
	return func(t *tape) {
		ok := transcript.Reading{Code: "00", MAC: transcript.MACOK}
		t.act(1, "sale", world.Sale, 1000)
		r := t.request(world.Sale, 1, 1000)
		t.decide(r, world.Approved)
		t.reply(r, "00", ok, ok)
		t.show(1, shown)
	}
}

var (
	anotherSTAN = transcript.Reading{Differs: []int{11}, Code: "00", MAC: transcript.MACOK}
	badMAC      = transcript.Reading{Code: "00", MAC: transcript.MACIsWrong}
	noMAC       = transcript.Reading{Code: "00", MAC: transcript.MACAbsent}
)

var ruleTests = map[string]ruleTest{
	"no-approval-without-reply": {pass: honest, fail: shownAs(display.Approved), none: shownAs(display.NoAnswer)},
	"approved-is-honoured": {pass: honest, fail: func(t *tape) {
		t.act(1, "sale", world.Sale, 1000)
		t.approve(t.request(world.Sale, 1, 1000))
		t.show(1, display.NoAnswer)
	}, none: shownAs(display.NoAnswer)},
	"reversal-follows-no-answer":         {pass: again, fail: forgotten, none: shownAs(display.NoAnswer)},
	"reversal-blocks-next":               {pass: again, fail: forgotten, none: honest},
	"reversal-names-its-original":        {pass: again, fail: func(t *tape) { r := t.lost(1, 1); r.Amount = 900; t.approve(t.reversal(r, "98")) }, none: honest},
	"reversal-repeats":                   {pass: repeated(), fail: repeated(func(e *transcript.Event) { e.Amount = 900 }), none: again},
	"reversal-survives-restart":          {pass: cutPower(true), fail: cutPower(false), none: again},
	"no-reversal-after-decline":          {pass: declined(func(*tape, transcript.Event) {}), fail: declined(func(t *tape, r transcript.Event) { t.approve(t.reversal(r, "98")) }), none: honest},
	"late-reply-ignored":                 {pass: lateReply(display.NoAnswer), fail: lateReply(display.Approved), none: honest},
	"mismatch-not-accepted":              {pass: accepted(display.Mismatch, anotherSTAN), fail: accepted(display.Approved, anotherSTAN), none: honest},
	"bad-mac-not-accepted":               {pass: accepted(display.MACError, badMAC), fail: accepted(display.Approved, badMAC), none: honest},
	"missing-mac-not-accepted":           {pass: accepted(display.MACError, noMAC), fail: accepted(display.Approved, noMAC), none: honest},
	"duplicate-reply-harmless":           {pass: twice(display.Approved), fail: twice(display.Mismatch), none: honest},
	"one-in-flight":                      {pass: overlapping(true), fail: overlapping(false), none: echo},
	"stan-advances":                      {pass: honest, fail: func(t *tape) { t.sale(1, 1); t.sale(2, 1) }, none: echo},
	"reconnects-with-care":               {pass: reconnects(2 * time.Second), fail: reconnects(10 * time.Millisecond), none: honest},
	"connection-errors-are-not-declines": {pass: shownAs(display.NoAnswer), fail: shownAs(display.Declined), none: honest},
	"no-clear-fallback":                  {pass: spoilt(false), fail: spoilt(true), none: honest},
	"signs-on-when-told":                 {pass: toldToSignOn(true), fail: toldToSignOn(false), none: honest},
	"pin-retry-is-new":                   {pass: wrongPIN(2), fail: wrongPIN(1), none: honest},
	"totals-agree":                       {pass: settles(world.Approved, "00"), fail: settles(world.OutOfBalance, "95"), none: honest},
	"no-secret-in-clear":                 {pass: secret("pan"), fail: secret("track"), none: echo},
	"money-is-safe":                      {pass: again, fail: forgotten, none: nothing},
}

func TestRules(t *testing.T) {
	for _, rule := range verdict.Rules() {
		test, known := ruleTests[rule.Name]
		require.True(t, known, "%s has no test", rule.Name)
		p, err := profile.Open(cmp.Or(test.profile, profile.Default))
		require.NoError(t, err)
		for want, record := range map[scenarios.Verdict]func(*tape){scenarios.Pass: test.pass, scenarios.Fail: test.fail, scenarios.NotApplicable: test.none} {
			t.Run(rule.Name+"/"+string(want), func(t *testing.T) {
				events := golden(t, filepath.Join(rule.Name, string(want)), record)
				report, err := verdict.Judge(verdict.Input{Events: events, Profile: p, Terminal: till})
				require.NoError(t, err)
				var got verdict.Result
				for _, r := range report.Rules {
					if r.Rule == rule.Name {
						got = r
					}
				}
				assert.Equal(t, want, got.Verdict, got.Why)
				bilingual(t, got.Why)
				if want != scenarios.NotApplicable {
					assert.NotEmpty(t, got.Events, "nothing shows it")
				}
				once, err := json.Marshal(report)
				require.NoError(t, err)
				again, err := verdict.Judge(verdict.Input{Events: events, Profile: p, Terminal: till})
				require.NoError(t, err)
				twice, err := json.Marshal(again)
				require.NoError(t, err)
				assert.Equal(t, string(once), string(twice))
			})
		}
	}
}

// golden reads the transcript of a test; with -update it is written first.
func golden(t *testing.T, name string, record func(*tape)) []transcript.Event {
	t.Helper()
	file := filepath.Join("testdata", name+".jsonl")
	if *update {
		tp := newTape()
		record(tp)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		var b bytes.Buffer
		e := transcript.NewEncoder(&b, transcript.Header{Started: tp.events[0].At, Program: "acqsim"})
		for i := range tp.events {
			require.NoError(t, e.Encode(&tp.events[i]))
		}
		require.NoError(t, e.Flush())
		require.NoError(t, os.WriteFile(file, b.Bytes(), 0o644))
	}
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return decode(t, b)
}

func decode(t testing.TB, file []byte) (events []transcript.Event) {
	t.Helper()
	d := transcript.NewDecoder(bytes.NewReader(file), "transcript")
	for {
		e, err := d.Next()
		if errors.Is(err, io.EOF) {
			return events
		}
		require.NoError(t, err)
		events = append(events, e)
	}
}

// The scenario language knows the same rules, in the same order.
func TestScenariosKnowTheRules(t *testing.T) {
	var names []string
	for _, r := range verdict.Rules() {
		names = append(names, r.Name)
		assert.NotEmpty(t, r.Fails.EN, r.Name)
		assert.NotEmpty(t, r.Fails.ZH, r.Name)
		assert.NotEmpty(t, r.Why.EN, r.Name)
		assert.NotEmpty(t, r.Why.ZH, r.Name)
	}
	assert.Equal(t, scenarios.VerdictRules(), names)
	_, err := verdict.Find("money-is-save")
	require.EqualError(t, err, `unknown rule "money-is-save"; acqsim rules lists them`)
}

func FuzzJudge(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.jsonl"))
	require.NoError(f, err)
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(b)
	}
	profiles := make([]*profile.Profile, 0, len(profile.Names()))
	for _, name := range profile.Names() {
		p, err := profile.Open(name)
		require.NoError(f, err)
		profiles = append(profiles, p)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		d := transcript.NewDecoder(bytes.NewReader(file), "f")
		var events []transcript.Event
		for {
			e, err := d.Next()
			if err != nil {
				break
			}
			events = append(events, e)
		}
		for _, p := range profiles {
			report, err := verdict.Judge(verdict.Input{Events: events, Profile: p})
			require.NoError(t, err)
			require.Len(t, report.Rules, len(verdict.Rules()))
		}
	})
}
