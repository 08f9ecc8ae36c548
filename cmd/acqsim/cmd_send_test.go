package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// TestSendScripts runs testdata/send/*.txtar. Each script has a host of its
// own, with one listener per dialect: $UNIONPAY, $BCD, $ASCII, $TLS, an ASCII
// one whose certificate $WORK/ca.pem trusts, and $DUKPT, that of the dialect in
// $WORK/dukpt.yaml. $CLOSED is an address where
// nothing listens, $DEAF one that accepts and never answers.
func TestSendScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/send",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "keep": keep},
		Setup:               sendHost,
	})
}

// A screen shows what is in a field, and obeys nothing of it.
func TestSendPrintsNoControlCharacters(t *testing.T) {
	var out strings.Builder
	a := &app{stdout: &out}
	a.fields(sentMessage{Fields: []sentField{{Field: "63", Name: "Reserved", Value: "01\x00\x1b[2J余额 "}}}, false)
	assert.Equal(t, "      63  Reserved                              01\\x00\\x1b[2J余额 \n", out.String())
}

// keep NAME REGEXP keeps what the last command printed, where the group of
// the expression matches, in a variable.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep NAME REGEXP")
	}
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) != 2 {
		ts.Fatalf("nothing matches %s", args[1])
	}
	ts.Setenv(args[0], m[1])
}

func sendHost(env *testscript.Env) error {
	if err := endAtOnce(env); err != nil {
		return err
	}
	certificate, err := certificateIn(env.WorkDir)
	if err != nil {
		return err
	}
	names := []string{"UNIONPAY", "BCD", "ASCII", "TLS", "DUKPT"}
	example, err := os.ReadFile(filepath.Join("..", "..", "simulator", "dialect", "testdata", "dukpt.yaml"))
	if err != nil {
		return err
	}
	own := filepath.Join(env.WorkDir, "dukpt.yaml")
	if err := os.WriteFile(own, example, 0o600); err != nil {
		return err
	}
	var o simulator.Options
	for i, name := range []string{"unionpay-pos", "iso87-bcd", "iso87-ascii", "iso87-ascii", own} {
		d, err := dialect.Open(name)
		if err != nil {
			return err
		}
		o.Listeners = append(o.Listeners, simulator.Listener{Name: names[i], Address: "127.0.0.1:0", Dialect: d})
	}
	o.Listeners[3].TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	s, err := simulator.Start(context.Background(), o)
	if err != nil {
		return err
	}
	env.Defer(func() { _ = s.Close() })
	for i, name := range names {
		env.Setenv(name, s.Addr(i).String())
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	env.Setenv("CLOSED", closed.Addr().String())
	deaf, err := net.Listen("tcp", "127.0.0.1:0") // while the other still has its port
	if err != nil {
		return err
	}
	env.Setenv("DEAF", deaf.Addr().String())
	env.Defer(func() { _ = deaf.Close() })
	return closed.Close()
}

// certificateIn makes a certificate for 127.0.0.1 that trusts itself, and
// writes it to ca.pem and, with its key, to cert.pem and key.pem.
func certificateIn(dir string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "acqsim test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, b := range map[string][]byte{
		"ca.pem": cert, "cert.pem": cert, "key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return tls.Certificate{}, err
		}
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

func TestEveryOutcomeHasAnExitCode(t *testing.T) {
	want := map[terminal.Outcome]int{
		terminal.Approved: exitOK, terminal.Declined: exitNegative, terminal.CardDeclined: exitNegative,
		terminal.CannotConnect: exitNoConnection, terminal.SendFailed: exitNoConnection,
	}
	for _, o := range display.Outcomes() {
		code, decided := want[o]
		if !decided {
			code = exitNoAnswer
		}
		assert.Equal(t, code, exitOf(o), o)
	}
}

func TestClosingLine(t *testing.T) {
	for want, x := range map[string]*terminal.Exchange{
		"approved 00": {Outcome: terminal.Approved, Code: "00"},
		"approved 11 Approved (VIP) 成功，VIP客户":     {Outcome: terminal.Approved, Code: "11"},
		"declined 51 Insufficient funds 余额不足，请查询": {Outcome: terminal.Declined, Code: "51"},
		"declined Q7": {Outcome: terminal.Declined, Code: "Q7"},
		"no answer: nothing came 商户无应答": {Outcome: terminal.NoAnswer, Why: world.Same("nothing came")},
	} {
		assert.Equal(t, want, closingLine(x))
	}
}

func TestClockSTAN(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	seen := map[uint32]bool{}
	for range 10_000 {
		n := clockSTAN(at)
		require.False(t, seen[n], "STAN %d twice within 100 s", n)
		require.True(t, n >= 1 && n <= 999_999)
		seen[n] = true
		at = at.Add(10 * time.Millisecond)
	}
}

// TestInterruptingASend: the request is out when the interrupt comes.
func TestInterruptingASend(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	ctx, interrupt := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			// It stays open until the test ends: a FIN would be an answer of
			// its own.
			t.Cleanup(func() { _ = c.Close() })
			_, err = c.Read(make([]byte, 1))
			interrupt()
		}
		served <- err
	}()
	var stdout, stderr strings.Builder
	code := run(ctx, []string{"send", "echo", "--to", l.Addr().String()}, strings.NewReader(""), &stdout, &stderr)
	require.NoError(t, <-served)
	assert.Equal(t, exitInterrupted, code, stderr.String())
	assert.Contains(t, stderr.String(), "may have acted on the request")
	assert.Contains(t, stdout.String(), "0820 echo")
}

// TestWhatCannotBeReadIsMaskedAllTheSame plants a card number where no field
// is.
func TestWhatCannotBeReadIsMaskedAllTheSame(t *testing.T) {
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	s := &sending{d: d, f: &sendFlags{}}
	raw := []byte("xx4111111111111111yy")
	for _, body := range [][]byte{nil, raw[2:]} {
		m := s.message(raw, body)
		assert.NotContains(t, m.Hex, hex.EncodeToString([]byte("4111111111111111")))
		assert.Len(t, m.Hex, 2*len(raw))
	}
	s.f.unsafe = true
	assert.Contains(t, s.message(raw, nil).Hex, hex.EncodeToString([]byte("4111111111111111")))
}
