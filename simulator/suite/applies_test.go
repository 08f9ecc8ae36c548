package suite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/suite"
)

// run runs one scenario of a file against the reference terminal.
func runFile(t *testing.T, inDialect, body string) suite.Result {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mine.yaml")
	src := "name: mine\ntitle: Mine\nlayer: reply\nsymptom: no-answer\n" + body
	require.NoError(t, os.WriteFile(file, []byte(src), 0o600))
	r, err := suite.Run(t.Context(), libraryOptions(t, inDialect, "strict", file))
	require.NoError(t, err)
	require.Len(t, r.Results, 1)
	return r.Results[0]
}

func TestWhatDoesNotApplyIsSkipped(t *testing.T) {
	for _, c := range []struct{ dialect, body, why string }{
		{"iso87-ascii", "rules:\n  - match: {type: cash}\n    fault: reply.drop\nactions: [{sale: {amount: \"1.00\"}}]\n", "it did not come about: the terminal never did what its rules strike"},
		{"iso87-ascii", "rules:\n  - fault: frame.tpdu\nactions: [{sale: {amount: \"1.00\"}}]\n", "it can't be shown in iso87-ascii here: frame.tpdu: needs a dialect with a TPDU"},
		{"iso87-ascii", "needs: keys\nactions: [{sale: {amount: \"1.00\"}}]\n", "it needs working keys, and a sign-on in iso87-ascii brings none"},
		{"iso87-ascii", "actions: [{sale: {amount: \"1.00\", pin: wrong}}]\n", "the terminal has no pin (acqsim reference terminal)"},
		{"unionpay-pos", "actions: [{cash: {amount: \"1.00\"}}]\n", "the terminal has no cash (acqsim reference terminal)"},
		{"unionpay-pos", "given: {clock: \"2026-11-23T10:00:00+08:00\"}\n", "it has no actions"},
	} {
		r := runFile(t, c.dialect, c.body)
		assert.Equal(t, suite.Skipped, r.Status, c.body)
		assert.Equal(t, c.why, r.Why.EN)
	}
}

// What is not struck is still judged: a terminal that does wrong by itself fails.
func TestAFailureCountsWhereNothingStruck(t *testing.T) {
	r := runFile(t, "iso87-ascii", "rules:\n  - match: {type: cash}\n    fault: reply.drop\nactions: [{sale: {amount: \"1.00\"}}]\nexpect: [{outcome: {action: 1, is: declined}}]\n")
	assert.Equal(t, suite.Failed, r.Status)
	assert.Equal(t, "action 1 ended as approved, but declined was expected", r.Why.EN)
}
