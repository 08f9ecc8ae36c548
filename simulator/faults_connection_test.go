package simulator_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator"
)

func TestFaultsOfAccepting(t *testing.T) {
	for rule, check := range map[string]func(t *testing.T, c net.Conn){
		"{accept.close: {after: 10ms}}": func(t *testing.T, c net.Conn) {
			b, err := io.ReadAll(c)
			require.NoError(t, err)
			assert.Empty(t, b)
		},
		"{accept.reset: {after: 10ms}}": func(t *testing.T, c net.Conn) {
			_, err := io.ReadAll(c)
			require.ErrorIs(t, err, syscall.ECONNRESET)
		},
		"accept.silent": func(t *testing.T, c net.Conn) {
			_, err := c.Write(bytes.Repeat([]byte("x"), 1000))
			require.NoError(t, err)
			require.NoError(t, c.SetReadDeadline(time.Now().Add(responseTimeout)))
			_, err = c.Read(make([]byte, 1))
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		},
		"{accept.limit: {max: 0, then: reset}}": func(t *testing.T, c net.Conn) {
			_, err := io.ReadAll(c)
			require.ErrorIs(t, err, syscall.ECONNRESET)
		},
	} {
		t.Run(rule, func(t *testing.T) {
			s := start(t, "iso87-ascii", withRules(t, "  - match: {source: 127.0.0.2}\n    fault: "+rule+"\n"))
			trade := healthy(t, s, "iso87-ascii")
			trade()
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
			c, err := d.Dial("tcp", s.Addr(0).String())
			if errors.Is(err, syscall.ECONNRESET) {
				return // a reset can be quicker than connect
			}
			require.NoError(t, err)
			defer c.Close()
			require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
			check(t, c)
			trade()
		})
	}
}

func TestStopReadingFillsTheWindow(t *testing.T) {
	linux(t)
	s := start(t, "iso87-ascii", withRules(t, "  - match: {listener: iso87-ascii}\n    fault: line.stop-reading\n"))
	c, err := net.Dial("tcp", s.Addr(0).String())
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetWriteDeadline(time.Now().Add(responseTimeout)))
	n, err := c.Write(make([]byte, 64<<20))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.Less(t, n, 32<<20)
}

func TestListenersRefuseAndGoDark(t *testing.T) {
	linux(t)
	for fault, check := range map[string]func(t *testing.T, err error){
		"connect.refuse": func(t *testing.T, err error) { require.ErrorIs(t, err, syscall.ECONNREFUSED) },
		"connect.blackhole": func(t *testing.T, err error) {
			var timeout net.Error
			require.ErrorAs(t, err, &timeout)
			require.True(t, timeout.Timeout())
		},
	} {
		t.Run(fault, func(t *testing.T) {
			planner := scenarios.NewPlanner(scenarios.PlannerOptions{})
			s := start(t, "iso87-ascii", func(o *simulator.Options) { o.Planner = planner })
			before := dial(t, s, "iso87-ascii")
			before.do("sale", 0, nil)
			sc, err := scenarios.Load("x.yaml", []byte("name: x\ntitle: {en: x, zh: x}\nlayer: connection\nsymptom: cannot-connect\nrules:\n  - fault: "+fault+"\n"), nil)
			require.NoError(t, err)
			require.NoError(t, planner.Arm(scenarios.Arming{Scenario: sc, At: time.Now()}))
			require.NoError(t, s.Rearm())
			_, err = net.DialTimeout("tcp", s.Addr(0).String(), 100*time.Millisecond)
			check(t, err)
			before.do("sale", 0, nil) // established connections live on
			planner.Disarm("x")
			require.NoError(t, s.Rearm())
			dial(t, s, "iso87-ascii").do("sale", 0, fields{41: "HEALTHY1"})
			struck := one(t, events(t, s, ofKind(transcript.Struck)), transcript.Struck)
			assert.Equal(t, []string{fault}, struck.Strike.Faults)
		})
	}
}

func TestArmingReachesConnectionsThatWait(t *testing.T) {
	linux(t)
	planner := scenarios.NewPlanner(scenarios.PlannerOptions{})
	s := start(t, "iso87-ascii", func(o *simulator.Options) { o.Planner = planner })
	p := dial(t, s, "iso87-ascii")
	p.do("sale", 0, nil)
	sc, err := scenarios.Load("x.yaml", []byte("name: x\ntitle: {en: x, zh: x}\nlayer: connection\nsymptom: no-answer\nrules:\n  - match: {terminal: \"10000001\"}\n    fault: {line.cut: connected}\n"), nil)
	require.NoError(t, err)
	require.NoError(t, planner.Arm(scenarios.Arming{Scenario: sc, At: time.Now()}))
	require.NoError(t, s.Rearm())
	events(t, s, ofKind(transcript.Struck))
	p.ask("sale")
	silence(t, p)
	seen, _ := s.Journal().Since(0, 1<<20)
	assert.Equal(t, 1, countOf(seen, transcript.Decided, terminal, "sale"), "the second never reached the host")
}

func TestSpoiltHandshakes(t *testing.T) {
	authority, err := wire.NewAuthority(time.Now())
	require.NoError(t, err)
	good, err := authority.Issue("127.0.0.1")
	require.NoError(t, err)
	for fault, want := range map[string]string{
		"tls.expired": "expired", "tls.wrong-host": "cannot validate certificate for 127.0.0.1", "tls.unknown-ca": "unknown authority",
		"tls.old-version": "protocol version", "tls.alert": "remote error", "tls.stall": "i/o timeout",
	} {
		t.Run(fault, func(t *testing.T) {
			s := start(t, "iso87-ascii", withRules(t, "  - fault: "+fault+"\n"), func(o *simulator.Options) {
				o.Listeners[0].TLS = &tls.Config{Certificates: []tls.Certificate{*good}, MinVersion: tls.VersionTLS12}
				o.Authority = authority
			})
			raw, err := net.Dial("tcp", s.Addr(0).String())
			require.NoError(t, err)
			defer raw.Close()
			limit := patience
			if fault == "tls.stall" {
				limit = responseTimeout
			}
			require.NoError(t, raw.SetDeadline(time.Now().Add(limit)))
			c := tls.Client(raw, &tls.Config{RootCAs: authority.Pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12})
			require.ErrorContains(t, c.HandshakeContext(t.Context()), want)
		})
	}
}
