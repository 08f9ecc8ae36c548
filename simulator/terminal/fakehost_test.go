package terminal_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/acqsim/acqsim/simulator/terminal"
)

const (
	pan      = "6222020000000000"
	pos      = "10000001"
	merchant = "999000000000001"

	// patience bounds how long a test waits for what must come; short is for
	// what must not.
	patience = 20 * time.Second
	short    = 50 * time.Millisecond
)

var dialects = append(dialect.Names(), "iso87-ebcdic/packed", "iso87-ebcdic/packed-binary4")

// wording is the embedded file of messages of a dialect: variants have that of
// theirs.
func wording(name string) string {
	name, _, _ = strings.Cut(name, "/")
	return name
}

func load(t testing.TB, name string) (*dialect.Dialect, *terminal.Messages) {
	t.Helper()
	d, err := dialect.Load(name)
	require.NoError(t, err)
	m, err := terminal.MessagesFor(d)
	require.NoError(t, err)
	return d, m
}

// params are those of a sale of 10.00.
func params(stan uint32) terminal.Params {
	return terminal.Params{
		Terminal: pos, Merchant: merchant, Card: terminal.Card{PAN: pan},
		HasAmount: true, Amount: 1000, Currency: world.CNY, STAN: stan, Batch: 1,
		Time: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC),
	}
}

func sale(t testing.TB, m *terminal.Messages, stan uint32) *terminal.Request {
	t.Helper()
	r, err := m.Request(world.Sale, params(stan), nil)
	require.NoError(t, err)
	return r
}

// fakeHost answers every request as its script says.
type fakeHost struct {
	t testing.TB
	d *dialect.Dialect
	l net.Listener
	// keys sign replies; zero: no MAC.
	mac *security.MAC
}

// call is one request that a fake host got.
type call struct {
	*fakeHost
	c      net.Conn
	number int // of the connection, from 1
	req    dialect.Request
	raw    []byte
}

// host starts a fake host that calls answer for each request.
func host(t testing.TB, d *dialect.Dialect, answer func(c *call)) *fakeHost {
	t.Helper()
	return hostOn(t, d, nil, answer)
}

// hostOn is host with TLS, if there is a configuration for it.
func hostOn(t testing.TB, d *dialect.Dialect, config *tls.Config, answer func(c *call)) *fakeHost {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	if config != nil {
		l = tls.NewListener(l, config)
	}
	h := &fakeHost{t: t, d: d, l: l}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { h.serve(c, answer) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return h
}

func (h *fakeHost) serve(c net.Conn, answer func(c *call)) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	r := frame.NewReader(c, h.d.Format(), frame.Limits{})
	for n := 1; ; n++ {
		f, err := r.Next()
		if err != nil {
			return
		}
		k := &call{fakeHost: h, c: c, number: n, raw: f.Raw}
		if err := h.d.Read(f, &k.req); err != nil {
			h.t.Errorf("the fake host cannot read a request: %v", err)
			return
		}
		answer(k)
	}
}

// approval is the frame of an approving reply, with changed fields; an empty
// one is left out.
func (k *call) approval(changes map[int]string) []byte {
	fields := map[int]string{39: "00", 38: "123456", 37: "000000000007"}
	due, _ := dialect.ReplyMTI(k.req.MTI)
	fields[0] = fmt.Sprintf("%04d", due)
	m, err := k.d.Unpack(k.req.Frame.Body)
	if err != nil {
		k.t.Errorf("unpack: %v", err)
		return nil
	}
	for _, n := range []int{3, 4, 11, 41, 42} {
		if k.req.Index.Has(n) {
			fields[n], _ = m.GetString(n)
		}
	}
	for n, v := range changes {
		fields[n] = v
		if v == "" {
			delete(fields, n)
		}
	}
	mac := k.mac
	if _, own := changes[k.d.MACField()]; own {
		mac = nil
	}
	body, err := k.d.Build(fields, mac)
	if err != nil {
		k.t.Errorf("build: %v", err)
	}
	b, err := k.d.AppendRequest(nil, nil, nil, body)
	if err != nil {
		k.t.Errorf("frame: %v", err)
	}
	return b
}

func (k *call) write(b []byte) { _, _ = k.c.Write(b) }

func (h *fakeHost) dial(change ...func(*terminal.Options)) *terminal.Line {
	h.t.Helper()
	o := terminal.Options{Dialect: h.d, Address: h.l.Addr().String(), ResponseTimeout: patience}
	for _, f := range change {
		f(&o)
	}
	l, err := terminal.Dial(h.t.Context(), o)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { require.NoError(h.t, l.Close()) })
	return l
}

func exchange(t testing.TB, l *terminal.Line, r *terminal.Request) *terminal.Exchange {
	t.Helper()
	x, err := l.Exchange(t.Context(), r)
	require.NoError(t, err)
	return x
}
