package simulator_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// requestCauses is what the terminal meets under each cause of the request.
var requestCauses = map[string]causeTest{
	"request-lost": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		silence(t, p.pos)
		assert.Zero(t, r.moved(), "the host has never seen it")
		seen, _ := r.Journal().Since(0, 1<<20)
		assert.Equal(t, 1, countOf(seen, transcript.Received, terminal, "sale"), "it is known whose it was")
		assert.Equal(t, "25", p.reverse(p.stan))
	}},

	"host-queue-slow": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		for range 2 { // each, not just the first
			began := time.Now()
			p.sell()
			assert.Equal(t, "00", get(t, p.answer(), 39), "an answer, if a slow one")
			assert.GreaterOrEqual(t, time.Since(began), r.timeout/2)
		}
	}, left: -2 * saleAmount},

	"request-misrouted": {play: func(t *testing.T, r *rig) {
		other := r.other()
		r.arm()
		p := r.victim()
		p.sell()
		m := other.answer()
		assert.Equal(t, "0210", get(t, m, 0))
		assert.Equal(t, fmt.Sprintf("%06d", p.stan), get(t, m, 11), "the sale's reply, at the other till")
		silence(t, p.pos)
		assert.Equal(t, int64(-saleAmount), r.moved(), "the card is charged")
		decided := one(t, events(t, r.Server, ofTerminal(transcript.Decided, otherTill)), transcript.Decided)
		assert.Equal(t, otherTill, decided.Terminal, "in the other till's name")
		assert.Equal(t, "25", p.reverse(p.stan), "this terminal's reversal can't undo it")
	}, left: -saleAmount},
}

// replyCauses is what the terminal meets under each cause of the reply. In all
// of them the host has charged the card.
var replyCauses = map[string]causeTest{
	"reply-lost": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		silence(t, p.pos)
		assert.Equal(t, int64(-saleAmount), r.moved(), "the host has charged the card")
		assert.Equal(t, "00", p.reverse(p.stan))
	}},

	"reply-late": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		silence(t, p.pos) // for the terminal's whole timeout
		m := p.answer()
		assert.Equal(t, "00", get(t, m, 39), "an approval that comes too late")
		assert.Equal(t, "00", p.reverse(p.stan))
	}},

	"reply-later-than-reversal": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		silence(t, p.pos)
		sale := p.stan
		assert.Equal(t, "00", p.reverse(sale), "the reversal overtakes the reply")
		m := p.answer()
		assert.Equal(t, "0210", get(t, m, 0))
		assert.Equal(t, "00", get(t, m, 39), "an approval of what is reversed already")
		assert.Equal(t, fmt.Sprintf("%06d", sale), get(t, m, 11))
	}},

	"reversal-reply-lost": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		silence(t, p.pos)
		reversal := p.reversal(p.stan)
		p.write(reversal)
		silence(t, p.pos)
		assert.Zero(t, r.moved(), "the money is back, and the terminal can't know")
		p.write(reversal)
		m := p.answer()
		assert.Equal(t, "0410", get(t, m, 0))
		assert.Equal(t, "00", get(t, m, 39), "the same result")
	}},

	"reply-duplicated": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		first, m := p.read()
		assert.Equal(t, "00", get(t, m, 39))
		again, _ := p.read()
		assert.Equal(t, first.Raw, again.Raw)
		silence(t, p.pos)
	}, left: -saleAmount},

	"replies-swapped": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		sale := p.stan
		m := p.do("inquiry", 0, p.who())
		assert.NotEqual(t, fmt.Sprintf("%06d", sale), get(t, m, 11), "the second request's reply comes first")
		m = p.answer()
		assert.Equal(t, fmt.Sprintf("%06d", sale), get(t, m, 11))
		assert.Equal(t, "00", get(t, m, 39))
	}, left: -saleAmount},

	"reply-to-another-terminal": {play: func(t *testing.T, r *rig) {
		other := r.other()
		r.arm()
		p := r.victim()
		p.sell()
		m := other.answer()
		assert.Equal(t, terminal, get(t, m, 41), "a reply that nobody asked for there")
		assert.Equal(t, "00", get(t, m, 39))
		silence(t, p.pos)
		assert.Equal(t, int64(-saleAmount), r.moved())
		assert.Equal(t, "00", p.reverse(p.stan))
	}},

	"stale-reply": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.write(p.frame(p.message("inquiry", 0, p.who())))
		inquiry, _ := p.read()
		p.sell()
		again, m := p.read()
		assert.Equal(t, inquiry.Raw, again.Raw)
		assert.Equal(t, "00", get(t, m, 39), "it approves")
		assert.NotEqual(t, fmt.Sprintf("%06d", p.stan), get(t, m, 11), "and is for something else")
		assert.Equal(t, int64(-saleAmount), r.moved())
		assert.Equal(t, "00", p.reverse(p.stan))
	}},

	"closed-before-reply": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		b, err := all(t, p.pos)
		require.NoError(t, err, "FIN")
		assert.Empty(t, b)
		assert.Equal(t, int64(-saleAmount), r.moved())
		assert.Equal(t, "00", r.victim().reverse(p.stan))
	}},

	"reset-before-reply": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		b, err := all(t, p.pos)
		isReset(t, err)
		assert.Empty(t, b)
		assert.Equal(t, int64(-saleAmount), r.moved())
		assert.Equal(t, "00", r.victim().reverse(p.stan))
	}},

	"reply-truncated": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		announced, _ := p.announced()
		_, err := io.ReadFull(p.r, make([]byte, announced-5)) // all but the last bytes
		require.NoError(t, err)
		silence(t, p.pos)
		assert.Equal(t, int64(-saleAmount), r.moved())
		assert.Equal(t, "00", r.victim().reverse(p.stan))
	}},

	"wrong-length": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		announced, header := p.announced()
		raw := make([]byte, announced-header)
		_, err := io.ReadFull(p.r, raw)
		require.NoError(t, err)
		silence(t, p.pos) // the header counted itself: so much never comes
		m, err := p.d.Unpack(raw[p.d.Format().Overhead()-header:])
		require.NoError(t, err, "the message itself is whole")
		assert.Equal(t, "00", get(t, m, 39))
		assert.Equal(t, "00", r.victim().reverse(p.stan))
	}},

	"slow-drip": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		require.NoError(t, p.c.SetReadDeadline(time.Now().Add(responseTimeout)))
		some, err := all(t, p.pos)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded, "the timeout is over, and the reply is not whole")
		assert.NotEmpty(t, some, "something has come all the time")
		require.NoError(t, p.c.SetReadDeadline(time.Now().Add(patience)))
		p.r.Reset(io.MultiReader(bytes.NewReader(some), p.c))
		assert.Equal(t, "00", get(t, p.answer(), 39))
		assert.Equal(t, "00", r.victim().reverse(p.stan))
	}},

	"garbage": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.sell()
		b, err := all(t, p.pos)
		require.NoError(t, err, "FIN")
		assert.Len(t, b, 64)
		f, _, err := p.d.Format().Cut(b, frame.HighestMax)
		if err == nil {
			_, err = p.d.Unpack(f.Body)
		}
		require.Error(t, err, "no message")
		assert.Equal(t, int64(-saleAmount), r.moved())
		assert.Equal(t, "00", r.victim().reverse(p.stan))
	}},

	"bits-flipped": {play: func(t *testing.T, r *rig) {
		p := r.victim()
		keys := signOn(t, p.pos)
		r.arm()
		body := p.message("sale", 0, fields{2: p.pan, 42: p.merchant, 64: "\x00\x00\x00\x00\x00\x00\x00\x00"})
		sum := keys.Sum1(body[:len(body)-8])
		copy(body[len(body)-8:], sum[:])
		p.write(p.frame(body))
		f, err := p.next()
		require.NoError(t, err)
		assert.False(t, verifies(keys, f), "the MAC betrays it")
		var ix dialect.Index
		_, err = p.d.Index(f.Body, &ix)
		require.NoError(t, err)
		flipped := 0
		for i, c := range ix.Raw(f.Body, 4) {
			flipped += bits.OnesCount8(c ^ []byte{0, 0, 0, 0, 0x10, 0}[i])
		}
		assert.Equal(t, 1, flipped, "one bit of the amount")
	}, left: -saleAmount, dialects: []string{"unionpay-pos"}},

	"tpdu-not-swapped": {play: func(t *testing.T, r *rig) {
		p := r.victim()
		m := p.do("inquiry", 0, p.who())
		require.Equal(t, "00", get(t, m, 39))
		r.arm()
		for range 2 {
			p.sell()
			f, m := p.read()
			assert.Equal(t, tpdu, f.TPDU, "addressed to the host itself")
			assert.Equal(t, "00", get(t, m, 39))
		}
	}, left: -2 * saleAmount, dialects: []string{"unionpay-pos", "iso87-bcd"}},
}

func TestCausesOfTheRequest(t *testing.T) { playCauses(t, requestCauses) }
func TestCausesOfTheReply(t *testing.T)   { playCauses(t, replyCauses) }

func TestEveryCauseOfTheWayIsTested(t *testing.T) {
	everyCause(t, []scenarios.Layer{"connection", "request", "reply"}, connectionCauses, requestCauses, replyCauses)
}

// announced reads the length header and returns what it says and its size.
func (p *till) announced() (length, size int) {
	p.t.Helper()
	head := make([]byte, p.d.Format().Length.Size())
	_, err := io.ReadFull(p.r, head)
	require.NoError(p.t, err)
	if p.d.Format().Length == frame.ASCII4 {
		n, err := strconv.Atoi(string(head))
		require.NoError(p.t, err)
		return n, len(head)
	}
	return int(binary.BigEndian.Uint16(head)), len(head)
}
