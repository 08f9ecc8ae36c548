package simulator

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// blackHole is a connection that takes everything and gives nothing.
type blackHole struct{ net.Conn }

func (blackHole) Write(b []byte) (int, error)      { return len(b), nil }
func (blackHole) SetWriteDeadline(time.Time) error { return nil }
func (blackHole) SetReadDeadline(time.Time) error  { return nil }
func (blackHole) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

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
		f, stan := request(b, d, fmt.Sprintf("T%07d", i), "000000000100", i)
		frames, stans = append(frames, f), append(stans, stan)
	}
	x := newBatch(s)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += depth {
		x.begin(s)
		x.open(c)
		for i := range depth {
			t := (n + i) % terminals
			next(stans[t])
			x.take(frames[t], time.Now())
		}
		x.answer(false)
		if err := x.parts[0].err; err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	require.Equal(b, "approved", x.all[0].dec.Outcome.String(), x.all[0].dec.Why)
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
