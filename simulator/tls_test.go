package simulator_test

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
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator"
)

// authority is a certificate authority that lives as long as a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	var der []byte
	a.key, der = a.sign(template, nil)
	var err error
	a.cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) sign(template, parent *x509.Certificate) (*ecdsa.PrivateKey, []byte) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	signer := a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(a.t, err)
	return key, der
}

func (a *authority) issue(name string, usage x509.ExtKeyUsage) tls.Certificate {
	key, der := a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{usage}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, a.cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func withTLS(c *tls.Config) func(*simulator.Options) {
	return func(o *simulator.Options) { o.Listeners[0].TLS = c }
}

func TestTLS(t *testing.T) {
	ca := newAuthority(t)
	s := start(t, "unionpay-pos", withTLS(&tls.Config{Certificates: []tls.Certificate{ca.issue("host", x509.ExtKeyUsageServerAuth)}}))
	c, err := tls.Dial("tcp", s.Addr(0).String(), &tls.Config{RootCAs: ca.pool})
	require.NoError(t, err)
	p := newPOS(t, "unionpay-pos", c)
	assert.Equal(t, "00", get(t, p.do("sale", 0, nil), 39))
	require.NoError(t, c.Close())
	events(t, s, ofKind(transcript.Closed))
}

func TestMutualTLS(t *testing.T) {
	ca := newAuthority(t)
	s := start(t, "iso87-ascii", withTLS(&tls.Config{
		Certificates: []tls.Certificate{ca.issue("host", x509.ExtKeyUsageServerAuth)},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: ca.pool,
	}))
	c, err := tls.Dial("tcp", s.Addr(0).String(), &tls.Config{RootCAs: ca.pool,
		Certificates: []tls.Certificate{ca.issue("terminal", x509.ExtKeyUsageClientAuth)}})
	require.NoError(t, err)
	p := newPOS(t, "iso87-ascii", c)
	assert.Equal(t, "00", get(t, p.do("sale", 0, nil), 39))

	stranger, err := tls.Dial("tcp", s.Addr(0).String(), &tls.Config{RootCAs: ca.pool})
	if err == nil { // TLS 1.3 tells the client with its first read
		_, err = stranger.Read(make([]byte, 1))
		require.NoError(t, stranger.Close())
	}
	require.Error(t, err)
	events(t, s, func(e transcript.Event) bool {
		return e.Kind == transcript.Closed && strings.Contains(e.Why, "TLS handshake failed")
	})
}

func TestClearTextToATLSListenerIsTold(t *testing.T) {
	ca := newAuthority(t)
	s := start(t, "iso87-ascii", withTLS(&tls.Config{Certificates: []tls.Certificate{ca.issue("host", x509.ExtKeyUsageServerAuth)}}))
	p := dial(t, s, "iso87-ascii")
	p.write(p.frame(p.message("sale", 0, nil)))
	events(t, s, func(e transcript.Event) bool {
		return e.Kind == transcript.Closed && strings.Contains(e.Why, "TLS handshake failed")
	})
}

func TestShutdownFinishesWhatIsInFlight(t *testing.T) {
	s := start(t, "iso87-ascii")
	p := dial(t, s, "iso87-ascii")
	assert.Equal(t, "00", get(t, p.do("sale", 0, nil), 39))
	p.write(p.frame(p.message("sale", 0, nil)))
	events(t, s, func(e transcript.Event) bool { return e.Kind == transcript.Sent && e.Message == 2 })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, s.Shutdown(ctx))
	_, m := p.read()
	assert.Equal(t, "000002", get(t, m, 11))
	_, err := p.next()
	require.Error(t, err)
	_, err = net.Dial("tcp", s.Addr(0).String())
	require.Error(t, err, "nobody listens any more")
}
