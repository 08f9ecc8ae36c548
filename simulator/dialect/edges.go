package dialect

import (
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// EdgeOutcomes are what is answered where hosts differ: to reversals and voids
// of what is not there, or not as it was. Nothing is posted in any of these
// cases, whatever the answer; but a reversal of a void that is approved restores
// what the void had undone.
type EdgeOutcomes struct {
	ReversalUnmatched   world.Outcome // of what this host never saw
	ReversalClosedBatch world.Outcome // of what is in a batch that was closed
	ReversalOtherAmount world.Outcome // of another amount than the original's
	ReversalOfDeclined  world.Outcome
	ReversalOfVoided    world.Outcome // of what was voided, or completed, meanwhile
	ReversalOfRefunded  world.Outcome // of what was refunded or changed meanwhile
	ReversalOfVoid      world.Outcome // approved: what was voided stands again
	VoidOfVoided        world.Outcome // a second void
	VoidOfReversed      world.Outcome
	VoidOfDeclined      world.Outcome
	VoidOfRefunded      world.Outcome // in whole or in part
}

// Edges returns the dialect's answers to reversals and voids that change
// nothing.
func (d *Dialect) Edges() *EdgeOutcomes { return &d.conv.edges }

// CompletionShare is how much a completion may come to at most, in percent of
// what its pre-authorisation holds.
func (d *Dialect) CompletionShare() int { return d.conv.completionShare }

const (
	defaultShare = 100
	highestShare = 200
)

// edges compiles the outcomes; what the file does not say has the default.
func (c *compiler) edges(f *conventionsFile) {
	e := &c.d.conv.edges
	r, v := f.Reversals.Place, f.Voids.Place
	e.ReversalUnmatched = c.outcome(r.At("unmatched"), f.Reversals.Unmatched, world.OriginalNotFound)
	e.ReversalClosedBatch = c.outcome(r.At("closed_batch"), f.Reversals.ClosedBatch, world.OriginalNotFound)
	e.ReversalOtherAmount = c.outcome(r.At("other_amount"), f.Reversals.OtherAmount, world.OriginalAmountDiffers)
	e.ReversalOfDeclined = c.outcome(r.At("of_declined"), f.Reversals.OfDeclined, world.Approved)
	e.ReversalOfVoided = c.outcome(r.At("of_voided"), f.Reversals.OfVoided, world.InvalidTransaction)
	e.ReversalOfRefunded = c.outcome(r.At("of_refunded"), f.Reversals.OfRefunded, world.InvalidTransaction)
	e.ReversalOfVoid = c.outcome(r.At("of_void"), f.Reversals.OfVoid, world.Approved)
	e.VoidOfVoided = c.outcome(v.At("of_voided"), f.Voids.OfVoided, world.InvalidTransaction)
	e.VoidOfReversed = c.outcome(v.At("of_reversed"), f.Voids.OfReversed, world.InvalidTransaction)
	e.VoidOfDeclined = c.outcome(v.At("of_declined"), f.Voids.OfDeclined, world.InvalidTransaction)
	e.VoidOfRefunded = c.outcome(v.At("of_refunded"), f.Voids.OfRefunded, world.InvalidTransaction)
	c.d.conv.completionShare = defaultShare
	if s := f.CompletionShare; s != nil {
		c.d.conv.completionShare = *s
		if *s < defaultShare || *s > highestShare {
			c.fail(f.Place.At("completion_share").Errorf("%d is no share: percent of the pre-authorisation, %d to %d", *s, defaultShare, highestShare))
		}
	}
}

// outcome compiles the name of an outcome.
func (c *compiler) outcome(at strictyaml.Node, text string, otherwise world.Outcome) world.Outcome {
	if text == "" {
		return otherwise
	}
	o, err := world.ParseOutcome(text)
	if err != nil {
		var names []string
		for _, o := range world.Outcomes() {
			names = append(names, o.String())
		}
		c.fail(at.Errorf("%w", err).Suggest(text, names))
		return otherwise
	}
	return o
}

// hasOriginal reports whether messages of a type name an earlier transaction.
func hasOriginal(t world.TransactionType) bool {
	switch t {
	case world.Void, world.Refund, world.Reversal, world.PreAuthVoid, world.Completion, world.CompletionVoid,
		world.CompletionAdvice, world.Adjustment, world.Tip, world.ScriptResult:
		return true
	}
	return false
}
