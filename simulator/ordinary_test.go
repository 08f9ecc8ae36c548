package simulator

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// An ordinary batch is recorded as exchanges. Its events must be those that it
// would have been recorded as otherwise, to the last field.
func TestOrdinaryBatchesHaveTheSameEvents(t *testing.T) {
	for _, name := range dialect.Names() {
		t.Run(name, func(t *testing.T) {
			want, wantOut := eventsOfBatch(t, name, nil, (*batch).finishEach)
			got, gotOut := eventsOfBatch(t, name, nil, func(b *batch) {
				b.finishAll()
				require.True(t, b.parts[0].ordinary)
			})
			assert.Equal(t, wantOut, gotOut, "the replies")
			require.Len(t, got, 3*4, "of four exchanges")
			assert.Equal(t, want, got)
		})
	}
}

// A reply that leaves in part, or not at all, is recorded so either way.
func TestOrdinaryBatchesThatAreNotSent(t *testing.T) {
	broken := &halfOpen{room: 100}
	want, _ := eventsOfBatch(t, "iso87-ascii", broken, (*batch).finishEach)
	broken = &halfOpen{room: 100}
	got, _ := eventsOfBatch(t, "iso87-ascii", broken, (*batch).finishAll)
	assert.Equal(t, transcript.NotSent, got[8].Kind)
	assert.EqualValues(t, 100, got[8].Written)
	assert.Equal(t, want, got)
}

// halfOpen is a connection that takes so many bytes and fails.
type halfOpen struct {
	blackHole
	room int
	got  bytes.Buffer
}

func (h *halfOpen) Write(b []byte) (int, error) {
	n := min(h.room, len(b))
	h.got.Write(b[:n])
	if h.room -= n; n < len(b) {
		return n, errors.New("the line is down")
	}
	return n, nil
}

// finishEach records every exchange as events.
func (b *batch) finishEach() {
	all := b.enter(0)
	b.part.begin = b.mark()
	for _, x := range all {
		b.finish(x)
	}
	b.part.end = b.mark()
}

// eventsOfBatch has a fresh server answer four requests of one connection: a
// sale, its repeat, one that is declined, and a line test. It returns the
// events, without their times, and what left.
func eventsOfBatch(t *testing.T, name string, nc *halfOpen, finish func(*batch)) ([]transcript.Event, []byte) {
	d, err := dialect.Load(name)
	require.NoError(t, err)
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	s, err := Start(t.Context(), Options{
		Listeners: []Listener{{Address: "127.0.0.1:0", Dialect: d}},
		Now:       func() time.Time { return now },
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	if nc == nil {
		nc = &halfOpen{room: 1 << 20}
	}
	c := s.newConn(s.listeners[0], nc)
	before := s.Journal().Stats().Appended

	first, _ := request(t, d, "T0000001", "000000000100", 1)
	again, _ := request(t, d, "T0000001", "000000000100", 1)
	much, _ := request(t, d, "T0000002", "900000000000", 1)
	last, _ := request(t, d, "T0000003", "000000000100", 2)
	b := new(batch)
	b.begin(s)
	b.open(c)
	for _, f := range []frame.Frame{first, again, much, last} {
		b.take(f, time.Now())
	}
	b.decide(false)
	finish(b)
	b.flush()

	events, missed := s.Journal().Since(before, 0)
	require.Zero(t, missed)
	for i := range events {
		e := &events[i]
		require.False(t, e.At.IsZero())
		require.Equal(t, e.Kind == transcript.Sent || e.Kind == transcript.NotSent, e.Elapsed > 0)
		e.At, e.Elapsed = time.Time{}, 0
	}
	return events, nc.got.Bytes()
}

var _ net.Conn = (*halfOpen)(nil)

// request is a sale's frame, with the place of its STAN.
func request(t testing.TB, d *dialect.Dialect, terminal, amount string, card int) (frame.Frame, []byte) {
	m := iso8583.NewMessage(d.Spec())
	mti := "0200"
	fields := map[int]string{2: fmt.Sprintf("62123456%08d", card), 3: "000000", 4: amount, 11: "000001", 25: "00",
		41: terminal, 42: "104110045110012", 49: "156"}
	if d.Name() == "unionpay-pos" {
		fields[60] = "22000001000"
	}
	if d.Name() == "iso93-ascii" {
		mti, fields[12], fields[24], fields[25] = "1200", "260102120000", "200", "1000"
	}
	m.MTI(mti)
	for n, v := range fields {
		require.NoError(t, m.Field(n, v))
	}
	body, err := m.Pack()
	require.NoError(t, err)
	f := d.Format()
	raw, mark := f.Begin(nil, []byte{0x60, 0, 3, 0, 1}[:map[bool]int{true: 5}[f.TPDU]], make([]byte, f.Header))
	if f.Header > 0 {
		copy(raw[len(raw)-f.Header:], []byte{0x60, 0x31, 0, 0x31, 0x13, 0x20})
	}
	raw = append(raw, body...)
	require.NoError(t, f.Finish(raw, mark))
	fr, _, err := f.Cut(raw, frame.HighestMax)
	require.NoError(t, err)
	var ix dialect.Index
	_, err = d.Index(fr.Body, &ix)
	require.NoError(t, err)
	return fr, ix.Value(fr.Body, 11)
}
