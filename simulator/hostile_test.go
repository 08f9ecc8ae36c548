package simulator_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/frame"
)

func TestTwoFramesInOneSegment(t *testing.T) {
	everyDialect(t, func(t *testing.T, _ *simulator.Server, p *pos) {
		b := append(p.frame(p.message("sale", 0, nil)), p.frame(p.message("sale", 0, nil))...)
		p.write(b)
		for stan := 1; stan <= 2; stan++ {
			_, m := p.read()
			assert.Equal(t, fmt.Sprintf("%06d", stan), get(t, m, 11))
			assert.Equal(t, "00", get(t, m, 39))
		}
	})
}

func TestOneByteAtATime(t *testing.T) {
	everyDialect(t, func(t *testing.T, _ *simulator.Server, p *pos) {
		require.NoError(t, p.c.(*net.TCPConn).SetNoDelay(true))
		for _, b := range p.frame(p.message("sale", 0, nil)) {
			p.write([]byte{b})
		}
		_, m := p.read()
		assert.Equal(t, "00", get(t, m, 39))
	})
}

func TestAThousandPipelinedRequestsInOrder(t *testing.T) {
	everyDialect(t, func(t *testing.T, _ *simulator.Server, p *pos) {
		const n = 1000
		var all []byte
		for range n {
			all = append(all, p.frame(p.message("sale", 0, nil))...)
		}
		go func() { _, _ = p.c.Write(all) }()
		for stan := 1; stan <= n; stan++ {
			_, m := p.read()
			require.Equal(t, fmt.Sprintf("%06d", stan), get(t, m, 11))
			require.Equal(t, "00", get(t, m, 39))
		}
	})
}

func TestBadLengthsCloseThatConnectionOnly(t *testing.T) {
	tests := map[string]struct{ dialect, bytes string }{
		"negative":             {"iso87-ascii", "-001"},
		"not a number":         {"iso87-ascii", "00x1"},
		"beyond the maximum":   {"iso87-ascii", "9999"},
		"ffff":                 {"unionpay-pos", "\xff\xff"},
		"an HTTP request":      {"iso87-bcd", "GET / HTTP/1.1\r\n\r\n"},
		"ffff as ASCII digits": {"iso87-ascii", "ffff"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := start(t, tt.dialect)
			good, bad := dial(t, s, tt.dialect), dial(t, s, tt.dialect)
			bad.write([]byte(tt.bytes))
			_, err := io.ReadAll(bad.c)
			require.NoError(t, err, "a FIN, and nothing before it")

			all := events(t, s, ofKind(transcript.BadFrame))
			e := all[len(all)-1]
			assert.NotEmpty(t, e.Raw)
			assert.NotEmpty(t, e.Why)
			assert.Equal(t, "00", get(t, good.do("sale", 0, nil), 39))
		})
	}
}

func TestZeroLengthIsAKeepAlive(t *testing.T) {
	for name, zero := range map[string]string{"iso87-ascii": "0000", "unionpay-pos": "\x00\x00"} {
		t.Run(name, func(t *testing.T) {
			s := start(t, name)
			p := dial(t, s, name)
			p.write(append([]byte(zero), p.frame(p.message("sale", 0, nil))...))
			_, m := p.read()
			assert.Equal(t, "00", get(t, m, 39))
			events(t, s, ofKind(transcript.KeepAlive))
		})
	}
}

func TestGarbageInAFrameIsAnsweredOrDiscardedWithAReason(t *testing.T) {
	s := start(t, "iso87-ascii")
	p := dial(t, s, "iso87-ascii")
	p.write([]byte("0020this is no message!!"))
	body := p.message("sale", 0, nil)
	p.write(p.frame(body[:len(body)-5])) // the last field is cut off
	_, m := p.read()
	assert.Equal(t, "30", get(t, m, 39), "a format error is answered")
	assert.Equal(t, "000001", get(t, m, 11), "with what could be read")
	all := events(t, s, ofKind(transcript.Sent))
	var discarded, received transcript.Event
	for _, e := range all {
		switch e.Kind {
		case transcript.Discarded:
			discarded = e
		case transcript.Received:
			received = e
		}
	}
	assert.NotEmpty(t, discarded.Why)
	assert.NotEmpty(t, discarded.Raw)
	assert.Contains(t, received.Why, "field 42")
}

// A card number where no field can be read is quoted by no reason.
func TestReasonsQuoteNoCardNumber(t *testing.T) {
	const short = "378282246310005" // of 15 digits, as long as a bitmap but for one
	for name, tt := range map[string]struct{ body, number string }{
		"in place of the bitmap": {"0200" + pan + pan, pan},
		"in a broken bitmap":     {"0200" + short + "Z" + "0", short},
		"in place of the MTI":    {pan, pan},
		"in a length prefix":     {"0200" + "4000000000000000" + pan, pan},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "iso87-ascii")
			p := dial(t, s, "iso87-ascii")
			p.write(p.frame([]byte(tt.body)))
			require.NoError(t, p.c.(*net.TCPConn).CloseWrite())
			_, err := io.ReadAll(p.c)
			require.NoError(t, err)
			for _, e := range events(t, s, ofKind(transcript.Closed)) {
				line := string(transcript.AppendJSON(nil, &e))
				assert.NotContains(t, line, tt.number)
				assert.NotContains(t, line, hex.EncodeToString([]byte(tt.number)))
			}
		})
	}
}

func TestWhatIsNoRequestIsDiscardedUndecided(t *testing.T) {
	for _, mti := range []string{"0210", "0430", "0810", "0260", "0280"} {
		t.Run(mti, func(t *testing.T) {
			s := start(t, "iso87-ascii")
			p := dial(t, s, "iso87-ascii")
			p.write(p.frame(p.message("sale", 0, fields{0: mti})))
			assert.Equal(t, "00", get(t, p.do("echo", 0, nil), 39))
			all := events(t, s, func(e transcript.Event) bool { return e.Kind == transcript.Sent })
			var kinds []transcript.Kind
			for _, e := range all {
				if e.Message == 1 {
					kinds = append(kinds, e.Kind)
					assert.Contains(t, e.Why, "not a request")
				}
			}
			assert.Equal(t, []transcript.Kind{transcript.Discarded}, kinds, "and nothing else becomes of it")
		})
	}
}

func TestTrailingBytesAreAFormatError(t *testing.T) {
	everyDialect(t, func(t *testing.T, _ *simulator.Server, p *pos) {
		p.write(p.frame(append(p.message("sale", 0, nil), 0x31, 0x32)))
		_, m := p.read()
		assert.Equal(t, "30", get(t, m, 39))
	})
}

func TestHalfAFrameThenClose(t *testing.T) {
	s := start(t, "iso87-bcd")
	p := dial(t, s, "iso87-bcd")
	b := p.frame(p.message("sale", 0, nil))
	p.write(b[:len(b)/2])
	require.NoError(t, p.c.(*net.TCPConn).CloseWrite())
	_, err := io.ReadAll(p.c)
	require.NoError(t, err)
	all := events(t, s, ofKind(transcript.Closed))
	assert.Contains(t, one(t, all, transcript.BadFrame).Why, "unfinished")
	assert.Equal(t, transcript.EndFIN, one(t, all, transcript.Closed).End)
	assert.Equal(t, transcript.Terminal, one(t, all, transcript.Closed).Actor)
}

// How a connection ended is told by type, not only in words.
func TestEnds(t *testing.T) {
	follow := func(p *pos) {
		go func() {
			_, _ = io.Copy(io.Discard, p.c)
			p.c.Close()
		}()
	}
	idle := func(o *simulator.Options) { o.Listeners[0].Limits.Idle = 50 * time.Millisecond }
	tests := map[string]struct {
		option func(*simulator.Options)
		end    func(*testing.T, *simulator.Server, *pos)
		who    transcript.Actor
		how    transcript.End
	}{
		"the peer closes": {nil, func(_ *testing.T, _ *simulator.Server, p *pos) { p.c.Close() }, transcript.Terminal, transcript.EndFIN},
		"the peer resets": {nil, func(t *testing.T, _ *simulator.Server, p *pos) {
			require.NoError(t, p.c.(*net.TCPConn).SetLinger(0))
			p.c.Close()
		}, transcript.Terminal, transcript.EndRST},
		"the peer resets inside a frame": {nil, func(t *testing.T, s *simulator.Server, p *pos) {
			p.write([]byte{0})
			require.NoError(t, p.c.(*net.TCPConn).SetLinger(0))
			p.c.Close()
		}, transcript.Terminal, transcript.EndRST},
		"idle": {idle, func(_ *testing.T, _ *simulator.Server, p *pos) { follow(p) }, transcript.Host, transcript.EndTimeout},
		"no length": {nil, func(_ *testing.T, _ *simulator.Server, p *pos) {
			p.write([]byte("junk"))
			follow(p)
		}, transcript.Host, transcript.EndFIN},
		"the server stops": {nil, func(t *testing.T, s *simulator.Server, p *pos) {
			follow(p)
			require.NoError(t, s.Shutdown(t.Context()))
		}, transcript.Acqsim, transcript.EndFIN},
		"the server is cut off": {nil, func(t *testing.T, s *simulator.Server, _ *pos) {
			require.NoError(t, s.Close())
		}, transcript.Acqsim, transcript.EndCut},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			options := []func(*simulator.Options){}
			if test.option != nil {
				options = append(options, test.option)
			}
			s := start(t, "iso87-ascii", options...)
			p := dial(t, s, "iso87-ascii")
			if test.option == nil {
				assert.Equal(t, "00", get(t, p.do("echo", 0, nil), 39))
			}
			test.end(t, s, p)
			closed := one(t, events(t, s, ofKind(transcript.Closed)), transcript.Closed)
			assert.Equal(t, test.who, closed.Actor, closed.Why)
			assert.Equal(t, test.how, closed.End, closed.Why)
		})
	}
}

func TestASlowFrameIsCutOff(t *testing.T) {
	s := start(t, "iso87-bcd", func(o *simulator.Options) {
		o.Listeners[0].Limits = frame.Limits{Frame: 50 * time.Millisecond}
	})
	p := dial(t, s, "iso87-bcd")
	p.write([]byte{0x00})
	_, err := io.ReadAll(p.c)
	require.NoError(t, err)
	all := events(t, s, ofKind(transcript.Closed))
	assert.Contains(t, all[len(all)-1].Why, "too-slow")
}

func TestConnectionLimit(t *testing.T) {
	s := start(t, "iso87-ascii", func(o *simulator.Options) { o.Listeners[0].MaxConnections = 1 })
	first := dial(t, s, "iso87-ascii")
	assert.Equal(t, "00", get(t, first.do("echo", 0, nil), 39))
	second := dial(t, s, "iso87-ascii")
	_, err := io.ReadAll(second.c)
	if !errors.Is(err, syscall.ECONNRESET) {
		require.NoError(t, err)
	}
	all := events(t, s, ofKind(transcript.Refused))
	assert.Contains(t, all[len(all)-1].Why, "limit")
	assert.Equal(t, transcript.EndFIN, all[len(all)-1].End)
}

func TestAPeerThatNeverReads(t *testing.T) {
	s := start(t, "iso87-ascii", func(o *simulator.Options) { o.Listeners[0].WriteTimeout = 200 * time.Millisecond })
	p := dial(t, s, "iso87-ascii")
	var all []byte
	for range 200 {
		all = append(all, p.frame(p.message("echo", 0, nil))...)
	}
	for {
		if _, err := p.c.Write(all); err != nil {
			break // the server has cut us off, as it should
		}
	}
	failed := one(t, events(t, s, ofKind(transcript.NotSent)), transcript.NotSent)
	assert.Less(t, int(failed.Written), len(failed.Raw), "what left whole was sent")
	events(t, s, func(e transcript.Event) bool { return e.Kind == transcript.Closed })
	other := dial(t, s, "iso87-ascii")
	assert.Equal(t, "00", get(t, other.do("echo", 0, nil), 39))
}
