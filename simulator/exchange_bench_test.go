package simulator

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// blackHole is a connection that takes everything and gives nothing.
type blackHole struct{ net.Conn }

func (blackHole) Write(b []byte) (int, error)      { return len(b), nil }
func (blackHole) SetWriteDeadline(time.Time) error { return nil }
func (blackHole) SetReadDeadline(time.Time) error  { return nil }

// BenchmarkExchange measures one sale from its frame to its reply, journal and
// books included, without a socket.
func BenchmarkExchange(b *testing.B) {
	for _, name := range dialect.Names() {
		for _, depth := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/depth=%d", name, depth), func(b *testing.B) { benchmarkExchange(b, name, depth) })
		}
	}
}

func benchmarkExchange(b *testing.B, name string, depth int) {
	d, err := dialect.Load(name)
	require.NoError(b, err)
	s, err := Start(context.Background(), Options{Listeners: []Listener{{Address: "127.0.0.1:0", Dialect: d}}})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	c := s.newConn(s.listeners[0], blackHole{})

	const terminals = 2000
	var frames []frame.Frame
	var stans [][]byte
	for i := range terminals {
		f, stan := sale(b, d, fmt.Sprintf("T%07d", i))
		frames, stans = append(frames, f), append(stans, stan)
	}
	x := batches.Get().(*batch)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += depth {
		x.begin(c)
		for i := range depth {
			t := (n + i) % terminals
			next(stans[t])
			x.take(frames[t])
		}
		x.decide()
		for _, e := range x.all[:x.n] {
			x.finish(e)
		}
		if err := x.flush(); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	require.Equal(b, "approved", x.all[0].dec.Outcome.String(), x.all[0].dec.Why)
}

// sale builds a sale's frame and says where its STAN stands.
func sale(b *testing.B, d *dialect.Dialect, terminal string) (frame.Frame, []byte) {
	m := iso8583.NewMessage(d.Spec())
	mti := "0200"
	fields := map[int]string{2: "6212345678901232", 3: "000000", 4: "000000000100", 11: "000001", 25: "00",
		41: terminal, 42: "104110045110012", 49: "156"}
	if d.Name() == "unionpay-pos" {
		fields[60] = "22000001000"
	}
	if d.Name() == "iso93-ascii" {
		mti, fields[12], fields[24], fields[25] = "1200", "260102120000", "200", "1000"
	}
	m.MTI(mti)
	for n, v := range fields {
		require.NoError(b, m.Field(n, v))
	}
	body, err := m.Pack()
	require.NoError(b, err)
	f := d.Format()
	raw, mark := f.Begin(nil, []byte{0x60, 0, 3, 0, 1}[:map[bool]int{true: 5}[f.TPDU]], make([]byte, f.Header))
	if f.Header > 0 {
		copy(raw[len(raw)-f.Header:], []byte{0x60, 0x31, 0, 0x31, 0x13, 0x20})
	}
	raw = append(raw, body...)
	require.NoError(b, f.Finish(raw, mark))
	fr, _, err := f.Cut(raw, frame.HighestMax)
	require.NoError(b, err)
	var ix dialect.Index
	_, err = d.Index(fr.Body, &ix)
	require.NoError(b, err)
	return fr, ix.Value(fr.Body, 11)
}

// next adds 1 to a STAN of 6 ASCII or EBCDIC characters or 3 packed bytes.
func next(stan []byte) {
	for i := len(stan) - 1; i >= 0; i-- {
		switch {
		case len(stan) == 6 && stan[i]&0xF < 9:
			stan[i]++
			return
		case len(stan) == 6:
			stan[i] &= 0xF0 // the zone: 3 in ASCII, F in EBCDIC
		case stan[i]&0xF < 9:
			stan[i]++
			return
		case stan[i] < 0x99:
			stan[i] += 7
			return
		default:
			stan[i] = 0
		}
	}
}
