package scenarios_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/schema/schematest"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// head is what every scenario needs.
const head = "name: x\ntitle: x\nlayer: reply\nsymptom: no-answer\n"

func load(t testing.TB, body string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Load("s.yaml", []byte(head+body), nil)
	require.NoError(t, err, body)
	return s
}

func TestEverything(t *testing.T) {
	src := `# yaml-language-server: $schema=scenario.schema.json
name: everything
title: {en: All of it, zh: 全部}
story: {en: A story., zh: 故事。}
source: here
layer: reply
symptom: no-answer
found_by: [echo-test, call-support]
seed: 7
terminal: "10000001"
trigger: {amount: "51", outcome: insufficient-funds}
given:
  clock: "2026-11-23T10:00:00+08:00"
  accounts: {good: {balance: "100.00"}}
  outcome:
    - {match: {type: sale}, when: {nth: 1}, is: cut-over}
rules:
  - match:
      type: [sale, void]
      mti: "0200"
      terminal: "T*"
      merchant: ["M*", "N?"]
      card: [good, "622200", "6200000000000005"]
      amount: ["1.00..500.00", "x.51", 10]
      field: {3: "000000", 22: {prefix: "02"}, 60: {regex: "^22"}, 55: {absent: true}}
      source: [10.0.0.0/8, "::1"]
      listener: main
      outcome: approved
      code: ["00"]
    when: {nth: [1, 3], probability: 0.5, window: "22:00-02:00", armed_for: 10m, limit: 3, count: overall}
    fault: reply.drop
  - match: {type: reversal}
    when: {after: 1, until: 5, every: 2, window: {hours: ["09:00-12:00"], days: mon-fri, zone: Asia/Shanghai}}
    fault: [{reply.delay: 2s}, reply.duplicate]
  - fault: {line.close: {when: after-reply, after: 1s}}
    also: true
    match: {type: echo}
actions:
  - sale: {amount: "10.00", card: good, pin: wrong}
  - void: {of: 1}
  - echo
  - wait: 1.5 timeouts
  - power_cut: {at: after-send}
  - restart: {}
  - press: {key: cancel, at: after-send}
  - together: [{sale: {amount: "1.00"}}, {sale: {amount: "2.00", terminal: "10000013"}}]
  - settle: {}
expect:
  - outcome: {action: 1, is: [no-answer, garbled], code: "51"}
  - rule: money-is-safe
  - rule: {name: late-reply-ignored, is: not-applicable}
  - field: {action: 1, message: reversal, field: 39, is: "98"}
  - sequence: ["0200", reversal, sale]
  - ledger: {action: 1, state: reversed}
  - ledger: {account: good, moved: "-10.00", held: "0.00"}
`
	s, err := scenarios.Load("s.yaml", []byte(src), nil)
	require.NoError(t, err)
	schematest.New(t, scenarios.Schema()).Accepts("everything", []byte(src))

	assert.Equal(t, "10000001", string(s.Terminal))
	assert.Equal(t, uint64(7), *s.Seed)
	assert.Equal(t, world.Sale, s.Rules[0].Match.Type[0])
	assert.Equal(t, scenarios.Range{From: 100, To: 50000}, s.Rules[0].Match.Amount[0].Range)
	assert.Equal(t, int64(51), s.Rules[0].Match.Amount[1].Ending)
	assert.True(t, s.Rules[0].Match.Amount[2].Contains(1000))
	assert.Equal(t, "reply.drop", s.Rules[0].Fault[0].Kind())
	assert.True(t, s.Rules[2].Also)
	assert.Equal(t, world.CutOver, s.Given.Outcome[0].Is)
	assert.Equal(t, []string{"good"}, []string{s.Expect[6].Ledger.Account})
	assert.InDelta(t, 1.5, s.Actions[3].Wait.Timeouts, 0)
	assert.Len(t, s.Actions[7].Together, 2)
	assert.Equal(t, scenarios.NotApplicable, s.Expect[2].Rule.Is)
	assert.Equal(t, time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), s.Given.Clock.UTC())
	w, err := scenarios.Apply(world.Default(), s)
	require.NoError(t, err)
	assert.Equal(t, int64(10000), w.Accounts["good"].Balance)
}

func TestMistakes(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"unknown key":           {"ruels: []\n", "5:1: unknown key `ruels` (did you mean `rules`?)"},
		"unknown layer":         {"found_by: [echo-tets]\n", "5:12: no human step is called \"echo-tets\" (did you mean `echo-test`?)"},
		"unknown fault":         {"rules: [{fault: reply.dorp}]\n", "5:17: unknown fault \"reply.dorp\"; acqsim faults lists them (did you mean `reply.drop`?)"},
		"unknown parameter":     {"rules: [{fault: {reply.delay: {dely: 2s}}}]\n", "5:32: reply.delay: dely: no such parameter"},
		"missing parameter":     {"rules: [{fault: reply.delay}]\n", "5:17: reply.delay: delay: missing"},
		"parameter's value":     {"rules: [{fault: {reply.delay: {delay: 2}}}]\n", "5:39: reply.delay: delay: \"2\": a number without a unit"},
		"unquoted MTI":          {"rules: [{match: {mti: 0200}, fault: reply.drop}]\n", `5:23: 0200 is written in quotes, since YAML takes it for a number (quote it: "0200")`},
		"unquoted MTI, plain":   {"rules: [{match: {mti: 1200}, fault: reply.drop}]\n", `5:23: 1200 is written in quotes, since YAML takes it for a number (quote it: "1200")`},
		"unquoted code":         {"rules: [{match: {code: 00}, fault: reply.drop}]\n", `5:24: 00 is written in quotes`},
		"unquoted parameter":    {"rules: [{fault: {message.code: {code: 51}}}]\n", `5:39: 51 is written in quotes`},
		"short MTI":             {"rules: [{match: {mti: \"200\"}, fault: reply.drop}]\n", `5:23: "200" is no message type of four digits`},
		"selector too early":    {"rules: [{match: {type: sale}, fault: accept.close}]\n", "5:18: accept.close strikes at the stage \"accepted\", when nothing is known of `type`: that is known from the stage \"request\" on"},
		"outcome of a request":  {"rules: [{match: {outcome: approved}, fault: request.drop}]\n", "5:18: request.drop strikes at the stage \"request\", when nothing is known of `outcome`"},
		"source of a listener":  {"rules: [{match: {source: 10.0.0.1}, fault: connect.refuse}]\n", "5:18: connect.refuse strikes at the stage \"listening\""},
		"counting SYNs":         {"rules: [{when: {nth: 1}, fault: connect.refuse}]\n", "5:16: connect.refuse has nothing that could be counted"},
		"no delay":              {"rules: [{fault: {reply.delay: 0s}}]\n", "5:31: reply.delay: delay: keeps nothing back"},
		"exclusive faults":      {"rules: [{fault: [request.drop, {request.hold: 2s}]}]\n", "5:33: request.drop and request.hold exclude each other"},
		"no reply to wait for":  {"rules: [{fault: [request.drop, line.close]}]\n", "5:32: request.drop and line.close exclude each other: the host never sees the request"},
		"no reply to reset":     {"rules: [{fault: [request.drop, {line.reset: before-reply}]}]\n", "5:33: request.drop and line.reset exclude each other"},
		"split what is gone":    {"rules: [{fault: [{frame.truncate: 10}, {frame.split: 20}]}]\n", "5:41: frame.truncate and frame.split exclude each other: what goes out then has no byte 20 to split at"},
		"split what is short":   {"rules: [{fault: [{frame.garbage: {bytes: \"aabb\"}}, {frame.split: 20}]}]\n", "5:53: frame.garbage and frame.split exclude each other"},
		"damage what is gone":   {"rules: [{fault: [{frame.truncate: -10}, {frame.corrupt: {at: -5}}]}]\n", "5:42: frame.truncate and frame.corrupt exclude each other: what goes out then has no byte -5 to damage"},
		"rules of no bytes":     {"rules:\n  - fault: {frame.truncate: 10}\n  - fault: {frame.corrupt: {at: 50}}\n    also: true\n", "7:13: this rule can join rule 1, but frame.truncate and frame.corrupt exclude each other"},
		"two stages":            {"rules: [{fault: [accept.close, reply.drop]}]\n", "5:32: accept.close and reply.drop exclude each other"},
		"exclusive rules":       {"rules:\n  - fault: reply.drop\n  - fault: {reply.delay: 2s}\n    also: true\n", "7:13: this rule can join rule 1, but reply.drop and reply.delay exclude each other"},
		"amount":                {"rules: [{match: {amount: \"1.000\"}, fault: reply.drop}]\n", `5:26: "1.000" is no amount`},
		"ending":                {"rules: [{match: {amount: x.5}, fault: reply.drop}]\n", `5:26: "x.5" is no ending of amounts`},
		"range":                 {"rules: [{match: {amount: 5.00..1.00}, fault: reply.drop}]\n", `5:26: "5.00..1.00" is no amount`},
		"card":                  {"rules: [{match: {card: godo}, fault: reply.drop}]\n", "5:24: no card is called \"godo\" (did you mean `good`?)"},
		"field number":          {"rules: [{match: {field: {1: \"x\"}}, fault: reply.drop}]\n", "5:26: data elements are 2 to 128"},
		"field conditions":      {"rules: [{match: {field: {3: {equals: \"1\", prefix: \"2\"}}}, fault: reply.drop}]\n", "5:29: a data element has one condition"},
		"regex":                 {"rules: [{match: {field: {3: {regex: \"(\"}}}, fault: reply.drop}]\n", "5:37: the regular expression is not right"},
		"address":               {"rules: [{match: {source: 10.0.0.300}, fault: accept.close}]\n", "5:26: \"10.0.0.300\" is no IP address"},
		"empty list":            {"rules: [{match: {type: []}, fault: reply.drop}]\n", "5:24: an empty list fits nothing"},
		"long terminal":         {"rules: [{match: {terminal: \"123456789\"}, fault: reply.drop}]\n", "5:28: \"123456789\" is longer than the 8 characters"},
		"no fault":              {"rules: [{match: {type: sale}}]\n", "5:9: the key `fault` is missing in rules[0]"},
		"empty fault":           {"rules: [{fault: []}]\n", "5:17: name a fault"},
		"occurrences":           {"rules: [{when: {nth: 0}, fault: reply.drop}]\n", "5:22: occurrences are counted from 1"},
		"after and until":       {"rules: [{when: {after: 3, until: 3}, fault: reply.drop}]\n", "5:34: nothing comes after occurrence 3 and until 3"},
		"probability":           {"rules: [{when: {probability: 1.5}, fault: reply.drop}]\n", "5:30: a probability is from 0 to 1"},
		"window":                {"rules: [{when: {window: {hours: 09:00-18:00, zone: Mars}}, fault: reply.drop}]\n", "5:52: no time zone is called \"Mars\""},
		"clock":                 {"given: {clock: 10:00}\n", "5:16: a time with its zone is wanted"},
		"given world":           {"given: {cards: {good: {statsu: lost}}}\n", "5:24: unknown key `statsu` (did you mean `status`?)"},
		"given acquirer":        {"given: {acquirer: {id: \"1\"}}\n", "5:9: unknown key `acquirer`"},
		"given card's cause":    {"given: {cards: {good: {cause: reply-lost}}}\n", "5:24: `cause` has no effect in `given`: a scenario arms no other one (put it into the world of acqsim serve, or the rules of that cause here)"},
		"given terminal's":      {"given: {terminals: {\"10000001\": {status: signed-off, cause: }}}\n", "5:54: `cause` has no effect in `given`"},
		"given outcome":         {"given: {outcome: cutover}\n", "5:18: no outcome is called \"cutover\""},
		"given to approve":      {"given: {outcome: approved}\n", "5:18: the host can't be given to approve: money moves only for a reason"},
		"given to approve some": {"given: {outcome: [{match: {type: sale}, is: approved}]}\n", "5:45: the host can't be given to approve"},
		"trigger to approve":    {"trigger: {amount: \"51\", outcome: approved}\nrules: [{fault: reply.drop}]\n", "5:34: the host can't be given to approve"},
		"given outcome's match": {"given: {outcome: {match: {code: \"00\"}, is: cut-over}}\n", "5:27: what the host decides strikes at the stage \"request\""},
		"unknown action":        {"actions: [{sael: {amount: \"1.00\"}}]\n", "5:12: no action is called \"sael\" (did you mean `sale`?)"},
		"two actions in one":    {"actions: [{sale: {amount: \"1.00\"}, echo: {}}]\n", "5:11: an action is one key"},
		"action without amount": {"actions: [{sale: {card: good}}]\n", "5:18: sale needs an amount"},
		"amount of an echo":     {"actions: [{echo: {amount: \"1.00\"}}]\n", "5:27: echo has no amount"},
		"card of an echo":       {"actions: [{echo: {card: good}}]\n", "5:25: echo takes no card"},
		"sale of what":          {"actions: [echo, {sale: {amount: \"1.00\", of: 1}}]\n", "5:45: sale is about no other action"},
		"void of what":          {"actions: [{sale: {amount: \"1.00\"}}, {void: {}}]\n", "5:44: say what is to be undone or completed: of: 1"},
		"void of the future":    {"actions: [{void: {of: 2}}, {sale: {amount: \"1.00\"}}]\n", "5:23: action 2 is no transaction before this one"},
		"too precise":           {"actions: [{sale: {amount: \"1.005\"}}]\n", "5:27: \"1.005\" is not an amount in CNY"},
		"wait":                  {"actions: [{wait: soon}]\n", "5:18: \"soon\" is not right; give a duration"},
		"wait for nothing":      {"actions: [wait]\n", "5:11: say how long"},
		"alone together":        {"actions: [{together: [echo]}]\n", "5:11: together takes a list of two or more"},
		"press what":            {"actions: [press]\n", "5:11: name the key"},
		"unknown rule":          {"expect: [{rule: money-is-save}]\n", "5:17: no terminal rule is called \"money-is-save\" (did you mean `money-is-safe`?)"},
		"unknown outcome":       {"actions: [echo]\nexpect: [{outcome: {action: 1, is: no-anser}}]\n", "6:36: no outcome at a terminal is called \"no-anser\" (did you mean `no-answer`?)"},
		"no such action":        {"actions: [echo]\nexpect: [{outcome: {action: 2, is: approved}}]\n", "6:29: there is no action 2: the scenario has 1 action, counted from 1"},
		"no transaction":        {"actions: [restart]\nexpect: [{outcome: {action: 1, is: approved}}]\n", "6:29: action 1 is restart, which is no transaction"},
		"two in one":            {"actions: [echo]\nexpect: [{rule: money-is-safe, sequence: [echo]}]\n", "6:10: an expectation is one key"},
		"sequence":              {"expect: [{sequence: [\"0200\", revesal]}]\n", "5:30: \"revesal\" is no message type such as \"0200\" and no transaction type (did you mean `reversal`?)"},
		"ledger of nothing":     {"expect: [{ledger: {state: reversed}}]\n", "5:19: say of an action what became of it"},
		"ledger account":        {"expect: [{ledger: {account: goood, moved: \"0.00\"}}]\n", "5:29: no account is called \"goood\" (did you mean `good`?)"},
		"trigger 00":            {"trigger: {amount: \"00\"}\nrules: [{fault: reply.drop}]\n", "5:19: amounts that end in 00 are always honest"},
		"trigger, unquoted":     {"trigger: {amount: 51}\nrules: [{fault: reply.drop}]\n", "5:19: 51 is written in quotes"},
		"trigger for all":       {"trigger: {amount: \"51\"}\nrules: [{fault: connect.refuse}]\n", "5:19: rule 1 (connect.refuse) strikes all terminals alike"},
		"trigger of the world":  {"trigger: {amount: \"51\"}\ngiven: {accounts: {good: {balance: \"1.00\"}}}\n", "5:10: what this scenario changes is the world"},
		"site of a reply":       {"site: Pull the cable.\n", "5:7: `site` goes with layer: site"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scenarios.Load("s.yaml", []byte(head+tt.body), nil)
			var found strictyaml.Problems
			require.True(t, errors.As(err, &found), "%v", err)
			assert.True(t, strings.HasPrefix(found[0].Error(), "s.yaml:"+tt.want), "got  %s\nwant s.yaml:%s", found[0], tt.want)
			assert.Len(t, found, 1, "one mistake causes one complaint: %v", found)
		})
	}
}

func TestASiteScenario(t *testing.T) {
	const site = "name: x\ntitle: x\nlayer: site\nsymptom: cannot-connect\n"
	s, err := scenarios.Load("s.yaml", []byte(site+"site: Pull the cable.\n"), nil)
	require.NoError(t, err)
	assert.True(t, s.IsSite())
	_, err = scenarios.Load("s.yaml", []byte(site), nil)
	require.ErrorContains(t, err, "a cause of the shop needs `site`")
	_, err = scenarios.Load("s.yaml", []byte(site+"site: x\nrules: [{fault: reply.drop}]\n"), nil)
	require.ErrorContains(t, err, "a cause of the shop has no rules")

	var refused *scenarios.ArmError
	require.ErrorAs(t, scenarios.NewPlanner(scenarios.PlannerOptions{}).Arm(scenarios.Arming{Scenario: s}), &refused)
	assert.Contains(t, refused.Error(), "Pull the cable.")
}

// Secrets of a world are not repeated by mistakes that stand in their line.
func TestMistakesRepeatNoSecrets(t *testing.T) {
	_, err := scenarios.Load("s.yaml", []byte(head+"given: {cards: {good: {pin: \"482913\"}}, outcome: nothing}\n"), nil)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "482913")
}

// What faults show as an example is a rule of this language.
func TestTheExamplesOfFaultsAreRules(t *testing.T) {
	judge := schematest.New(t, scenarios.Schema())
	for _, k := range faults.Kinds() {
		src := head + "rules:\n" + k.Example
		s, err := scenarios.Load(k.Name+".yaml", []byte(src), nil)
		if assert.NoError(t, err, k.Name) {
			assert.Equal(t, k.Name, s.Rules[0].Fault[0].Kind())
			judge.Accepts(k.Name, []byte(src))
		}
	}
}

// Editors offer no `cause` where it would have no effect.
func TestTheSchemaOfGivenHasNoCause(t *testing.T) {
	judge := schematest.New(t, scenarios.Schema())
	for _, thing := range []string{"cards: {good: ", "terminals: {\"10000001\": "} {
		judge.Accepts(thing, []byte(head+"given: {"+thing+"{about: x}}}\n"))
		judge.Refuses(thing, []byte(head+"given: {"+thing+"{cause: reply-lost}}}\n"))
	}
}

func TestWords(t *testing.T) {
	for _, list := range [][]scenarios.Word{scenarios.Layers(), scenarios.Symptoms(), scenarios.Steps()} {
		for _, w := range list {
			assert.NotEmpty(t, w.Text.EN, w.Name)
			assert.NotEmpty(t, w.Text.ZH, w.Name)
		}
	}
	assert.Equal(t, "商户无应答", scenarios.Symptom("no-answer").Text().ZH)
	assert.Empty(t, scenarios.Step("x").Text().EN)
	assert.Equal(t, "the shop", scenarios.Layer("site").Text().EN)
	assert.Len(t, scenarios.VerdictRules(), 23)
}

func FuzzLoad(f *testing.F) {
	for _, name := range library.Names() {
		src, err := library.Source(name)
		require.NoError(f, err)
		f.Add(string(src))
	}
	for _, k := range faults.Kinds() {
		f.Add(head + "rules:\n" + k.Example)
	}
	f.Add(head + "rules: [{match: {field: {3: {regex: \"(\"}}, amount: [x.51, ..5]}, when: {window: 22:00-26:00}, fault: [reply.drop]}]\n")
	f.Add(head + "given: {outcome: cut-over, cards: {good: {pin: \"1\"}}}\nactions: [together: [echo, wait: 1s]]\n")
	w := world.Default()
	f.Fuzz(func(t *testing.T, src string) {
		s, err := scenarios.Load("s.yaml", []byte(src), w)
		if err != nil {
			var found strictyaml.Problems
			require.ErrorAs(t, err, &found)
			return
		}
		// What is loaded can be armed, or says why not, and planned with.
		p := scenarios.NewPlanner(scenarios.PlannerOptions{})
		if p.Arm(scenarios.Arming{Scenario: s}) != nil {
			return
		}
		exchange(p, request("10000001", "sale", 1051))
		p.OnAccept(&faults.Conn{Listener: "main"})
		p.OnHello(&faults.Conn{Listener: "main"})
		p.OnIdle(&faults.Conn{Listener: "main"})
		p.OnListen(&faults.Conn{Listener: "main"})
	})
}
