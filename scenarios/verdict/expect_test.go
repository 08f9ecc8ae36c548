package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
)

const expecting = `name: under-test
title: {en: A test, zh: 测试}
layer: reply
symptom: no-answer
actions:
  - sale: {amount: "10.00", card: good}
  - sale: {amount: "10.00", card: good}
expect:
`

// What is expected is judged on the run "again": a sale that is lost, its
// reversal, and a sale that is approved.
func TestExpectations(t *testing.T) {
	w := world.Default()
	for line, want := range map[string]scenarios.Verdict{
		`outcome: {action: 1, is: no-answer}`:                                 scenarios.Pass,
		`outcome: {action: 1, is: [mismatch, no-answer]}`:                     scenarios.Pass,
		`outcome: {action: 1, is: approved}`:                                  scenarios.Fail,
		`outcome: {action: 2, is: approved, code: "51"}`:                      scenarios.Fail,
		`ledger: {action: 1, state: reversed}`:                                scenarios.Pass,
		`ledger: {action: 2, state: posted}`:                                  scenarios.Pass,
		`ledger: {action: 2, state: reversed}`:                                scenarios.Fail,
		`ledger: {account: good, moved: "-10.00"}`:                            scenarios.Pass,
		`ledger: {account: good, moved: "0.00"}`:                              scenarios.Fail,
		`ledger: {account: good, held: "0.00"}`:                               scenarios.NotApplicable,
		`sequence: [sale, reversal, "0200"]`:                                  scenarios.Pass,
		`sequence: [sale, sale, reversal]`:                                    scenarios.Fail,
		`rule: money-is-safe`:                                                 scenarios.Pass,
		`rule: {name: money-is-safe, is: fail}`:                               scenarios.Fail,
		`rule: {name: reversal-repeats, is: not-applicable}`:                  scenarios.Pass,
		`field: {action: 1, message: reversal, field: 11, is: "000001"}`:      scenarios.Pass,
		`field: {action: 1, message: reversal, field: 0, is: "0420"}`:         scenarios.Fail,
		`field: {action: 2, message: reversal, field: 11, is: "000002"}`:      scenarios.Fail,
		`field: {action: 1, message: request, field: 55, is: {absent: true}}`: scenarios.NotApplicable,
	} {
		t.Run(line, func(t *testing.T) {
			s, err := scenarios.Load("under-test.yaml", []byte(expecting+"  - "+line+"\n"), w)
			require.NoError(t, err)
			tp := newTape()
			again(tp)
			r, err := verdict.Judge(verdict.Input{Events: tp.events, Scenario: s, World: w})
			require.NoError(t, err)
			require.Len(t, r.Expect, 1)
			assert.Equal(t, want, r.Expect[0].Verdict, r.Expect[0].Why)
			bilingual(t, r.Expect[0].Why)
			assert.Equal(t, want != scenarios.Fail, r.Passed())
		})
	}
}

// Whoever leaves money at risk is named; only the terminal is convicted of it.
func TestMoneyAtRisk(t *testing.T) {
	for name, test := range map[string]struct {
		record func(*tape)
		kind   verdict.Kind
		by     verdict.By
	}{
		"never reversed":       {forgotten, verdict.ChargedNotDelivered, verdict.ByTerminal},
		"the run ended before": {func(tp *tape) { tp.lost(1, 1) }, verdict.ChargedNotDelivered, verdict.ByPending},
		"refused reversal": {func(tp *tape) {
			r := tp.lost(1, 1)
			v := tp.reversal(r, "98")
			tp.decide(v, world.OriginalNotFound)
			tp.reply(v, "25")
		}, verdict.ChargedNotDelivered, verdict.ByHost},
		"delivered after its reversal": {func(tp *tape) {
			tp.act(1, "sale", world.Sale, 1000)
			r := tp.request(world.Sale, 1, 1000)
			tp.approve(r)
			tp.approve(tp.reversal(r, "98"))
			tp.show(1, 1)
		}, verdict.DeliveredNotCharged, verdict.ByTerminal},
	} {
		t.Run(name, func(t *testing.T) {
			tp := newTape()
			test.record(tp)
			r, err := verdict.Judge(verdict.Input{Events: tp.events})
			require.NoError(t, err)
			require.Len(t, r.Money, 1)
			assert.Equal(t, test.kind, r.Money[0].Kind)
			assert.Equal(t, test.by, r.Money[0].By)
			assert.Equal(t, int64(1000), r.Money[0].Amount)
			for _, x := range r.Rules {
				if x.Rule == "money-is-safe" {
					assert.Equal(t, test.by == verdict.ByTerminal, x.Verdict == scenarios.Fail)
				}
			}
		})
	}
}

func TestNothingIsJudgedOfNothing(t *testing.T) {
	for _, events := range [][]transcript.Event{nil, newTape().events} {
		r, err := verdict.Judge(verdict.Input{Events: events})
		require.NoError(t, err)
		for _, x := range r.Rules {
			assert.Equal(t, scenarios.NotApplicable, x.Verdict, x.Rule)
		}
		assert.True(t, r.Passed())
	}
}
