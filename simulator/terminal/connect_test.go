package terminal_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/terminal"
)

func failsToConnect(t *testing.T, o terminal.Options) *terminal.ConnectError {
	t.Helper()
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	o.Dialect = d
	_, err = terminal.Dial(t.Context(), o)
	var failed *terminal.ConnectError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, o.Address, failed.Address)
	assert.Contains(t, err.Error(), o.Address)
	assert.Equal(t, terminal.CannotConnect, failed.Outcome())
	assert.Error(t, failed.Unwrap())
	return failed
}

func TestConnectionRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	failed := failsToConnect(t, terminal.Options{Address: l.Addr().String()})
	assert.Equal(t, terminal.ConnectRefused, failed.Failure)
	assert.Contains(t, failed.Error(), "refused")
}

func TestAnUnknownName(t *testing.T) {
	failed := failsToConnect(t, terminal.Options{Address: "no-such-host.invalid:8583", ConnectTimeout: 2 * time.Second})
	// Without a resolver at hand it is the lookup that fails.
	assert.Contains(t, []terminal.ConnectFailure{terminal.NameUnknown, terminal.ConnectFailed, terminal.ConnectTimeout}, failed.Failure)
	failed = failsToConnect(t, terminal.Options{Address: "no port"})
	assert.Equal(t, terminal.ConnectFailed, failed.Failure)
}

// TestAHandshakeThatNeverEnds: the peer accepts and says nothing.
func TestAHandshakeThatNeverEnds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	failed := failsToConnect(t, terminal.Options{Address: l.Addr().String(), TLS: &tls.Config{}, ConnectTimeout: short})
	assert.Equal(t, terminal.TLSFailed, failed.Failure)
	require.ErrorIs(t, failed, context.DeadlineExceeded)
}

func TestCancellingAConnect(t *testing.T) {
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = terminal.Dial(ctx, terminal.Options{Dialect: d, Address: "127.0.0.1:1"})
	require.ErrorIs(t, err, context.Canceled)
	_, err = terminal.Dial(t.Context(), terminal.Options{Address: "127.0.0.1:1"})
	require.ErrorContains(t, err, "dialect")
}

func TestTLS(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	certificate, roots := selfSigned(t)
	secured := hostOn(t, d, &tls.Config{Certificates: []tls.Certificate{certificate}}, func(k *call) { k.write(k.approval(nil)) })

	x := exchange(t, secured.dial(func(o *terminal.Options) { o.TLS = &tls.Config{RootCAs: roots} }), sale(t, m, 1))
	assert.Equal(t, terminal.Approved, x.Outcome, x.Why)

	failed := failsToConnect(t, terminal.Options{Address: secured.l.Addr().String(), TLS: &tls.Config{}})
	assert.Equal(t, terminal.TLSFailed, failed.Failure)
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, failed, &unknown)
}

// selfSigned makes a certificate for 127.0.0.1 and the pool that trusts it.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fake host"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
