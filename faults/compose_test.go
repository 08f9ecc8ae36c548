package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConflictNamesBoth(t *testing.T) {
	err := Compose(make1(t, "reply.delay"), make1(t, "frame.split"), make1(t, "frame.drip"))
	var conflict *ConflictError
	require.ErrorAs(t, err, &conflict)
	assert.Equal(t, &ConflictError{First: 1, Second: 2, Kinds: [2]string{"frame.split", "frame.drip"}, Why: "both set how the reply is cut up"}, conflict)
	assert.EqualError(t, err, "frame.split and frame.drip exclude each other: both set how the reply is cut up")
}

func TestComposeAcrossStages(t *testing.T) {
	assert.NoError(t, Compose())
	assert.NoError(t, Compose(make1(t, "request.hold"), make1(t, "reply.delay"), make1(t, "frame.split"), make1(t, "line.reset", "when", "after-reply")))
	assert.ErrorContains(t, Compose(make1(t, "connect.refuse"), make1(t, "reply.drop")), `one strikes at the stage "listening", the other at "reply"; make two rules of them`)
	assert.Error(t, Compose(make1(t, "reply.drop"), make1(t, "tls.stall")))
}

// What Compose says does not depend on the order, and each kind gets along
// with nobody that sets the same.
func TestComposeIsSymmetric(t *testing.T) {
	for _, a := range Kinds() {
		for _, b := range Kinds() {
			x, y := make1(t, a.Name), make1(t, b.Name)
			assert.Equal(t, Compose(x, y) == nil, Compose(y, x) == nil, "%s, %s", a.Name, b.Name)
		}
	}
}

func TestFits(t *testing.T) {
	all := ^Needs(0)
	for _, k := range Kinds() {
		assert.NoError(t, Fits(make1(t, k.Name), Layer{Has: all, MaxFrame: 1000, Defines: func(int) bool { return true }}), k.Name)
		if k.Needs != 0 {
			err := Fits(make1(t, k.Name), Layer{})
			var misfit *MisfitError
			require.ErrorAs(t, err, &misfit, k.Name)
			assert.Equal(t, k.Name, misfit.Kind)
			assert.Contains(t, err.Error(), "needs "+k.Needs.Names()[0].EN)
		}
	}
	assert.Len(t, all.Names(), len(needNames))
}
