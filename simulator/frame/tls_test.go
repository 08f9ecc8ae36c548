package frame

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A deadline that passes must not break a TLS session, since the reader lets
// the deadlines of earlier frames pass.
func TestDeadlinesOverTLS(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)

	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		host := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
		terminal := tls.Client(b, &tls.Config{InsecureSkipVerify: true})
		go func() {
			send(terminal, "0003o")
			time.Sleep(20 * time.Second)
			send(terminal, "ne")
			time.Sleep(time.Hour)
			send(terminal, "0003two00")
		}()
		require.NoError(t, host.Handshake())
		r := NewReader(host, Format{Length: ASCII4}, Limits{})
		assert.Equal(t, "one", string(next(t, r).Body))
		assert.Equal(t, "two", string(next(t, r).Body))
		assert.Equal(t, "00", string(frameError(t, r, TooSlow).Raw))

		r = NewReader(host, Format{Length: ASCII4}, Limits{})
		go r.Interrupt()
		assert.ErrorIs(t, frameError(t, r, Interrupted), os.ErrDeadlineExceeded)

		synctest.Wait() // until Interrupt has returned
		require.NoError(t, host.SetReadDeadline(time.Time{}))
		go terminal.Close()
		_, err := NewReader(host, Format{Length: ASCII4}, Limits{}).Next()
		assert.Equal(t, io.EOF, err, "close_notify is a clean end")
		host.Close()
	})
}
