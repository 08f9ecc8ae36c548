package world_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

func TestNamesReadBack(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range world.Outcomes() {
		text, err := o.MarshalText()
		require.NoError(t, err)
		var back world.Outcome
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, o, back)
		assert.False(t, seen[string(text)], "%s is there twice", text)
		seen[string(text)] = true
		assert.Regexp(t, `^[a-z]+(-[a-z]+)*$`, string(text))
	}
	for _, x := range world.TransactionTypes() {
		text, err := x.MarshalText()
		require.NoError(t, err)
		var back world.TransactionType
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, x, back)
	}
	for _, s := range []string{"", "undecided", "unrecognised", "Approved", "00"} {
		_, err := world.ParseOutcome(s)
		require.Error(t, err, s)
		_, err = world.ParseTransactionType(s)
		require.Error(t, err, s)
	}
	assert.Equal(t, "outcome(255)", world.Outcome(255).String())
}

func TestFinancialTypesConcernMoney(t *testing.T) {
	for _, x := range []world.TransactionType{world.Inquiry, world.Sale, world.Void, world.Refund, world.Reversal,
		world.PreAuth, world.CompletionAdvice, world.Cash, world.Tip} {
		assert.True(t, x.Financial(), x.String())
	}
	for _, x := range []world.TransactionType{world.Unrecognised, world.SignOn, world.SignOff, world.Echo, world.ESignature,
		world.Settlement, world.BatchUpload, world.ParameterEnd} {
		assert.False(t, x.Financial(), x.String())
	}
}
