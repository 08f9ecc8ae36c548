package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// TestReadme runs every command of the README. Of its output each line that
// the README shows must come, in that order, apart from what differs with
// every run: times, STANs and reference numbers.
func TestReadme(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	host := readmeHost(t)
	blocks := regexp.MustCompile("(?s)```(console)?\n(.*?)```").FindAllStringSubmatch(string(src), -1)
	require.NotEmpty(t, blocks)
	ran := 0
	for _, block := range blocks {
		for _, line := range strings.Split(block[2], "\n") {
			if target, ok := strings.CutPrefix(line, "make "); ok {
				ran++
				testTarget(t, target)
			}
		}
		for _, step := range strings.Split("\n"+block[2], "\n$ ")[1:] {
			ran++
			command, shown, _ := strings.Cut(step, "\n")
			testCommand(t, host, command, shown)
		}
	}
	assert.GreaterOrEqual(t, ran, 10, "the README's commands were not found")
}

// readmeHost is where the commands of the README send to: the first dialect,
// as :8583 is, with amounts that choose causes.
func readmeHost(t *testing.T) net.Addr {
	d, err := dialect.Load("unionpay-pos")
	require.NoError(t, err)
	all, err := causes()
	require.NoError(t, err)
	triggers, err := scenarios.NewTriggers(all, nil)
	require.NoError(t, err)
	planner := scenarios.NewPlanner(scenarios.PlannerOptions{})
	planner.Trigger(triggers)
	s, err := simulator.Start(context.Background(), simulator.Options{
		Listeners: []simulator.Listener{{Address: "127.0.0.1:0", Dialect: d}}, Planner: planner,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.Addr(0)
}

// testTarget asks make what it would do: the tests can't run themselves.
func testTarget(t *testing.T, target string) {
	if _, err := exec.LookPath("make"); err != nil {
		t.Log("make is not installed, so its targets are not tried")
		return
	}
	c := exec.Command("make", append([]string{"--dry-run"}, strings.Fields(target)...)...)
	c.Dir = filepath.Join("..", "..")
	out, err := c.CombinedOutput()
	require.NoError(t, err, "make %s: %s", target, out)
	assert.NotEmpty(t, out)
}

func testCommand(t *testing.T, host net.Addr, command, shown string) {
	args := strings.Fields(command)
	require.Equal(t, "bin/acqsim", args[0], "the README runs what make serve has built")
	args = args[1:]
	if args[0] == "send" {
		args = append(args, "--to", host.String())
	}
	var out, bad bytes.Buffer
	run(t.Context(), args, strings.NewReader(""), &out, &bad)
	got := strings.Split(normal(out.String()), "\n")
	for _, want := range strings.Split(normal(shown), "\n") {
		if strings.TrimSpace(want) == "" || strings.TrimSpace(want) == "…" {
			continue
		}
		at := slices.Index(got, want)
		if !assert.GreaterOrEqual(t, at, 0, "%s does not print %q any more, or elsewhere; it prints:\n%s\n%s", command, want, out.String(), bad.String()) {
			return
		}
		got = got[at+1:]
	}
}

// normal takes out what differs with every run.
func normal(s string) string {
	for _, changing := range []string{
		`127\.0\.0\.1:\d+`, ` *\d+\.\d+ ms`, `\d\d:\d\d:\d\d\.\d{3}`, `(RRN )\d{12}`, `(trace audit number +)\d+`, `(reference number +)\d+`, `(Approval code +)\d+`, `(, seed \d+, )[0-9.hms]+`,
	} {
		s = regexp.MustCompile(changing).ReplaceAllString(s, "$1#")
	}
	return s
}
