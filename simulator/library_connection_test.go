package simulator_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// connectionCauses is what the terminal meets under each cause of the
// connection. Where the sale never reached the host, its reversal finds no
// original (25); where money had moved, it is put back (00).
var connectionCauses = map[string]causeTest{
	"port-closed": {play: func(t *testing.T, r *rig) {
		r.arm()
		_, err := r.connect(patience)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		r.trade() // what is connected lives on
		r.disarm()
		p := r.victim()
		p.sell()
		assert.Equal(t, "00", get(t, p.answer(), 39), "the port is open again")
	}, left: -saleAmount, needsFilter: true},

	"line-blackholed": {play: func(t *testing.T, r *rig) {
		p := seenVictim(t, r)
		r.arm()
		r.struckOn(p)
		p.sell()
		silence(t, p.pos)
		_, err := r.connect(responseTimeout)
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		assert.True(t, timeout.Timeout(), "neither refused nor accepted: %v", err)
		r.disarm()
		assert.Equal(t, "25", r.victim().reverse(p.stan), "the sale never reached the host")
	}, needsFilter: true},

	"peak-hour-queue": {play: func(t *testing.T, r *rig) {
		seenVictim(t, r)
		r.arm()
		first := r.victim()
		first.sell()
		silence(t, first.pos)
		second := r.victim()
		assert.Equal(t, "25", second.reverse(first.stan))
		second.sell()
		assert.Equal(t, "00", get(t, second.answer(), 39), "the second attempt is served")
		third := r.victim()
		third.stan = second.stan
		third.sell()
		silence(t, third.pos)
	}, left: -saleAmount},

	"connection-limit": {play: func(t *testing.T, r *rig) {
		seenVictim(t, r)
		r.arm()
		for range 2 {
			c, err := r.connect(patience)
			if err == nil {
				_, err = all(t, r.on(terminal, c).pos)
			}
			isReset(t, err) // it can be quicker than connect
		}
		p := r.victim()
		p.sell()
		assert.Equal(t, "00", get(t, p.answer(), 39), "others have left")
	}, left: -saleAmount},

	"closed-on-arrival": {play: func(t *testing.T, r *rig) {
		seenVictim(t, r)
		r.arm()
		b, err := all(t, r.victim().pos)
		require.NoError(t, err, "FIN")
		assert.Empty(t, b)
		p := r.victim()
		p.sell()
		assert.Equal(t, "00", get(t, p.answer(), 39), "only the first is turned away")
	}, left: -saleAmount},

	"reset-on-arrival": {play: func(t *testing.T, r *rig) {
		seenVictim(t, r)
		r.arm()
		b, err := all(t, r.victim().pos)
		isReset(t, err)
		assert.Empty(t, b)
		p := r.victim()
		p.sell()
		assert.Equal(t, "00", get(t, p.answer(), 39), "only the first is turned away")
	}, left: -saleAmount},

	"silent-after-connect": {play: func(t *testing.T, r *rig) {
		seenVictim(t, r)
		r.arm()
		p := r.victim()
		p.sell()
		silence(t, p.pos)
		assert.Equal(t, "25", r.victim().reverse(p.stan))
	}},

	"nat-forgot-connection": {play: func(t *testing.T, r *rig) {
		p := seenVictim(t, r)
		r.arm()
		r.struckOn(p) // idle for long enough, without a word to either side
		p.sell()
		silence(t, p.pos)
		r.disarm()
		assert.Equal(t, "25", r.victim().reverse(p.stan), "only a new connection helps")
	}, needsFilter: true},

	"cable-pulled-mid-transaction": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		silence(t, p.pos)
		assert.Equal(t, int64(-saleAmount), r.moved(), "the host has charged the card")
		sale := p.stan
		p.ask("echo") // it goes nowhere
		silence(t, p.pos)
		assert.Equal(t, "00", r.victim().reverse(sale))
	}, needsFilter: true},

	"captive-portal": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		page := make([]byte, len("HTTP/1.1 302 Found\r\n"))
		_, err := p.r.Read(page)
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 302 Found\r\n", string(page))
		_, err = p.r.Discard(p.r.Buffered())
		require.NoError(t, err)
		silence(t, p.pos)
		assert.Zero(t, r.moved(), "the host has never heard of it")
		sent := one(t, events(t, r.Server, ofTerminal(transcript.Sent, terminal)), transcript.Sent)
		assert.Equal(t, transcript.Line, sent.Actor, "it was not the host who answered")
		assert.Equal(t, "HTTP", string(sent.Raw[:4]))
		assert.Equal(t, "25", r.victim().reverse(p.stan))
	}},

	"host-stops-reading": {play: func(t *testing.T, r *rig) {
		seenVictim(t, r)
		r.arm()
		p := r.victim()
		require.NoError(t, p.c.SetWriteDeadline(time.Now().Add(responseTimeout)))
		n, err := p.c.Write(make([]byte, 64<<20))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded, "the window is full")
		assert.Less(t, n, 32<<20)
		silence(t, p.pos)
		next := r.victim()
		next.sell()
		assert.Equal(t, "00", get(t, next.answer(), 39))
	}, left: -saleAmount, needsFilter: true},

	"tls-stalled": {play: spoiltHandshake(responseTimeout, func(t *testing.T, err error) {
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	}), secure: true},
	"tls-expired-certificate": {play: spoiltHandshake(patience, func(t *testing.T, err error) {
		var invalid x509.CertificateInvalidError
		require.ErrorAs(t, err, &invalid)
		assert.Equal(t, x509.Expired, invalid.Reason)
	}), secure: true},
	"tls-unknown-ca": {play: spoiltHandshake(patience, func(t *testing.T, err error) {
		var unknown x509.UnknownAuthorityError
		require.ErrorAs(t, err, &unknown)
	}), secure: true},
	"tls-wrong-host": {play: spoiltHandshake(patience, func(t *testing.T, err error) {
		var wrong x509.HostnameError
		require.ErrorAs(t, err, &wrong)
	}), secure: true},
	"tls-version-too-old": {play: spoiltHandshake(patience, func(t *testing.T, err error) {
		require.ErrorContains(t, err, "protocol version")
	}), secure: true},
}

func TestCausesOfTheConnection(t *testing.T) { playCauses(t, connectionCauses) }

// seenVictim connects the shop's terminal and lets the host see where it comes
// from, with a line test that moves no money.
func seenVictim(t *testing.T, r *rig) *till {
	t.Helper()
	p := r.victim()
	m := p.do("inquiry", 0, p.who())
	require.Equal(t, "00", get(t, m, 39))
	return p
}

// struckOn waits until the cause has struck a terminal's waiting connection.
func (r *rig) struckOn(p *till) {
	r.t.Helper()
	events(r.t, r.Server, ofTerminal(transcript.Struck, p.id))
}

func ofTerminal(k transcript.Kind, id string) func(transcript.Event) bool {
	return func(e transcript.Event) bool { return e.Kind == k && e.Terminal == id }
}

// spoiltHandshake tries to connect with TLS, within a limit, and sees how it
// fails; once the cause is gone, the terminal trades.
func spoiltHandshake(limit time.Duration, fails func(*testing.T, error)) func(*testing.T, *rig) {
	return func(t *testing.T, r *rig) {
		t.Helper()
		seen := seenVictim(t, r)
		r.arm()
		c, err := r.connect(patience)
		require.NoError(t, err, "TCP is not what is wrong")
		defer c.Close()
		require.NoError(t, c.SetDeadline(time.Now().Add(limit)))
		counted := &counting{Conn: c}
		err = tls.Client(counted, r.tls).HandshakeContext(t.Context())
		require.Error(t, err)
		var alert tls.AlertError
		if errors.Is(err, os.ErrDeadlineExceeded) {
			assert.Zero(t, counted.read, "not a byte came")
			assert.NotErrorAs(t, err, &alert)
		}
		fails(t, err)
		r.disarm()
		p := r.victim()
		p.stan = seen.stan
		p.sell()
		assert.Equal(t, "00", get(t, p.answer(), 39))
		assert.Equal(t, "00", p.reverse(p.stan))
	}
}

// counting counts what is read.
type counting struct {
	net.Conn
	read int
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read += n
	return n, err
}
