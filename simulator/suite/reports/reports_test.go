package reports

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// made is a report made of recorded runs: one scenario that passed once and
// failed once, others that passed, could not be run, and were skipped.
func made(t *testing.T) (*suite.Report, *dialect.Dialect) {
	t.Helper()
	d, err := dialect.Open("unionpay-pos")
	require.NoError(t, err)
	broken := judged(t, "tls-stalled", "")
	broken.Status, broken.Verdict, broken.Rule = suite.Errored, nil, ""
	broken.Why = world.Say("action 1, sale: %s", "操作 1，sale：%s", world.Same("the driver could not do sale: it died\nexit code 9"))
	broken.Output = "panic: \x1b[31mred\x00 <b>\ngoroutine 1"
	return &suite.Report{
		Version: suite.ReportVersion, Program: "acqsim 1.2.3", Started: time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("", 8*3600)),
		Elapsed: 12345678901, Terminal: "exec:./pos --sim", Profile: "strict", Dialect: "unionpay-pos", Seed: 7, Flags: []string{"--timeout", "2s"},
		Results: []suite.Result{
			judged(t, "reply-lost", "1"), judged(t, "forgets-reversal", "2"), judged(t, "reply-late", ""), broken,
			{Scenario: "cable-untidy", Title: world.Bilingual{EN: "The cable is untidy", ZH: "网线凌乱"}, Seed: 7, Status: suite.Skipped,
				Why: world.Say("a person has to bring it about: run it with --terminal manual", "须由人造成：请用 --terminal manual 执行")},
		},
	}, d
}

// judged is the result of a recorded run.
func judged(t *testing.T, file, repeat string) suite.Result {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", file+".jsonl"))
	require.NoError(t, err)
	r := suite.Result{Seed: 7, Elapsed: 1234567890, Status: suite.Passed}
	r.Header, r.Events, err = suite.LastRun(bytes.NewReader(src), file)
	require.NoError(t, err)
	s, err := scenarios.Load(file, []byte(r.Header.Run.Scenario.Text), nil)
	require.NoError(t, err)
	r.Scenario, r.Title = s.Name, s.Title
	r.Verdict = recordedVerdict(t, file, &r)
	if repeat != "" {
		r.Repeat = int(repeat[0] - '0')
		r.Seed += uint64(r.Repeat - 1)
	}
	for _, x := range r.Verdict.Rules {
		if x.Verdict == scenarios.Fail && r.Rule == "" {
			r.Status, r.Rule, r.Why = suite.Failed, x.Rule, x.Why
		}
	}
	return r
}

// recordedVerdict reads the verdict of that time, so that reports stay the same
// when rules learn to see more.
func recordedVerdict(t *testing.T, file string, r *suite.Result) *verdict.Report {
	t.Helper()
	path := filepath.Join("testdata", file+".verdict.json")
	if *update {
		v, err := suite.Judge(r.Header, r.Events)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, WriteVerdict(&b, v))
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	}
	src, err := os.ReadFile(path)
	require.NoError(t, err)
	var v verdict.Report
	require.NoError(t, json.Unmarshal(src, &v))
	return &v
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func written(t *testing.T, write func(io.Writer, *suite.Report, *dialect.Dialect) error) []byte {
	t.Helper()
	r, d := made(t)
	var b bytes.Buffer
	require.NoError(t, write(&b, r, d))
	return b.Bytes()
}

func TestJSON(t *testing.T) {
	got := written(t, WriteJSON)
	golden(t, "report.json", got)
	var back suite.Report
	require.NoError(t, json.Unmarshal(got, &back))
	assert.Equal(t, suite.ReportVersion, back.Version)
	assert.Len(t, back.Results, 5)
}

// TestJSONIsDocumented holds that docs/suites.md tells every key.
func TestJSONIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/suites.md")
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(written(t, WriteJSON), &tree))
	keys := map[string]bool{}
	var walk func(any)
	walk = func(x any) {
		switch x := x.(type) {
		case map[string]any:
			for k, v := range x {
				keys[k] = true
				walk(v)
			}
		case []any:
			for _, v := range x {
				walk(v)
			}
		}
	}
	walk(tree)
	assert.Greater(t, len(keys), 20)
	for k := range keys {
		assert.Contains(t, string(doc), "`"+k+"`")
	}
}

func TestFormsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Forms() {
		assert.False(t, seen[f.Name], f.Name)
		seen[f.Name] = true
		assert.NotEqual(t, f.Write == nil, f.Folder == nil, "%s writes a file or into a folder", f.Name)
	}
}
