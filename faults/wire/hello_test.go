package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
)

func TestSpoiltHandshakesFailEachInTheirOwnWay(t *testing.T) {
	authority, err := NewAuthority(time.Now())
	require.NoError(t, err)
	good, err := authority.Issue("127.0.0.1")
	require.NoError(t, err)

	for _, c := range []struct {
		name  string
		plan  faults.HelloPlan
		check func(t *testing.T, err error)
	}{
		{"untouched", faults.HelloPlan{}, func(t *testing.T, err error) { require.NoError(t, err) }},
		{"expired", faults.HelloPlan{Certificate: faults.ExpiredCertificate}, func(t *testing.T, err error) {
			var invalid x509.CertificateInvalidError
			require.ErrorAs(t, err, &invalid)
			assert.Equal(t, x509.Expired, invalid.Reason)
		}},
		{"wrong host", faults.HelloPlan{Certificate: faults.WrongHostCertificate}, func(t *testing.T, err error) {
			var wrong x509.HostnameError
			require.ErrorAs(t, err, &wrong)
		}},
		{"unknown CA", faults.HelloPlan{Certificate: faults.UnknownCACertificate}, func(t *testing.T, err error) {
			var unknown x509.UnknownAuthorityError
			require.ErrorAs(t, err, &unknown)
		}},
		{"old version", faults.HelloPlan{MaxVersion: tls.VersionTLS11}, func(t *testing.T, err error) {
			require.ErrorContains(t, err, "protocol version")
		}},
		{"alert", faults.HelloPlan{Alert: 40}, func(t *testing.T, err error) {
			require.ErrorContains(t, err, "remote error: tls: handshake failure")
		}},
		{"stall", faults.HelloPlan{Stall: true}, func(t *testing.T, err error) {
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours, peers := pair(t)
			base := &tls.Config{Certificates: []tls.Certificate{*good}, MinVersion: tls.VersionTLS12}
			server := tls.Server(ours, &tls.Config{MinVersion: tls.VersionTLS12, //nolint:gosec // a fault lowers it
				GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) { return Spoil(base, h, c.plan, authority) }})
			client := tls.Client(peers, &tls.Config{RootCAs: authority.Pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12})
			ctx, cancel := context.WithCancel(t.Context())
			shaken := make(chan error, 1)
			go func() { shaken <- server.HandshakeContext(ctx) }()

			limit := 5 * time.Second
			if c.plan.Stall {
				limit = 100 * time.Millisecond
			}
			require.NoError(t, peers.SetDeadline(time.Now().Add(limit)))
			c.check(t, client.HandshakeContext(t.Context()))
			cancel()
			<-shaken
		})
	}
}

func TestAnOldTerminalGetsItsOldVersion(t *testing.T) {
	authority, err := NewAuthority(time.Now())
	require.NoError(t, err)
	good, err := authority.Issue("127.0.0.1")
	require.NoError(t, err)
	ours, peers := pair(t)
	base := &tls.Config{Certificates: []tls.Certificate{*good}, MinVersion: tls.VersionTLS12}
	server := tls.Server(ours, &tls.Config{MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			return Spoil(base, h, faults.HelloPlan{MaxVersion: tls.VersionTLS11}, authority)
		}})
	client := tls.Client(peers, &tls.Config{RootCAs: authority.Pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS10}) //nolint:gosec // that is the test
	go func() { _, _ = server.Write([]byte("x")) }()
	_, err = io.ReadFull(client, make([]byte, 1))
	require.NoError(t, err)
	assert.Equal(t, uint16(tls.VersionTLS11), client.ConnectionState().Version)
}

func TestAnAuthorityFromACAThatIsTrusted(t *testing.T) {
	first, err := NewAuthority(time.Now())
	require.NoError(t, err)
	again, err := AuthorityFrom(tls.Certificate{Certificate: [][]byte{first.cert.Raw}, PrivateKey: first.key}, time.Now())
	require.NoError(t, err)
	cert, err := again.Issue("pos.example")
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	require.NoError(t, err)
	_, err = leaf.Verify(x509.VerifyOptions{Roots: first.Pool(), DNSName: "pos.example"})
	require.NoError(t, err)

	_, err = AuthorityFrom(tls.Certificate{}, time.Now())
	require.ErrorContains(t, err, "no certificate")
	_, err = AuthorityFrom(tls.Certificate{Certificate: [][]byte{cert.Certificate[0]}, PrivateKey: cert.PrivateKey}, time.Now())
	require.ErrorContains(t, err, "not a CA")
	assert.Contains(t, string(first.PEM()), "BEGIN CERTIFICATE")
}

// A stalled handshake ends as a line does that somebody hangs up: nothing that
// TLS would say goes before.
func TestAStallSaysNothingToItsEnd(t *testing.T) {
	ours, peers := pair(t)
	server := tls.Server(ours, &tls.Config{MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			return Spoil(nil, h, faults.HelloPlan{Stall: true}, nil)
		}})
	ctx, cancel := context.WithCancel(t.Context())
	shaken := make(chan error, 1)
	go func() { shaken <- server.HandshakeContext(ctx) }()
	hello := make(chan error, 1)
	seen := &listening{Conn: peers}
	go func() {
		hello <- tls.Client(seen, &tls.Config{ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}).HandshakeContext(t.Context())
	}()
	time.AfterFunc(50*time.Millisecond, cancel)
	assert.Error(t, <-shaken)
	_ = ours.Close()
	assert.Error(t, <-hello)
	assert.Empty(t, seen.got, "not even an alert")
}

// listening keeps what is read from a connection.
type listening struct {
	net.Conn
	got []byte
}

func (l *listening) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.got = append(l.got, b[:n]...)
	return n, err
}
