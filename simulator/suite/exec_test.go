//go:build !windows

package suite_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

// greets is the beginning of a driver in shell.
const greets = `read -r hello; echo '{"hello": {"protocol": 1, "name": "sh"}}'; `

// approves is a whole driver, which approves of all.
const approves = greets + `while read -r line; do case "$line" in
  *'"bye"'*) exit;;
  *) id=${line#*'"id":'}; echo '{"outcome": {"id": '"${id%%,*}"', "is": "approved"}}';;
esac; done`

func execHello() *suite.Hello {
	return &suite.Hello{Protocol: suite.Protocol, Scenario: "reply-lost", Host: "127.0.0.1:1", MasterKey: "0123456789ABCDEFFEDCBA9876543210"}
}

func TestExecPerforms(t *testing.T) {
	d := &suite.Exec{Command: approves, End: time.Minute}
	s, err := d.Open(t.Context(), execHello())
	require.NoError(t, err)
	assert.Equal(t, "sh", s.Ready().Name)
	for id := range 3 {
		o, err := s.Do(t.Context(), &suite.Action{ID: id + 1, Do: "sale"})
		require.NoError(t, err)
		assert.Equal(t, &suite.Outcome{ID: id + 1, Is: display.Approved}, o)
	}
	require.NoError(t, s.Close(), "it ends by itself: the time to end is a minute")
	_, err = s.Do(t.Context(), &suite.Action{ID: 4, Do: "sale"})
	require.Error(t, err)
}

// TestExecTakesCommandsAsTyped holds that quotes, blanks and variables are the
// shell's.
func TestExecTakesCommandsAsTyped(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "my driver.sh"), []byte(`read -r hello; echo '{"hello": {"protocol": 1, "name": "'"$1"'"}}'`), 0o600))
	d := &suite.Exec{Command: `sh "my driver.sh" --name="a  b"`, Dir: dir}
	s, err := d.Open(t.Context(), execHello())
	require.NoError(t, err)
	assert.Equal(t, "--name=a  b", s.Ready().Name)
	require.NoError(t, s.Close())
}

func TestExecThatDoesNotDo(t *testing.T) {
	long := `head -c 70000 /dev/zero | tr '\0' x; `
	for _, c := range []struct{ name, command, err, output string }{
		{"not there", "no-such-command-here", "could not say hello: it has ended without an answer (exit status 127)", "no-such-command-here"},
		{"dies", `echo 'ImportError: no module' >&2; exit 3`, "could not say hello: it has ended without an answer (exit status 3)", "standard error ends:\nImportError: no module"},
		{"dies later", greets + `read -r a; echo oh >&2; exit 4`, "could not do sale: it has ended without an answer (exit status 4)", "oh"},
		{"is killed", greets + `read -r a; kill -9 $$`, "signal: killed", `{"hello"`},
		{"another version", `echo '{"hello": {"protocol": 7}}'; read -r a`, "speaks version 7", ""},
		{"nonsense", greets + `read -r a; echo Traceback`, `its answer "Traceback" is no JSON object`, "standard output ends:"},
		{"no such outcome", greets + `read -r a; echo '{"outcome": {"id": 1, "is": "ok"}}'`, `has "ok" in "is"`, `"is": "ok"`},
		{"another's outcome", greets + `read -r a; echo '{"outcome": {"id": 2}}'`, `has "id" 2, and the action has 1`, ""},
		{"can't", greets + `read -r a; echo '{"error": {"why": "no paper"}}'`, "could not do sale: it says: no paper", ""},
		{"two lines", greets + `read -r a; printf '{"outcome": {"id": 1}}\n{"outcome": {"id": 1}}\n'; read -r b`, "more than one line", ""},
		{"unasked", greets + `echo '{"outcome": {"id": 9}}'; read -r a; read -r b`, "", ""},
		{"too long", greets + `read -r a; ` + long + `echo`, "is longer than 65536 bytes", ""},
		{"endless", greets + `read -r a; ` + long + `sleep 300`, "is longer than 65536 bytes", ""},
		{"no end of line", greets + `read -r a; printf '{"outcome": {"id": 1}}'`, "it has ended without an answer", `{"outcome": {"id": 1}}`},
		{"reads no more", `read -r hello; exec <&-; echo '{"hello": {"protocol": 1}}'; sleep 300`, "it has closed its standard input", ""},
		{"secrets", greets + `read -r a; echo "$hello" "$a" 6225881234567898 >&2; exit 1`, "exit status 1", "6225880000007898"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &suite.Exec{Command: c.command, End: 100 * time.Millisecond}
			h := execHello()
			h.Cards = map[string]suite.Card{"good": {PAN: "6225881234567898", PIN: "271828", Track2: "6225881234567898=3012201"}}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			err := sellOnce(ctx, d, h)
			var bad *suite.DriverError
			require.ErrorAs(t, err, &bad)
			assert.ErrorContains(t, err, c.err)
			assert.Contains(t, bad.Output, c.output)
			assert.Less(t, len(bad.Output), 10_000)
			for _, secret := range []string{"6225881234567898", "271828", h.MasterKey} {
				assert.NotContains(t, bad.Output+err.Error(), secret)
			}
		})
	}
}

// sellOnce opens a session, and has it make a sale.
func sellOnce(ctx context.Context, d suite.Driver, h *suite.Hello) error {
	s, err := d.Open(ctx, h)
	if err != nil {
		return err
	}
	_, err = s.Do(ctx, &suite.Action{ID: 1, Do: "sale"})
	return errors.Join(err, s.Close())
}

func TestExecThatHangs(t *testing.T) {
	t.Run("at the hello", func(t *testing.T) {
		_, err := (&suite.Exec{Command: `echo waiting >&2; sleep 300`, Start: 300 * time.Millisecond}).Open(t.Context(), execHello())
		var bad *suite.DriverError
		require.ErrorAs(t, err, &bad)
		require.EqualError(t, err, "the driver could not say hello: it has not answered for 300ms")
		assert.Contains(t, bad.Output, "waiting")
	})
	t.Run("and does not read", func(t *testing.T) {
		h := execHello()
		h.TLS = &suite.TLS{CA: strings.Repeat("x", 1<<20)} // more than a pipe holds
		_, err := (&suite.Exec{Command: `sleep 300`, Start: 300 * time.Millisecond}).Open(t.Context(), h)
		require.ErrorContains(t, err, "it has not answered")
	})
	t.Run("at an action", func(t *testing.T) {
		s, err := (&suite.Exec{Command: greets + `echo waiting >&2; read -r a; sleep 300`}).Open(t.Context(), execHello())
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err = s.Do(ctx, &suite.Action{ID: 1, Do: "sale"})
		var bad *suite.DriverError
		require.ErrorAs(t, err, &bad)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, bad.Output, "waiting")
		_, again := s.Do(t.Context(), &suite.Action{ID: 2, Do: "sale"})
		assert.Equal(t, err, again, "it is gone")
		require.NoError(t, s.Close())
	})
	t.Run("at the end", func(t *testing.T) {
		s, err := (&suite.Exec{Command: greets + `trap '' TERM; sleep 300`, End: 100 * time.Millisecond}).Open(t.Context(), execHello())
		require.NoError(t, err)
		require.NoError(t, s.Close(), "it is killed")
	})
}

// TestExecLeavesNobodyBehind holds that what a driver has started is killed
// with it: all of them hold a pipe, which ends with the last.
func TestExecLeavesNobodyBehind(t *testing.T) {
	for name, rest := range map[string]string{
		"that hangs": "sleep 300", "that dies": "exit 1", "that answers": `read -r a; echo '{"outcome": {"id": 1}}'; read -r b`,
	} {
		t.Run(name, func(t *testing.T) {
			pipe := filepath.Join(t.TempDir(), "pipe")
			require.NoError(t, syscall.Mkfifo(pipe, 0o600))
			ended := make(chan error, 1)
			go func() {
				f, err := os.Open(pipe)
				if err == nil {
					_, err = io.ReadAll(f)
					err = errors.Join(err, f.Close())
				}
				ended <- err
			}()
			d := &suite.Exec{Command: `sh -c 'sleep 300 & sleep 300' 3>` + pipe + ` & ` + greets + rest, End: 100 * time.Millisecond}
			s, err := d.Open(t.Context(), execHello())
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, _ = s.Do(ctx, &suite.Action{ID: 1, Do: "sale"}) // what comes of it is tested above
			require.NoError(t, s.Close())
			require.NoError(t, <-ended)
		})
	}
}

// TestSuiteGoesOn has a driver die in one scenario of three.
func TestSuiteGoesOn(t *testing.T) {
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	cases, err := suite.Cases(nil, "insufficient-funds", "reply-lost", "wrong-pin")
	require.NoError(t, err)
	command := `read -r hello; case "$hello" in *'"scenario":"reply-lost"'*) echo 'oh dear' >&2; exit 3;; esac
echo '{"hello": {"protocol": 1, "name": "sh"}}'; while read -r line; do case "$line" in *'"bye"'*) exit;; esac; id=${line#*'"id":'}; echo '{"outcome": {"id": '"${id%%,*}"'}}'; done`
	r, err := suite.Run(t.Context(), suite.Options{Cases: cases, Driver: &suite.Exec{Command: command}, Dialect: d, Pace: suite.Quick()})
	require.NoError(t, err)
	require.Len(t, r.Results, 3)
	assert.Equal(t, suite.Errored, r.Results[1].Status)
	assert.Equal(t, "the driver could not say hello: it has ended without an answer (exit status 3)", r.Results[1].Why.EN)
	assert.Contains(t, r.Results[1].Output, "oh dear")
	assert.NotEqual(t, suite.Errored, r.Results[0].Status, r.Results[0].Why)
	assert.Equal(t, suite.Skipped, r.Results[2].Status)
	assert.Equal(t, "the terminal has no pin (sh)", r.Results[2].Why.EN)
}
