package simulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/transcript"
)

// A person brings about the causes of the shop. Where the host has a part in
// them, it is shown here that following the instruction leads to the symptom.

func TestACauseOfTheShopIsAnInstruction(t *testing.T) {
	all, err := library.All()
	require.NoError(t, err)
	planner, found := scenarios.NewPlanner(scenarios.PlannerOptions{}), 0
	for _, s := range all {
		if !s.IsSite() {
			continue
		}
		found++
		assert.NotEmpty(t, s.Actions, s.Name)
		assert.NotEmpty(t, s.Expect, s.Name)
		err := planner.Arm(scenarios.Arming{Scenario: s, At: time.Now()})
		var no *scenarios.ArmError
		require.ErrorAs(t, err, &no, s.Name)
		assert.Contains(t, no.Why, s.Site.EN, "the refusal says what to do")
	}
	assert.Equal(t, 11, found)
}

func TestWrongTPDU(t *testing.T) {
	r := rigUp(t, "wrong-tpdu", "unionpay-pos", false)
	p := r.victim()
	wrong := func(what string) []byte {
		b := p.frame(p.message(what, 0, p.who()))
		copy(b[2:], []byte{0x99, 0x00, 0x03, 0x00, 0x00})
		return b
	}
	p.write(p.frame(p.message("echo", 0, nil)))
	require.NotEmpty(t, get(t, p.answer(), 0), "with the right one, the line test succeeds")
	for _, what := range []string{"echo", "sale"} {
		p.write(wrong(what))
		silence(t, p.pos)
		lost := one(t, events(t, r.Server, ofKind(transcript.Discarded)), transcript.Discarded)
		assert.Contains(t, lost.Why, "TPDU", "the journal says why nothing was sent")
	}
	r.trade()
	assert.Zero(t, r.close())
}

func TestOutdatedSoftware(t *testing.T) {
	r := rigUp(t, "outdated-software", "unionpay-pos", false) // whose header says version 31
	p := r.victim()
	p.id = string(r.cause.Terminal)
	for _, pan := range []string{goodPAN, "5555555555554444"} {
		p.pan = pan
		p.sell()
		assert.Equal(t, "30", get(t, p.answer(), 39))
	}
	r.trade()
	assert.Zero(t, r.close())
}

func TestSecondDeviceWithTheSameTerminalID(t *testing.T) {
	r := rigUp(t, "second-device-same-terminal", "unionpay-pos", false)
	first := r.victim()
	keys := signOn(t, first.pos)
	who := first.who()
	delete(who, 41) // the template's own
	_, m := first.signed(keys, "sale", who)
	require.Equal(t, "00", get(t, m, 39))

	second := r.victim()
	signOn(t, second.pos)
	_, m = first.signed(keys, "sale", who)
	assert.Equal(t, "A0", get(t, m, 39), "the keys of the first are void")
	keys = signOn(t, first.pos)
	_, m = first.signed(keys, "sale", who)
	assert.Equal(t, "00", get(t, m, 39), "until it signs on again")
	r.trade()
	assert.Equal(t, int64(-2*saleAmount), r.close())
}

func TestWrongCategoryChosen(t *testing.T) {
	r := rigUp(t, "wrong-category-chosen", "unionpay-pos", false)
	p := r.victim()
	p.id, p.merchant = string(r.cause.Terminal), "999000000000010"
	changes := p.who()
	for n, v := range kinds[r.name]["pre-auth"] {
		changes[n] = v
	}
	assert.Equal(t, "58", get(t, p.do("sale", 0, changes), 39), "pre-authorisation is not permitted to the merchant")
	p.sell()
	assert.Equal(t, "00", get(t, p.answer(), 39))
	r.trade()
	assert.Equal(t, int64(-saleAmount), r.close())
}
