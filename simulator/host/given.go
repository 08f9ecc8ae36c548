package host

import (
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// given answers with the outcome that a scenario has the host decide. It is
// the host's own decision: nothing is posted, a decline is remembered, and a
// repeat gets the same answer.
func (c *call) given(o world.Outcome) {
	why := "the scenario has the host decide so"
	if c.found != nil && c.found.By != "" {
		why += " (" + c.found.By + ")"
	}
	switch t := c.req.Type; {
	case t == world.SignOn || t == world.SignOff || t == world.Echo || t == world.Unrecognised:
		c.refuse(o, why)
	case t == world.Settlement && o == world.OutOfBalance:
		c.givenOutOfBalance(why)
	case !c.authentic():
	case t == world.Reversal || !t.Financial():
		c.refuse(o, why)
	case !c.wellFormed() || !c.stepBatch() || c.repeated() || c.reversedBefore():
	default:
		c.note(c.h.reg.cards[c.req.Card])
		c.decline(o, why)
	}
}

// givenOutOfBalance has a settlement answered as one whose totals are not the
// host's: the batch stays open, and the terminal is to upload it.
func (c *call) givenOutOfBalance(why string) {
	if !c.authenticIfSigned() || !c.wellFormed() {
		return
	}
	told, err := c.d.Totals(c.req)
	if err != nil {
		c.refuse(world.FormatError, "the totals can't be read: "+err.Error())
		return
	}
	if _, ok := c.settledBatch(ledger.Totals(told.All())); !ok {
		return
	}
	results := [2]byte{notBalanced, balanced}
	if !told.Foreign.IsZero() {
		results[1] = notBalanced
	}
	c.outOfBalance(told, results, why)
}

// CardAlias returns the name that the world has for a card; "" if it has none.
func (h *Host) CardAlias(pan dialect.PAN) string { return h.aliases[pan] }

// aliasesOf names the cards of a world.
func aliasesOf(w *world.World) map[dialect.PAN]string {
	all := make(map[dialect.PAN]string, len(w.Cards))
	for _, alias := range sortedKeys(w.Cards) {
		if pan, err := dialect.ParsePAN(w.Cards[alias].PAN); err == nil && all[pan] == "" {
			all[pan] = alias
		}
	}
	return all
}
