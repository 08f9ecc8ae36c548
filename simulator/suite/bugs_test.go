package suite_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/suite"
	"github.com/acqsim/acqsim/simulator/terminal"
)

const (
	bugsFile = "testdata/bugs.golden"
	bugsHead = `# Which cause convicts which bug of the reference terminal, by which rules. A star
# marks the rule that is meant for the bug; ? marks what depends on microseconds,
# such as which end of a connection is seen first. Written by -update, to be reviewed.
`
	onlyExpected = "(expected by the scenario)" // no rule failed
)

// failure is a rule that fails with a bug in a scenario.
type failure struct{ bug, scenario, rule string }

// TestEveryBugIsConvicted by the rule that is meant for it, in one cause of the
// library at least. Which further rules a bug breaks is a file to be reviewed.
func TestEveryBugIsConvicted(t *testing.T) {
	o := libraryOptions(t, "unionpay-pos", "strict")
	if *update {
		writeMatrix(t, &o)
	}
	golden := readMatrix(t)
	of := func(b terminal.Bug) (cases []suite.Case) {
		for _, c := range o.Cases {
			concerns := false
			for f := range golden {
				concerns = concerns || f.bug == string(b) && f.scenario == c.Scenario.Name
			}
			if everything() || concerns {
				cases = append(cases, c)
			}
		}
		return cases
	}
	m, err := suite.Bugs(t.Context(), o, of)
	require.NoError(t, err)
	assert.Empty(t, m.Unconvicted())
	seen := failures(m)
	for f, sure := range golden {
		own := slices.ContainsFunc(m.Rows, func(r suite.BugRow) bool { return string(r.Bug) == f.bug && r.Rule == f.rule })
		assert.True(t, !sure || !own || slices.Contains(seen, f), "%s is not convicted by %s in %s any more", f.bug, f.rule, f.scenario)
	}
	for _, f := range seen {
		known := false
		for g := range golden {
			known = known || g.bug == f.bug && g.rule == f.rule
		}
		assert.True(t, known, "%s breaks %s in %s: run with -update and review", f.bug, f.rule, f.scenario)
	}
	for i := range m.Rows {
		assert.Empty(t, m.Rows[i].Errors, "%s", m.Rows[i].Bug)
	}
}

// failures lists what failed.
func failures(m *suite.Matrix) (all []failure) {
	for i := range m.Rows {
		for _, c := range m.Rows[i].Convictions {
			rules := c.Rules
			if len(rules) == 0 {
				rules = []string{onlyExpected}
			}
			for _, rule := range rules {
				all = append(all, failure{string(m.Rows[i].Bug), c.Scenario, rule})
			}
		}
	}
	return all
}

// writeMatrix writes the golden file: what failed in each of several runs, and
// what failed in some of them.
func writeMatrix(t *testing.T, o *suite.Options) {
	t.Helper()
	const runs = 4
	count := map[failure]int{}
	var b strings.Builder
	b.WriteString(bugsHead)
	var m *suite.Matrix
	for range runs {
		var err error
		m, err = suite.Bugs(t.Context(), *o, nil)
		require.NoError(t, err)
		for _, f := range failures(m) {
			count[f]++
		}
	}
	for i := range m.Rows {
		row := &m.Rows[i]
		for _, scenario := range m.Scenarios {
			var rules []string
			for f, n := range count {
				if f.bug != string(row.Bug) || f.scenario != scenario {
					continue
				}
				text := f.rule
				if f.rule == row.Rule {
					text += "*"
				}
				if n < runs {
					text += "?"
				}
				rules = append(rules, text)
			}
			if len(rules) > 0 {
				slices.Sort(rules)
				fmt.Fprintf(&b, "%s %s: %s\n", row.Bug, scenario, strings.Join(rules, ", "))
			}
		}
	}
	require.NoError(t, os.WriteFile(bugsFile, []byte(b.String()), 0o644)) //nolint:gosec // a golden file
}

// readMatrix reads the golden file: what fails, and whether always.
func readMatrix(t *testing.T) map[failure]bool {
	t.Helper()
	src, err := os.ReadFile(bugsFile)
	require.NoError(t, err)
	all := map[failure]bool{}
	for line := range strings.Lines(string(src)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		key, rules, ok := strings.Cut(strings.TrimSpace(line), ": ")
		bug, scenario, two := strings.Cut(key, " ")
		require.True(t, ok && two, line)
		for rule := range strings.SplitSeq(rules, ", ") {
			f := failure{bug, scenario, strings.TrimRight(rule, "*?")}
			all[f] = !strings.HasSuffix(rule, "?")
		}
	}
	return all
}
