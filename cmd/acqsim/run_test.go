package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/suite"
)

// writer calls a function with what is written.
type writer func(p []byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

// TestRunInterrupted presses Ctrl-C when the first scenarios have ended: they
// are reported, and the others count as not run.
func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var stdout, stderr bytes.Buffer
	progress := writer(func(p []byte) {
		stderr.Write(p)
		if strings.Contains(string(p), "3/40") {
			cancel()
		}
	})
	file := filepath.Join(t.TempDir(), "report.json")
	code := run(ctx, []string{"run", "insufficient-funds", "--repeat", "40", "--parallel", "1", "--json", file}, strings.NewReader(""), &stdout, progress)
	assert.Equal(t, exitInterrupted, code)
	assert.Contains(t, stderr.String(), "acqsim: interrupted: ")
	assert.Regexp(t, `(?m)^insufficient-funds #1 +passed `, stdout.String())
	assert.Regexp(t, `(?m)^insufficient-funds #40 +error `, stdout.String())

	src, err := os.ReadFile(file)
	require.NoError(t, err)
	var r suite.Report
	require.NoError(t, json.Unmarshal(src, &r))
	assert.Len(t, r.Results, 40)
	assert.GreaterOrEqual(t, r.Count(suite.Passed), 3)
	assert.Equal(t, 40, r.Count(suite.Passed)+r.Count(suite.Errored))
	assert.GreaterOrEqual(t, r.Count(suite.Errored), 30)
}

func TestRunExit(t *testing.T) {
	for _, x := range []struct {
		name    string
		results []suite.Status
		err     error
		code    int
	}{
		{"all passed", []suite.Status{suite.Passed, suite.Passed}, nil, exitOK},
		{"skipped ones don't count", []suite.Status{suite.Passed, suite.Skipped}, nil, exitOK},
		{"nothing was judged", []suite.Status{suite.Skipped, suite.Skipped}, nil, exitUsage},
		{"a rule failed", []suite.Status{suite.Passed, suite.Failed}, nil, exitNegative},
		{"one could not be run", []suite.Status{suite.Passed, suite.Errored}, nil, exitUsage},
		{"a failure is certain, whatever else there is", []suite.Status{suite.Errored, suite.Failed, suite.Skipped}, nil, exitNegative},
		{"Ctrl-C", []suite.Status{suite.Failed, suite.Errored}, context.Canceled, exitInterrupted},
		{"no clean-up", []suite.Status{suite.Passed, suite.Errored}, errors.New("no clean-up"), exitUsage},
		{"no clean-up after a failure", []suite.Status{suite.Failed, suite.Errored}, errors.New("no clean-up"), exitNegative},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := &suite.Report{}
			for _, s := range x.results {
				r.Results = append(r.Results, suite.Result{Status: s})
			}
			var stderr bytes.Buffer
			assert.Equal(t, x.code, report(&stderr, runExit(r, x.err)))
			if x.err != nil {
				assert.NotEmpty(t, stderr.String())
			}
		})
	}
}

func TestRunTable(t *testing.T) {
	r := &suite.Report{
		Terminal: "exec:./pos", Profile: "strict", Dialect: "iso87-ascii", Seed: 3, Elapsed: 61234 * time.Millisecond,
		Results: []suite.Result{
			{Scenario: "reply-lost", Title: world.Bilingual{EN: "Approved, but lost", ZH: "应答丢失"}, Status: suite.Passed},
			{Scenario: "wrong-stan", Status: suite.Failed, Rule: "mismatch-not-accepted", Why: world.Bilingual{EN: "it took\nthe reply", ZH: "接受了\n应答"}},
			{Scenario: "garbage", Status: suite.Errored, Why: world.Same("the driver could not do sale: it died"), Output: "one\n\x1b[2Jtwo\n"},
			{Scenario: "cable-loose", Status: suite.Skipped, Why: world.Bilingual{EN: "by hand", ZH: "手工"}},
			{Scenario: "wrong-pin", Status: suite.Skipped, Why: world.Bilingual{EN: "the terminal has no pin", ZH: "终端不支持 pin"}},
			{Scenario: "dns-broken", Status: suite.Skipped, Why: world.Bilingual{EN: "by hand", ZH: "手工"}},
		},
	}
	assert.Equal(t, strings.Join([]string{
		"scenario    verdict   rule                   what happened",
		"reply-lost  passed                           Approved, but lost",
		"wrong-stan  failed    mismatch-not-accepted  it took the reply",
		"garbage     error                            the driver could not do sale: it died",
		"",
		"garbage, what the driver wrote last:",
		"  one",
		"  [2Jtwo",
		"",
		"skipped, by hand:",
		"  cable-loose, dns-broken",
		"skipped, the terminal has no pin:",
		"  wrong-pin",
		"",
		"1 passed, 1 failed, 1 could not be run, 3 skipped; exec:./pos, profile strict, iso87-ascii, seed 3, 1m1.2s",
		"",
	}, "\n"), newRunText(langEN, false).table(r))

	zh := newRunText(langZH, false).table(r)
	assert.Contains(t, zh, "\nreply-lost  通过                             应答丢失\n")
	assert.Contains(t, zh, "\n跳过（手工）：\n  cable-loose, dns-broken\n")
	assert.Contains(t, zh, "\nwrong-stan  不通过    mismatch-not-accepted  接受了 应答\n")
	assert.Contains(t, newRunText(langEN, true).table(r), "\x1b[31mfailed\x1b[0m")
}

func TestRunProgress(t *testing.T) {
	r := func(name string, s suite.Status) *suite.Result { return &suite.Result{Scenario: name, Status: s} }
	steps := func(p *runProgress) {
		p.step(r("one", ""), false)
		p.step(r("two-with-a-very-long-name", ""), false)
		p.step(r("one", suite.Failed), true)
		p.done()
	}
	var b bytes.Buffer
	p := newRunProgress(&b, newRunText(langEN, false), 2)
	steps(p)
	assert.Equal(t, "1/2  failed    one  0s\n", b.String())

	b.Reset()
	p = newRunProgress(&b, newRunText(langEN, false), 2)
	p.live, p.columns = true, 24
	steps(p)
	assert.Equal(t, []string{"", "0/2 one", "0/2 one, two-with-a-ve…", "1/2 failed 1  two-with…", ""}, strings.Split(b.String(), "\r\x1b[K"))
}

func TestRunWritesWholeReportsOrNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.json")
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
	broken := errors.New("broken")
	err := writeFile(file, func(w io.Writer) error {
		_, _ = w.Write([]byte("half"))
		return broken
	})
	require.ErrorIs(t, err, broken)
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "old", string(src))
	left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*"))
	require.NoError(t, err)
	hidden, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".*-*"))
	require.NoError(t, err)
	assert.Len(t, append(left, hidden...), 1)
}
