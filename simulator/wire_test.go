package simulator_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	pan      = "6212345678901232"
	terminal = "10000001"
	merchant = "104110045110012"

	// patience bounds how long a test waits for what must come.
	patience = 20 * time.Second
)

// start runs a server with one listener on a free loopback port.
func start(t testing.TB, name string, change ...func(*simulator.Options)) *simulator.Server {
	t.Helper()
	o := simulator.Options{Listeners: []simulator.Listener{{Address: "127.0.0.1:0", Dialect: load(t, name)}}}
	for _, f := range change {
		f(&o)
	}
	s, err := simulator.Start(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func load(t testing.TB, name string) *dialect.Dialect {
	t.Helper()
	d, err := dialect.Load(name)
	require.NoError(t, err)
	return d
}

// pos is a terminal at one end of a real connection.
type pos struct {
	t    testing.TB
	d    *dialect.Dialect
	c    net.Conn
	r    *bufio.Reader
	stan int
}

func dial(t testing.TB, s *simulator.Server, name string) *pos {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr(0).String())
	require.NoError(t, err)
	return newPOS(t, name, c)
}

func newPOS(t testing.TB, name string, c net.Conn) *pos {
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	return &pos{t: t, d: load(t, name), c: c, r: bufio.NewReaderSize(c, 64<<10)}
}

// fields are the values of a message by field number; 0 is the MTI.
type fields map[int]string

// templates are what a terminal of each dialect sends for each transaction.
// {s} stands for the STAN.
var templates = map[string]map[string]fields{
	"iso87-ascii": {
		"sale":     {0: "0200", 2: pan, 3: "000000", 4: "000000001000", 7: "1123100000", 11: "{s}", 12: "100000", 13: "1123", 22: "021", 25: "00", 41: terminal, 42: merchant, 49: "156"},
		"inquiry":  {0: "0200", 2: pan, 3: "310000", 7: "1123100000", 11: "{s}", 41: terminal, 42: merchant, 49: "156"},
		"void":     {0: "0200", 2: pan, 3: "020000", 4: "000000001000", 7: "1123100001", 11: "{s}", 37: "", 41: terminal, 42: merchant, 49: "156"},
		"refund":   {0: "0200", 2: pan, 3: "200000", 4: "000000001000", 7: "1123100002", 11: "{s}", 41: terminal, 42: merchant, 49: "156"},
		"reversal": {0: "0400", 2: pan, 3: "000000", 4: "000000001000", 7: "1123100000", 11: "{s}", 41: terminal, 42: merchant, 49: "156", 90: "0200{o}112310000000000000000" + "00000000000"},
		"advice":   {0: "0420", 2: pan, 3: "000000", 4: "000000001000", 7: "1123100000", 11: "{s}", 41: terminal, 42: merchant, 49: "156", 90: "0200{o}112310000000000000000" + "00000000000"},
		"sign-on":  {0: "0800", 7: "1123100000", 11: "{s}", 41: terminal, 42: merchant, 70: "001"},
		"sign-off": {0: "0800", 7: "1123100000", 11: "{s}", 41: terminal, 42: merchant, 70: "002"},
		"echo":     {0: "0800", 7: "1123100000", 11: "{s}", 70: "301"},
		"unknown":  {0: "0600", 3: "880000", 7: "1123100000", 11: "{s}", 41: terminal, 42: merchant},
	},
	"iso87-bcd": {
		"sale":     {0: "0200", 2: pan, 3: "000000", 4: "000000001000", 11: "{s}", 12: "100000", 13: "1123", 22: "021", 24: "003", 25: "00", 41: terminal, 42: merchant, 49: "156"},
		"inquiry":  {0: "0100", 2: pan, 3: "310000", 11: "{s}", 24: "003", 41: terminal, 42: merchant, 49: "156"},
		"void":     {0: "0200", 2: pan, 3: "020000", 4: "000000001000", 11: "{s}", 24: "003", 37: "", 41: terminal, 42: merchant, 49: "156"},
		"refund":   {0: "0200", 2: pan, 3: "200000", 4: "000000001000", 11: "{s}", 24: "003", 41: terminal, 42: merchant, 49: "156"},
		"reversal": {0: "0400", 2: pan, 3: "000000", 4: "000000001000", 11: "{o}", 24: "003", 41: terminal, 42: merchant, 49: "156"},
		"sign-on":  {0: "0800", 3: "920000", 11: "{s}", 24: "003", 41: terminal, 42: merchant},
		"sign-off": {0: "0800", 11: "{s}", 24: "003", 41: terminal, 42: merchant, 70: "002"},
		"advice":   {0: "0420", 2: pan, 3: "000000", 4: "000000001000", 11: "{o}", 24: "003", 41: terminal, 42: merchant, 49: "156"},
		"echo":     {0: "0800", 3: "990000", 11: "{s}", 24: "003", 41: terminal},
		"unknown":  {0: "0600", 3: "880000", 11: "{s}", 41: terminal, 42: merchant},
	},
	"unionpay-pos": {
		"sale":        {0: "0200", 2: pan, 3: "000000", 4: "000000001000", 11: "{s}", 22: "021", 25: "00", 41: terminal, 42: merchant, 49: "156", 60: "22000001000"},
		"inquiry":     {0: "0200", 2: pan, 3: "310000", 11: "{s}", 22: "021", 25: "00", 41: terminal, 42: merchant, 49: "156", 60: "01000001000"},
		"void":        {0: "0200", 2: pan, 3: "200000", 4: "000000001000", 11: "{s}", 22: "021", 25: "00", 41: terminal, 42: merchant, 49: "156", 60: "23000001000", 61: "000001{o}"},
		"refund":      {0: "0220", 2: pan, 3: "200000", 4: "000000001000", 11: "{s}", 22: "021", 25: "00", 41: terminal, 42: merchant, 49: "156", 60: "25000001000", 61: "000001{o}1123"},
		"reversal":    {0: "0400", 2: pan, 3: "000000", 4: "000000001000", 11: "{o}", 22: "021", 25: "00", 39: "98", 41: terminal, 42: merchant, 49: "156", 60: "22000001000", 61: "000001{o}"},
		"sign-on":     {0: "0800", 11: "{s}", 41: terminal, 42: merchant, 60: "00000001003", 63: "01 "},
		"sign-off":    {0: "0820", 11: "{s}", 41: terminal, 42: merchant, 60: "00000001002"},
		"advice":      {0: "0420", 2: pan, 3: "000000", 4: "000000001000", 11: "{o}", 22: "021", 25: "00", 39: "98", 41: terminal, 42: merchant, 49: "156", 60: "22000001000"},
		"e-signature": {0: "0920", 11: "{s}", 41: terminal, 42: merchant, 60: "07000001800"},
		"echo":        {0: "0820", 41: terminal, 42: merchant, 60: "00000001301"},
		"unknown":     {0: "0600", 3: "880000", 11: "{s}", 41: terminal, 42: merchant},
	},
	"iso93-ascii": {
		"sale": {0: "1200", 2: pan, 3: "000000", 4: "000000001000", 11: "{s}", 12: "261123100000", 24: "200", 41: terminal, 42: merchant, 49: "156"},
	},
}

// wording is the dialect with the templates for d: those of iso87-ascii for the
// same in EBCDIC.
func wording(d *dialect.Dialect) string {
	if strings.HasPrefix(d.Name(), "iso87-ebcdic") {
		return "iso87-ascii"
	}
	return d.Name()
}

// message builds the body of a transaction; original is the STAN it is about.
func (p *pos) message(what string, original int, changes fields) []byte {
	p.t.Helper()
	p.stan++
	m := iso8583.NewMessage(p.d.Spec())
	base, ok := templates[wording(p.d)][what]
	require.True(p.t, ok, "no template for %s in %s", what, p.d.Name())
	all := fields{}
	for n, v := range base {
		all[n] = v
	}
	for n, v := range changes {
		all[n] = v
	}
	for n, v := range all {
		if v == "" {
			continue
		}
		v = expand(v, p.stan, original)
		if n == 0 {
			m.MTI(v)
			continue
		}
		require.NoError(p.t, m.Field(n, v), "field %d", n)
	}
	body, err := m.Pack()
	require.NoError(p.t, err)
	return body
}

func expand(v string, stan, original int) string {
	for i := 0; i+2 < len(v); i++ {
		switch v[i : i+3] {
		case "{s}":
			v = v[:i] + fmt.Sprintf("%06d", stan) + v[i+3:]
		case "{o}":
			v = v[:i] + fmt.Sprintf("%06d", original) + v[i+3:]
		}
	}
	return v
}

var (
	tpdu   = []byte{0x60, 0x00, 0x03, 0x00, 0x01}
	header = []byte{0x60, 0x31, 0x00, 0x31, 0x13, 0x20}
)

// frame puts a body into the dialect's frame.
func (p *pos) frame(body []byte) []byte {
	f := p.d.Format()
	var u, h []byte
	if f.TPDU {
		u = tpdu
	}
	if f.Header > 0 {
		h = header
	}
	b, mark := f.Begin(nil, u, h)
	b = append(b, body...)
	require.NoError(p.t, f.Finish(b, mark))
	return b
}

func (p *pos) write(b []byte) {
	p.t.Helper()
	_, err := p.c.Write(b)
	require.NoError(p.t, err)
}

// read returns the next reply.
func (p *pos) read() (frame.Frame, *iso8583.Message) {
	p.t.Helper()
	f, err := p.next()
	require.NoError(p.t, err)
	m, err := p.d.Unpack(f.Body)
	require.NoError(p.t, err, hex.EncodeToString(f.Body))
	return f, m
}

func (p *pos) next() (frame.Frame, error) {
	format := p.d.Format()
	head, err := p.r.Peek(format.Length.Size())
	if err != nil {
		return frame.Frame{}, err
	}
	n := int(head[len(head)-2])<<8 | int(head[len(head)-1])
	if format.Length == frame.ASCII4 {
		_, err = fmt.Sscanf(string(head), "%d", &n)
		require.NoError(p.t, err)
	}
	raw := make([]byte, len(head)+n)
	if _, err := io.ReadFull(p.r, raw); err != nil {
		return frame.Frame{}, err
	}
	f, _, err := format.Cut(raw, 64<<10)
	return f, err
}

// do sends a transaction and returns the reply's fields.
func (p *pos) do(what string, original int, changes fields) *iso8583.Message {
	p.t.Helper()
	p.write(p.frame(p.message(what, original, changes)))
	_, m := p.read()
	return m
}

func get(t testing.TB, m *iso8583.Message, n int) string {
	t.Helper()
	s, err := m.GetString(n)
	require.NoError(t, err)
	return s
}

// events waits until the journal has an event that found accepts, and returns
// all of them up to it.
func events(t testing.TB, s *simulator.Server, found func(transcript.Event) bool) []transcript.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all, _ := s.Journal().Since(0, 1<<20)
	sub := s.Journal().Subscribe(1 << 12)
	defer sub.Close()
	again, _ := s.Journal().Since(0, 1<<20)
	if len(again) > len(all) {
		all = again
	}
	for i, e := range all {
		if found(e) {
			return all[:i+1]
		}
	}
	for {
		more, _, err := sub.Next(ctx)
		require.NoError(t, err, "the event never came; the journal has %d events", len(all))
		for _, e := range more {
			if len(all) > 0 && e.Seq <= all[len(all)-1].Seq {
				continue
			}
			all = append(all, e)
			if found(e) {
				return all
			}
		}
	}
}

func ofKind(k transcript.Kind) func(transcript.Event) bool {
	return func(e transcript.Event) bool { return e.Kind == k }
}

// one returns the last event of a kind.
func one(t testing.TB, all []transcript.Event, k transcript.Kind) transcript.Event {
	t.Helper()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Kind == k {
			return all[i]
		}
	}
	t.Fatalf("no event of the kind %s among %d", k, len(all))
	return transcript.Event{}
}
