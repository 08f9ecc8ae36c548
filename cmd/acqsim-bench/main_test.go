package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acqsim/acqsim/simulator/bench"
)

// These make the test program behave as the real one with childFlag.
const (
	serverVariable  = "ACQSIM_BENCH_TEST_SERVER"
	profileVariable = "ACQSIM_BENCH_TEST_PROFILE"
)

func TestMain(m *testing.M) {
	if server := os.Getenv(serverVariable); server != "" {
		os.Exit(run(context.Background(), []string{childFlag, server, os.Getenv(profileVariable)}, os.Stdin, os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("os/signal.loop"))
}

func testProgram(_ context.Context, server, profile string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverVariable+"="+server, profileVariable+"="+profile)
	return cmd
}

func program(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = measureWith(ctx, args, &out, &errs, testProgram)
	return code, out.String(), errs.String()
}

// short keeps a run to a moment.
var short = []string{"-quick", "-time", "10ms", "-conns", "1", "-idle", "20", "-terminals", "20", "-traffic", "unionpay-pos+mac"}

func TestQuickRunPrintsATable(t *testing.T) {
	code, stdout, stderr := program(t.Context(), short...)
	require.Equal(t, exitOK, code, stderr)
	for _, want := range []string{"unionpay-pos", "echo msg/s", "acqsim msg/s", "fewest–most", "idle connection", "none armed msg/s", "accept.close"} {
		assert.Contains(t, stdout, want)
	}
	assert.Contains(t, stderr, "1/", "progress goes to stderr")
	assert.NotContains(t, stderr, "\r", "which is no terminal here")
}

func TestOutputForMachinesAndDocumentation(t *testing.T) {
	code, stdout, stderr := program(t.Context(), append(short, "-json", "-soak", "6000")...)
	require.Equal(t, exitOK, code, stderr)
	var r bench.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	assert.True(t, r.Complete)
	assert.Len(t, r.Cells, 2)
	assert.Len(t, r.Idle, len(bench.Servers()))
	assert.Len(t, r.Soak.Points, 10)
	assert.Len(t, r.Armed, 1)
	assert.Empty(t, r.Lean, "it is measured without MACs")
	require.NotNil(t, r.Delays)
	assert.Len(t, r.Delays.Faults, 10)
	assert.NotEmpty(t, r.Machine.CPU)
	assert.Equal(t, 10, strings.Count(stderr, "after garbage collection"))

	code, stdout, stderr = program(t.Context(), append(short, "-markdown", "-idle", "0", "-armed=false", "-delays=false")...)
	require.Equal(t, exitOK, code, stderr)
	assert.Contains(t, stdout, "| ---")
	assert.NotContains(t, stdout, "none armed")
	assert.NotContains(t, stdout, "accept.close")
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-nonsense"}, {"extra"}, {"-conns", "many"}, {"-depths", "0"}, {"-traffic", "klingon"}, {"-servers", "jpos"}, {"-rounds", "-1"},
	} {
		code, stdout, stderr := program(t.Context(), args...)
		assert.Equal(t, exitUsage, code, args)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, args[len(args)-1])
	}
	code, _, stderr := program(t.Context(), "-help")
	assert.Equal(t, exitOK, code)
	assert.Contains(t, stderr, "-soak")
}

func TestInterruptedRunPrintsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr := program(ctx, short...)
	assert.Equal(t, exitInterrupted, code)
	assert.Contains(t, stdout, "Interrupted")
	assert.Contains(t, stderr, "interrupted")
}

func TestProfilesOfTheServers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cpu")
	code, _, stderr := program(t.Context(), append(short, "-idle", "0", "-traffic", "iso87-ascii", "-depths", "1", "-profile", path)...)
	require.Equal(t, exitOK, code, stderr)
	for _, server := range bench.Servers() {
		b, err := os.ReadFile(path + "." + server)
		require.NoError(t, err)
		assert.NotEmpty(t, b)
	}

	var errs bytes.Buffer
	missing := filepath.Join(t.TempDir(), "absent", "cpu")
	assert.Equal(t, exitFailed, run(t.Context(), []string{childFlag, "echo", missing}, strings.NewReader(""), io.Discard, &errs))
	assert.Contains(t, errs.String(), "profile")
}

func TestServerProcessRefusesAnUnknownServer(t *testing.T) {
	var stderr bytes.Buffer
	code := run(t.Context(), []string{childFlag, "jpos", ""}, strings.NewReader(""), io.Discard, &stderr)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, stderr.String(), "jpos")
}
