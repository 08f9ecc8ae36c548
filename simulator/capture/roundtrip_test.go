package capture_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/capture"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/journal"
)

// recorded runs a server with a listener for each dialect, over sockets, and
// returns the transcript of what terminals did to it.
func recorded(t *testing.T, names ...string) []byte {
	t.Helper()
	j := journal.New(journal.Options{Program: "acqsim test"})
	o := simulator.Options{Journal: j}
	for _, d := range loadDialects(t, names...) {
		o.Listeners = append(o.Listeners, simulator.Listener{Address: "127.0.0.1:0", Dialect: d})
	}
	s, err := simulator.Start(t.Context(), o)
	require.NoError(t, err)
	for i, l := range o.Listeners {
		terminal(t, s.Addr(i), l.Dialect, i)
	}
	ended := 0
	sub := j.SubscribeAfter(0, 0)
	defer sub.Close()
	for ended < len(names) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		all, _, err := sub.Next(ctx)
		cancel()
		require.NoError(t, err)
		for _, e := range all {
			if e.Kind == transcript.Closed {
				ended++
			}
		}
	}
	require.NoError(t, s.Shutdown(t.Context()))
	var out bytes.Buffer
	missed, err := j.Export(&out, 0)
	require.NoError(t, err)
	require.Zero(t, missed)
	require.NoError(t, j.Close(t.Context()))
	return out.Bytes()
}

// terminal sends sales, three of them at once, and a keep-alive, reads the
// answers, and closes: with an RST where odd.
func terminal(t *testing.T, addr net.Addr, d *dialect.Dialect, odd int) {
	t.Helper()
	var dialer net.Dialer
	c, err := dialer.DialContext(t.Context(), addr.Network(), addr.String())
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	var all []byte
	for stan := 1; stan <= 3; stan++ {
		fields := map[int]string{0: "0200", 2: "6222021234567890128", 3: "000000", 4: "000000001000", 11: strings.Repeat("0", 5) + string(rune('0'+stan)),
			22: "012", 25: "00", 41: "10000001", 42: "999000000000001", 49: "156"}
		if strings.HasPrefix(d.Name(), "unionpay") {
			fields[60] = "22000001000"
		}
		body, err := d.Build(fields, nil)
		require.NoError(t, err)
		var tpdu, header []byte
		if d.Format().TPDU {
			tpdu = []byte{0x60, 0, 3, 0, 0}
		}
		if n := d.Format().Header; n > 0 {
			header = append([]byte{0x60}, make([]byte, n-1)...)
		}
		all, err = d.AppendRequest(all, tpdu, header, body)
		require.NoError(t, err)
	}
	silent, mark := d.Format().Begin(nil, nil, nil)
	if !d.Format().TPDU && d.Format().Header == 0 {
		require.NoError(t, d.Format().Finish(silent, mark))
		all = append(all, silent...)
	}
	_, err = c.Write(all)
	require.NoError(t, err)
	r := frame.NewReader(c, d.Format(), frame.Limits{})
	for range 3 {
		_, err := r.Next()
		require.NoError(t, err)
	}
	if odd%2 == 1 {
		require.NoError(t, c.(*net.TCPConn).SetLinger(0))
	}
}

// What a server journals, exported and read again, is what it journalled.
func TestRoundTrip(t *testing.T) {
	names := []string{"unionpay-pos", "iso87-bcd", "iso87-ascii", "iso87-ascii/binary2"}
	journalled := recorded(t, names...)
	dialects := loadDialects(t, names...)
	for _, format := range []capture.Format{capture.PCAP, capture.PCAPNG} {
		var file bytes.Buffer
		sum, err := capture.Export(&file, transcript.NewDecoder(bytes.NewReader(journalled), "test"), capture.ExportOptions{Format: format})
		require.NoError(t, err)
		assert.Equal(t, len(names), sum.Connections)
		assert.Equal(t, []string{capture.Masked}, sum.Notes)

		type side struct {
			source string
			client bool
		}
		want, ends := map[side][]byte{}, map[string][]string{}
		sources := map[uint64]string{}
		spoken := map[string]string{} // dialect by source
		d := transcript.NewDecoder(bytes.NewReader(journalled), "test")
		for {
			e, err := d.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			switch e.Kind {
			case transcript.Connected:
				sources[e.Conn] = e.Source
				spoken[e.Source] = e.Dialect
			case transcript.Received, transcript.KeepAlive:
				k := side{sources[e.Conn], true}
				want[k] = append(want[k], e.Raw...)
			case transcript.Sent:
				k := side{sources[e.Conn], false}
				want[k] = append(want[k], e.Raw...)
			case transcript.Closed:
				ends[sources[e.Conn]] = []string{"fin", "fin"}
				if e.End == transcript.EndRST {
					ends[sources[e.Conn]] = []string{"rst"}
				}
			}
		}
		type piece struct {
			at int64
			b  []byte
		}
		pieces, gotEnds := map[side][]piece{}, map[string][]string{}
		take := func(x *capture.Item) {
			k := side{x.Stream.Client.String(), x.ByClient}
			pieces[k] = append(pieces[k], piece{x.Offset, x.Bytes})
			assert.Equal(t, spoken[k.source], x.Stream.Dialect.Name())
		}
		answered := 0
		read, err := capture.Read(&file, dialects, func(x *capture.Item) error {
			switch x.Kind {
			case capture.FIN, capture.RST:
				gotEnds[x.Stream.Client.String()] = append(gotEnds[x.Stream.Client.String()], x.Kind.String())
				return nil
			case capture.Message, capture.KeepAlives:
			default:
				t.Errorf("%s", describe(x))
			}
			take(x)
			if x.Reply != nil {
				answered++
				take(x.Reply)
			}
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, sum.Packets, read.Packets)
		assert.Equal(t, 3*len(names), answered)
		got := map[side][]byte{}
		for k, all := range pieces {
			slices.SortFunc(all, func(a, b piece) int { return int(a.at - b.at) })
			for _, p := range all {
				got[k] = append(got[k], p.b...)
			}
		}
		assert.Equal(t, want, got)
		assert.Equal(t, ends, gotEnds)
	}
}
