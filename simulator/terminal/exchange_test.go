package terminal_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/acqsim/acqsim/simulator/terminal"
)

func TestARightReplyInEveryDialect(t *testing.T) {
	for _, name := range dialects {
		t.Run(name, func(t *testing.T) {
			d, m := load(t, name)
			h := host(t, d, func(k *call) { k.write(k.approval(nil)) })
			l := h.dial()
			for stan := uint32(1); stan <= 3; stan++ {
				x := exchange(t, l, sale(t, m, stan))
				assert.Equal(t, terminal.Approved, x.Outcome, x.Why)
				assert.Equal(t, d.Code(x.Reply.MTI, world.Approved), x.Code)
				assert.Equal(t, "000000000007", x.Reply.RRN)
				assert.Equal(t, "123456", x.Reply.Approval)
				assert.Empty(t, x.Strays)
				assert.False(t, x.SentAt.IsZero())
			}
		})
	}
}

// TestTheFateOfASale has what a host's answer to one sale makes of it.
func TestTheFateOfASale(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(k *call)
		want   terminal.Outcome
		code   string
		why    string
	}{
		"declined":           {func(k *call) { k.write(k.approval(map[int]string{39: "51"})) }, terminal.Declined, "51", ""},
		"qualified approval": {func(k *call) { k.write(k.approval(map[int]string{39: "11"})) }, terminal.Approved, "11", ""},
		"an unknown code":    {func(k *call) { k.write(k.approval(map[int]string{39: "Q7"})) }, terminal.Declined, "Q7", ""},
		"no response code":   {func(k *call) { k.write(k.approval(map[int]string{39: ""})) }, terminal.Garbled, "", "field 39"},
		"another STAN":       {func(k *call) { k.write(k.approval(map[int]string{11: "000777"})) }, terminal.Mismatch, "", "field 11 is 000777"},
		"no STAN":            {func(k *call) { k.write(k.approval(map[int]string{11: ""})) }, terminal.Mismatch, "", "no STAN"},
		"another terminal":   {func(k *call) { k.write(k.approval(map[int]string{41: "99999999"})) }, terminal.Mismatch, "", "field 41"},
		"another amount":     {func(k *call) { k.write(k.approval(map[int]string{4: "000000000999"})) }, terminal.Mismatch, "", "field 4"},
		"another type":       {func(k *call) { k.write(k.approval(map[int]string{0: "0410"})) }, terminal.Mismatch, "", "0410"},
		"no terminal":        {func(k *call) { k.write(k.approval(map[int]string{41: ""})) }, terminal.Approved, "00", ""},
		"garbage in a frame": {func(k *call) { k.write(garbage(k)) }, terminal.Garbled, "", "MTI"},
		"half a frame": {func(k *call) {
			b := k.approval(nil)
			k.write(b[:len(b)-5])
			_ = k.c.Close()
		}, terminal.Garbled, "", ""},
		"closed":     {func(k *call) { _ = k.c.Close() }, terminal.NoAnswer, "", "closed the connection"},
		"reset":      {func(k *call) { _ = k.c.(*net.TCPConn).SetLinger(0); _ = k.c.Close() }, terminal.NoAnswer, "", "reset the connection"},
		"one by one": {oneByOne, terminal.Approved, "00", ""},
		"keep-alive first": {func(k *call) {
			k.write(append(make([]byte, 2), k.approval(nil)...))
		}, terminal.Approved, "00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, m := load(t, "unionpay-pos")
			l := host(t, d, c.answer).dial()
			x := exchange(t, l, sale(t, m, 1))
			assert.Equal(t, c.want.String(), x.Outcome.String(), x.Why)
			assert.Equal(t, c.code, x.Code)
			assert.Contains(t, x.Why.EN, c.why)
		})
	}
}

func garbage(k *call) []byte {
	b := k.approval(nil)
	for i := 13; i < len(b); i++ {
		b[i] = 0xEE
	}
	return b
}

func oneByOne(k *call) {
	for _, b := range k.approval(nil) {
		k.write([]byte{b})
	}
}

// noAnswer makes an exchange that nothing comes of, and does not wait long.
func noAnswer(t testing.TB, l *terminal.Line, r *terminal.Request) *terminal.Exchange {
	t.Helper()
	x, err := l.ExchangeWithin(t.Context(), r, short)
	require.NoError(t, err)
	require.Equal(t, terminal.NoAnswer, x.Outcome, x.Why)
	return x
}

func TestNoAnswer(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	x := noAnswer(t, host(t, d, func(*call) {}).dial(), sale(t, m, 1))
	assert.Equal(t, terminal.NoAnswer, x.Outcome)
	assert.Nil(t, x.Reply)
	assert.Contains(t, x.Why.EN, "50ms")
}

func TestALateReplyIsRecognisedAndHarmless(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	var first []byte
	h := host(t, d, func(k *call) {
		if k.number == 1 {
			first = k.approval(nil)
			return
		}
		k.write(append(first, k.approval(nil)...)) // the late one overtakes nobody
	})
	l := h.dial()
	noAnswer(t, l, sale(t, m, 1))
	x := exchange(t, l, sale(t, m, 2))
	assert.Equal(t, terminal.Approved, x.Outcome, x.Why)
	require.Len(t, x.Strays, 1)
	assert.Equal(t, terminal.Late, x.Strays[0].Kind)
	assert.NotEmpty(t, x.Strays[0].Raw)
}

// TestDuplicateReplies: moov-io/iso8583-connection v0.9.0 leaks a goroutine for
// each; goleak watches this test.
func TestDuplicateReplies(t *testing.T) {
	d, m := load(t, "iso87-bcd")
	h := host(t, d, func(k *call) { k.write(bytes.Repeat(k.approval(nil), 20)) })
	l := h.dial()
	strays := 0
	for stan := uint32(1); stan <= 5; stan++ {
		x := exchange(t, l, sale(t, m, stan))
		require.Equal(t, terminal.Approved, x.Outcome, x.Why)
		for _, s := range x.Strays {
			assert.Equal(t, terminal.Duplicate.String(), s.Kind.String())
		}
		strays += len(x.Strays)
	}
	assert.Equal(t, 4*19, strays, "the duplicates of the first four stand before the fifth reply")
}

func TestAFloodOfRepliesDoesNotBlockClosing(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	h := host(t, d, func(k *call) { k.write(bytes.Repeat(k.approval(nil), 5_000)) })
	l := h.dial()
	assert.Equal(t, terminal.Approved, exchange(t, l, sale(t, m, 1)).Outcome)
	require.NoError(t, l.Close())
}

func TestWaitOnMismatch(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	wait := func(o *terminal.Options) { o.WaitOnMismatch = true }
	wrong := map[int]string{4: "000000000999"}

	h := host(t, d, func(k *call) { k.write(append(k.approval(wrong), k.approval(nil)...)) })
	x := exchange(t, h.dial(wait), sale(t, m, 1))
	assert.Equal(t, terminal.Approved, x.Outcome, x.Why)
	require.Len(t, x.Strays, 1)
	assert.Equal(t, terminal.Other, x.Strays[0].Kind)

	h = host(t, d, func(k *call) { k.write(k.approval(wrong)) })
	l := h.dial(wait)
	x, err := l.ExchangeWithin(t.Context(), sale(t, m, 1), time.Second)
	require.NoError(t, err)
	assert.Equal(t, terminal.Mismatch, x.Outcome)
	assert.Contains(t, x.Why.EN, "field 4")
}

func TestCompareTolerates(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	h := host(t, d, func(k *call) { k.write(k.approval(map[int]string{42: "999999999999999"})) })
	x := exchange(t, h.dial(), sale(t, m, 1))
	assert.Equal(t, terminal.Mismatch, x.Outcome)
	x = exchange(t, h.dial(func(o *terminal.Options) { o.Compare = []int{3, 4, 11, 41} }), sale(t, m, 1))
	assert.Equal(t, terminal.Approved, x.Outcome, x.Why)

	h = host(t, d, func(k *call) { k.write(k.approval(map[int]string{2: "4111111111111111"})) })
	x = exchange(t, h.dial(func(o *terminal.Options) { o.Compare = []int{2} }), sale(t, m, 1))
	assert.Equal(t, terminal.Mismatch, x.Outcome)
	assert.Equal(t, "its field 2 is not the one sent", x.Why.EN)
}

func TestARequestOfTheHostIsNoReply(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	h := host(t, d, func(k *call) {
		k.write(append(bytes.Clone(k.raw), k.approval(nil)...)) // it echoes the request, then answers
	})
	x := exchange(t, h.dial(), sale(t, m, 1))
	assert.Equal(t, terminal.Approved, x.Outcome, x.Why)
	require.Len(t, x.Strays, 1)
	assert.Equal(t, terminal.Unasked, x.Strays[0].Kind)
}

func TestARequestLeavesInOneWrite(t *testing.T) {
	for _, name := range dialects {
		t.Run(name, func(t *testing.T) {
			d, m := load(t, name)
			near, far := net.Pipe() // keeps writes apart
			l, err := terminal.NewLine(near, terminal.Options{Dialect: d, ResponseTimeout: patience})
			require.NoError(t, err)
			got := make(chan []byte, 1)
			go func() {
				b := make([]byte, 4096)
				n, _ := far.Read(b)
				got <- b[:n]
				_ = far.Close()
			}()
			r := sale(t, m, 1)
			x := exchange(t, l, r)
			assert.Equal(t, hex.EncodeToString(r.Frame), hex.EncodeToString(<-got))
			assert.Equal(t, terminal.NoAnswer, x.Outcome)
			assert.Contains(t, x.Why.EN, "closed the connection")
			require.NoError(t, l.Close())
		})
	}
}

func TestALineThatIsGone(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	l := host(t, d, func(k *call) { _ = k.c.Close() }).dial()
	assert.Equal(t, terminal.NoAnswer, exchange(t, l, sale(t, m, 1)).Outcome)
	x := exchange(t, l, sale(t, m, 2))
	assert.Equal(t, terminal.SendFailed, x.Outcome)
	assert.Contains(t, x.Why.EN, "closed the connection before")
	require.NoError(t, l.Close())
	_, err := l.Exchange(t.Context(), sale(t, m, 3))
	require.ErrorIs(t, err, terminal.ErrClosed)
}

// TestThirtySecondsWithoutAnAnswer runs the default timeout in a bubble, and a
// peer that takes nothing from the line at all.
func TestThirtySecondsWithoutAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := load(t, "unionpay-pos")
		near, far := net.Pipe()
		l, err := terminal.NewLine(near, terminal.Options{Dialect: d})
		require.NoError(t, err)
		go func() { _, _ = io.Copy(io.Discard, far) }()
		x := exchange(t, l, sale(t, m, 1))
		assert.Equal(t, terminal.NoAnswer, x.Outcome)
		assert.Equal(t, 30*time.Second, x.Elapsed)
		require.NoError(t, l.Close())

		deaf, other := net.Pipe()
		l, err = terminal.NewLine(deaf, terminal.Options{Dialect: d})
		require.NoError(t, err)
		x = exchange(t, l, sale(t, m, 1))
		assert.Equal(t, terminal.SendFailed, x.Outcome)
		assert.Equal(t, 30*time.Second, x.Elapsed)
		require.NoError(t, l.Close())
		_ = other.Close()
	})
}

func TestCancelling(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	ctx, cancel := context.WithCancel(t.Context())
	l := host(t, d, func(*call) { cancel() }).dial()
	x, err := l.Exchange(ctx, sale(t, m, 1))
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, terminal.Cancelled, x.Outcome)
	x, err = l.Exchange(ctx, sale(t, m, 2))
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, "before it was sent", x.Why.EN)
}

func TestClosingWhileWaiting(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	arrived := make(chan struct{})
	l := host(t, d, func(*call) { close(arrived) }).dial()
	go func() {
		<-arrived
		_ = l.Close()
	}()
	_, err := l.Exchange(t.Context(), sale(t, m, 1))
	require.ErrorIs(t, err, terminal.ErrClosed)
}

// TestTimeoutsThatRaceADisconnect is where the library's own Send deadlocks.
func TestTimeoutsThatRaceADisconnect(t *testing.T) {
	d, m := load(t, "iso87-ascii")
	var calls atomic.Int64
	h := host(t, d, func(k *call) {
		calls.Add(1)
		_ = k.c.Close()
	})
	for range 200 {
		l := h.dial(func(o *terminal.Options) { o.ResponseTimeout = 200 * time.Microsecond })
		x := exchange(t, l, sale(t, m, 1))
		assert.Contains(t, []terminal.Outcome{terminal.NoAnswer, terminal.SendFailed}, x.Outcome)
		require.NoError(t, l.Close())
	}
	assert.Positive(t, calls.Load())
}

func TestMACs(t *testing.T) {
	d, m := load(t, "unionpay-pos")
	keys := security.DeriveSession(1, pos, 1, security.DownloadDouble)
	session, err := terminal.NewSession(d, keys)
	require.NoError(t, err)
	right, err := security.NewMAC(d.MACAlgorithm(), keys.MAC)
	require.NoError(t, err)
	wrong, err := security.NewMAC(d.MACAlgorithm(), security.DeriveSession(2, pos, 1, security.DownloadDouble).MAC)
	require.NoError(t, err)

	for name, c := range map[string]struct {
		mac  *security.MAC
		code string
		want terminal.Outcome
		says transcript.MACResult
	}{
		"right":                   {right, "00", terminal.Approved, transcript.MACOK},
		"wrong":                   {wrong, "00", terminal.MACError, transcript.MACIsWrong},
		"missing":                 {nil, "00", terminal.MACError, transcript.MACAbsent},
		"a decline with a wrong":  {wrong, "51", terminal.MACError, transcript.MACIsWrong},
		"a decline without":       {nil, "51", terminal.Declined, transcript.MACAbsent},
		"keys are out of step":    {wrong, d.Code(200, world.MACWrong), terminal.Declined, transcript.MACIsWrong},
		"sign on again, unsigned": {nil, d.Code(200, world.NotSignedOn), terminal.Declined, transcript.MACAbsent},
	} {
		t.Run(name, func(t *testing.T) {
			h := host(t, d, func(k *call) {
				assert.True(t, d.Verify(&k.req, right), "the request is signed")
				k.write(k.approval(map[int]string{39: c.code}))
			})
			h.mac = c.mac
			r, err := m.Request(world.Sale, params(1), session)
			require.NoError(t, err)
			x := exchange(t, h.dial(), r)
			assert.Equal(t, c.want.String(), x.Outcome.String(), x.Why)
			assert.Equal(t, c.says, x.Reply.MAC)
			assert.Equal(t, c.code, x.Code)
		})
	}
}

func TestAPINIsEncryptedUnderTheSessionKey(t *testing.T) {
	d, m := load(t, "unionpay-pos")
	keys := security.DeriveSession(1, pos, 1, security.DownloadDouble)
	session, err := terminal.NewSession(d, keys)
	require.NoError(t, err)
	p := params(1)
	p.Card.PIN = "123456"

	_, err = m.Request(world.Sale, p, nil)
	require.ErrorIs(t, err, terminal.ErrNoKeys)

	r, err := m.Request(world.Sale, p, session)
	require.NoError(t, err)
	req := readBack(t, d, r)
	pin, err := security.DecryptPIN(d.PINFormat(), keys.PIN, req.PINBlock, pan)
	require.NoError(t, err)
	assert.True(t, pin.Equal("123456"))
	text, err := mustUnpack(t, d, r).GetString(22)
	require.NoError(t, err)
	assert.Equal(t, "011", text)
	text, err = mustUnpack(t, d, r).GetString(26)
	require.NoError(t, err)
	assert.Equal(t, "12", text)

	p.Original.STAN = 1
	r, err = m.Request(world.Reversal, p, nil)
	require.NoError(t, err, "a reversal asks for no PIN")
	req = readBack(t, d, r)
	assert.Nil(t, req.PINBlock)
}

func readBack(t testing.TB, d *dialect.Dialect, r *terminal.Request) *dialect.Request {
	t.Helper()
	f, rest, err := d.Format().Cut(r.Frame, 0)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Empty(t, d.Unroutable(f))
	var req dialect.Request
	require.NoError(t, d.Read(f, &req))
	return &req
}
