package wire

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sockets returns both ends of a loopback connection.
func sockets(t *testing.T) (host, terminal net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	terminal, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	host, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { host.Close(); terminal.Close() })
	return host, terminal
}

// arrived waits until unread input lies at c, by reading the first byte of it.
func arrived(t *testing.T, c net.Conn) {
	_, err := io.ReadFull(c, make([]byte, 1))
	require.NoError(t, err)
}

func TestUnreadInputTurnsAPlainCloseIntoAReset(t *testing.T) {
	host, terminal := sockets(t)
	_, err := terminal.Write(make([]byte, 10_000))
	require.NoError(t, err)
	arrived(t, host)
	require.NoError(t, host.Close())

	_, err = terminal.Read(make([]byte, 1))
	assert.ErrorIs(t, err, syscall.ECONNRESET, "this is what CloseGracefully is for; if it fails, the tests below prove nothing")
}

func TestCloseGracefullySendsReplyAndFIN(t *testing.T) {
	host, terminal := sockets(t)
	_, err := terminal.Write(make([]byte, 10_000))
	require.NoError(t, err)
	arrived(t, host)
	_, err = host.Write([]byte("last reply"))
	require.NoError(t, err)

	closed := make(chan error, 1)
	go func() { closed <- CloseGracefully(host, time.Minute) }()
	got, err := io.ReadAll(terminal)
	assert.NoError(t, err, "the end is EOF, not ECONNRESET")
	assert.Equal(t, "last reply", string(got))

	_, err = terminal.Write(make([]byte, 1_000_000))
	assert.NoError(t, err, "what the terminal still sends is taken and thrown away")
	require.NoError(t, terminal.Close())
	assert.NoError(t, <-closed)
	_, err = host.Write([]byte("x"))
	assert.ErrorIs(t, err, net.ErrClosed)
}

func TestCloseGracefullyGivesUpAtTheLimit(t *testing.T) {
	host, terminal := sockets(t)
	err := CloseGracefully(host, time.Millisecond)
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.ErrorContains(t, err, "the peer has not closed")
	_, err = host.Read(make([]byte, 1))
	assert.ErrorIs(t, err, net.ErrClosed)
	_, err = terminal.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err)
}

func TestCloseGracefullyOfABrokenConnection(t *testing.T) {
	host, _ := sockets(t)
	require.NoError(t, host.Close())
	assert.ErrorIs(t, CloseGracefully(host, time.Minute), net.ErrClosed)

	host, terminal := sockets(t)
	require.NoError(t, terminal.(*net.TCPConn).SetLinger(0))
	require.NoError(t, terminal.Close())
	_, err := host.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	_ = CloseGracefully(host, time.Minute) // whatever it says, it returns and closes
	_, err = host.Write([]byte("x"))
	assert.ErrorIs(t, err, net.ErrClosed)
}

func TestCloseGracefullyWithoutHalfClose(t *testing.T) {
	host, terminal := net.Pipe()
	assert.NoError(t, CloseGracefully(host, time.Minute))
	_, err := terminal.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err)
	terminal.Close()
}

func TestCloseGracefullyOverTLS(t *testing.T) {
	rawHost, rawTerminal := sockets(t)
	host := tls.Server(rawHost, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	seen := &recorder{Conn: rawTerminal}
	// In TLS 1.2 the type of a record can be read from outside.
	terminal := tls.Client(seen, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
	shaken := make(chan error, 1)
	go func() { shaken <- host.Handshake() }()
	require.NoError(t, terminal.Handshake())
	require.NoError(t, <-shaken)
	for range 10 {
		_, err := terminal.Write(make([]byte, 1000))
		require.NoError(t, err)
	}
	arrived(t, host)
	_, err := host.Write([]byte("last reply"))
	require.NoError(t, err)

	closed := make(chan error, 1)
	go func() { closed <- CloseGracefully(host, time.Minute) }()
	got, err := io.ReadAll(terminal)
	assert.NoError(t, err)
	assert.Equal(t, "last reply", string(got))
	assert.Equal(t, byte(21), seen.lastRecord(), "the last record is an alert: close_notify")
	_, err = rawTerminal.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err, "and a FIN below it")
	require.NoError(t, terminal.Close())
	assert.NoError(t, <-closed)
}

// recorder keeps what was read from a connection.
type recorder struct {
	net.Conn
	got []byte
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.got = append(r.got, b[:n]...)
	return n, err
}

// lastRecord returns the content type of the last TLS record.
func (r *recorder) lastRecord() (kind byte) {
	for b := r.got; len(b) >= 5; b = b[min(len(b), 5+int(b[3])<<8+int(b[4])):] {
		kind = b[0]
	}
	return kind
}

func TestCloseGracefullyBeforeTheHandshake(t *testing.T) {
	rawHost, terminal := sockets(t)
	host := tls.Server(rawHost, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	closed := make(chan error, 1)
	go func() { closed <- CloseGracefully(host, time.Minute) }()
	_, err := terminal.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err)
	terminal.Close()
	assert.NoError(t, <-closed)
}

func certificate(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A real socket whose peer does not read: the kernel takes a few megabytes and
// then nothing more.
func TestWriteToASocketNobodyReads(t *testing.T) {
	host, _ := sockets(t)
	w := NewWriter(host, Options{Timeout: 20 * time.Millisecond})
	reply := make([]byte, 1<<20)
	var err error
	for range 1000 {
		if err = w.Write(reply); err != nil {
			break
		}
	}
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.ErrorContains(t, err, "the peer does not read")
	assert.Error(t, CloseGracefully(host, time.Millisecond))
}
