package faults

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sample is a reply: length, TPDU, header, and a body of MTI, bitmap and data
// elements 4, 11, 39 and 64.
func sample() *Encoded {
	parts := []string{"002b", "6000030001", "603100311234", "0210", "1020000002000001", "000000001000", "000042", "3030", "4130423143324433"}
	frame, err := hex.DecodeString(strings.Join(parts, ""))
	if err != nil {
		panic(err)
	}
	at, spans := 0, []Span(nil)
	for _, p := range parts {
		spans = append(spans, Span{at, at + len(p)/2})
		at += len(p) / 2
	}
	fields := map[int]Span{4: spans[5], 11: spans[6], 39: spans[7], 64: spans[8]}
	x := &Encoded{
		Frame: frame, Length: spans[0], TPDU: spans[1], Header: spans[2], Body: Span{spans[3].From, at},
		Field: func(n int) Span { return fields[n] }, MACField: 64,
		Announced: len(frame) - 2, MaxLength: 65535, RequestTPDU: []byte{0x60, 0, 1, 0, 3},
		PutLength: func(dst []byte, n int) error {
			if len(dst) != 2 || n < 0 || n > 65535 {
				return errors.New("does not fit")
			}
			dst[0], dst[1] = byte(n>>8), byte(n)
			return nil
		},
	}
	x.Frame[1] = byte(x.Announced)
	return x
}

// request is a sale of a terminal with a response timeout of ten seconds.
func request() *Exchange {
	return &Exchange{
		Conn: &Conn{Listener: "main", Timeout: 10 * time.Second, Open: 5, Nth: 1},
		MTI:  200, Type: "sale", Terminal: "T0000001", Outcome: "approved", Code: "00",
	}
}

func someDraw() Draw { return ExchangeDraw(7, "rule", "T0000001", 1) }

// plan is what faults make of a request, or of its reply.
func planned(t *testing.T, all ...Fault) Delivery {
	t.Helper()
	require.NoError(t, Compose(all...))
	return PlanReply(request(), someDraw(), all)
}

// outbound is what goes out of the sample.
func outbound(t *testing.T, all ...Fault) Outbound {
	t.Helper()
	d := planned(t, all...)
	return d.Outbound(sample())
}

func put(b []byte) Step { return Step{Op: Write, Bytes: b} }

// only1 returns the bytes of the one write that faults leave.
func only1(t *testing.T, all ...Fault) []byte {
	t.Helper()
	o := outbound(t, all...)
	require.Len(t, o.Steps, 1)
	require.Equal(t, Write, o.Steps[0].Op)
	assert.Empty(t, o.Notes)
	return o.Steps[0].Bytes
}

// differs returns where two frames of the same length differ.
func differs(t *testing.T, a, b []byte) (at []int) {
	t.Helper()
	require.Len(t, b, len(a))
	for i := range a {
		if a[i] != b[i] {
			at = append(at, i)
		}
	}
	return at
}

func TestNoFault(t *testing.T) {
	x := sample()
	var d Delivery
	o := d.Outbound(x)
	assert.Equal(t, Outbound{Steps: []Step{put(x.Frame)}}, o)
	o.Steps[0].Bytes[0] = 99
	assert.Equal(t, sample().Frame, x.Frame, "the steps have bytes of their own")
}

// Edits go before steps: faults on one reply compose in any order.
func TestOrderOfEdits(t *testing.T) {
	all := []Fault{
		make1(t, "reply.delay", "delay", "1s"),
		make1(t, "frame.split", "at", "-8", "gap", "2s"),
		make1(t, "message.mac"),
		make1(t, "frame.length", "edit", "zero"),
		make1(t, "line.reset", "when", "after-reply", "after", "3s"),
		make1(t, "message.code", "code", "05"),
	}
	want := planned(t, all...)
	o := want.Outbound(sample())
	require.Len(t, o.Steps, 6)
	assert.Equal(t, Step{Op: Wait, For: time.Second}, o.Steps[0])
	assert.Equal(t, []byte{0, 0}, o.Steps[1].Bytes[:2])
	assert.Equal(t, Step{Op: Gap, For: 2 * time.Second}, o.Steps[2])
	assert.Len(t, o.Steps[3].Bytes, 8)
	assert.NotEqual(t, sample().Frame[len(sample().Frame)-8:], o.Steps[3].Bytes, "the MAC is spoilt before it is split off")
	assert.Equal(t, []Step{{Op: Wait, For: 3 * time.Second}, {Op: RST}}, o.Steps[4:])

	reversed := planned(t, all[5], all[4], all[3], all[2], all[1], all[0])
	assert.Equal(t, o, reversed.Outbound(sample()))
}

// TestRandomDeliveries composes faults at random: nothing panics, the frame is
// left alone, and there is never a step after the last.
func TestRandomDeliveries(t *testing.T) {
	var kinds []Kind
	for _, k := range Kinds() {
		if k.Stages[len(k.Stages)-1] == Replying {
			kinds = append(kinds, k)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		var all []Fault
		for range rapid.IntRange(0, 5).Draw(rt, "faults") {
			f := drawFault(rt, rapid.SampledFrom(kinds).Draw(rt, "kind"))
			if f == nil || Compose(append(all, f)...) != nil {
				continue
			}
			all = append(all, f)
		}
		x := sample()
		if rapid.Bool().Draw(rt, "arbitrary") {
			x = drawEncoded(rt)
		}
		before := bytes.Clone(x.Frame)
		p := PlanRequest(request(), someDraw(), all)
		d := PlanReply(request(), someDraw(), all)
		for range d.Extras {
			x.Extras = append(x.Extras, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(rt, "extra"))
		}
		o := d.Outbound(x)
		require.Equal(rt, before, x.Frame)
		for i, s := range o.Steps {
			require.False(rt, s.Op.Final() && i < len(o.Steps)-1, "%v", o.Steps)
			require.NotZero(rt, s.Op)
			require.GreaterOrEqual(rt, s.For, time.Duration(0))
			require.NotEmpty(rt, s.String())
			if s.Op == Gap {
				require.Equal(rt, Write, o.Steps[i-1].Op, "a gap is within a frame")
			}
		}
		if d.Lost {
			require.Empty(rt, o.Steps)
		}
		require.GreaterOrEqual(rt, p.Hold, time.Duration(0))
		again := PlanReply(request(), someDraw(), all)
		require.Equal(rt, o, again.Outbound(x), "the same again")
	})
}

// drawFault makes a fault of the kind with parameters at random; nil if they
// do not go together.
func drawFault(rt *rapid.T, k Kind) Fault {
	given := map[string]string{}
	for _, p := range k.Params {
		if !p.Required && rapid.Bool().Draw(rt, "leave out "+p.Name) {
			continue
		}
		text := someValue[p.Type]
		switch p.Type {
		case TypeChoice:
			text = rapid.SampledFrom(p.Choices).Draw(rt, p.Name)
		case TypeOffset:
			text = rapid.SampledFrom([]string{"0", "1", "-1", "17", "-17", "65535", "-65535"}).Draw(rt, p.Name)
		case TypeField:
			text = rapid.SampledFrom([]string{"2", "4", "11", "39", "55", "127"}).Draw(rt, p.Name)
		}
		given[p.Name] = text
	}
	f, err := k.Make(given)
	if err != nil {
		return nil
	}
	return f
}

// drawEncoded is a frame whose parts may lie anywhere.
func drawEncoded(rt *rapid.T) *Encoded {
	span := rapid.Custom(func(rt *rapid.T) Span {
		return Span{rapid.IntRange(-3, 40).Draw(rt, "from"), rapid.IntRange(-3, 40).Draw(rt, "to")}
	})
	x := &Encoded{
		Frame:  rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(rt, "frame"),
		Length: span.Draw(rt, "length"), TPDU: span.Draw(rt, "TPDU"), Header: span.Draw(rt, "header"),
		MACField: rapid.IntRange(0, 64).Draw(rt, "MAC"), Announced: rapid.Int().Draw(rt, "announced"),
		MaxLength: rapid.IntRange(0, 65535).Draw(rt, "max"),
	}
	field := span.Draw(rt, "field")
	if rapid.Bool().Draw(rt, "fields known") {
		x.Field = func(int) Span { return field }
	}
	if rapid.Bool().Draw(rt, "length can be put") {
		x.PutLength = func(dst []byte, n int) error {
			if n > 100 {
				return errors.New("no")
			}
			clear(dst)
			return nil
		}
	}
	if rapid.Bool().Draw(rt, "previous") {
		x.Previous = []byte("previous")
	}
	return x
}
