package journal

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// exchanged is the n-th exchange, and its reply, with frames of the given size.
func exchanged(n, size int) (transcript.Exchange, transcript.Reply) {
	at := time.Unix(int64(n), 0)
	x := transcript.Exchange{
		Link: &transcript.Link{Listener: "l", Dialect: "d", Conn: 7}, Arrived: at, Message: uint64(n), //nolint:gosec // never negative
		Terminal: "T0000001", Merchant: "M", Why: "enough funds", Code: "00", RRN: fmt.Sprintf("%012d", n), Approval: "000001",
		From: "card", To: "shop", Moved: int64(n), MovedIn: world.CNY, Currency: world.CNY, Amount: int64(n),
		Processing: 3, STAN: uint32(n), Batch: 4, Card: 5, MTI: 200, Type: world.Sale, Outcome: world.Approved, HasSTAN: true, //nolint:gosec // small
		MAC: transcript.MACIsWrong, ReplyMAC: transcript.MACOK, Asks: 3,
		Raw: bytes.Repeat([]byte{byte(n)}, size), Secrets: []transcript.Secret{{Field: 2, Kind: "pan"}}, //nolint:gosec // wraps
	}
	return x, transcript.Reply{At: at.Add(time.Second), Elapsed: time.Second, Raw: bytes.Repeat([]byte{byte(n), 1}, size)} //nolint:gosec // wraps
}

// eventsOf is what the journal is to say of an exchange: the events that a
// server records of one that is not ordinary.
func eventsOf(n, size int) (received, decided, sent transcript.Event) {
	x, r := exchanged(n, size)
	common := transcript.Event{
		At: x.Arrived, Listener: "l", Dialect: "d", Conn: 7, Message: x.Message, Terminal: "T0000001", Merchant: "M",
		Type: world.Sale, MTI: 200, Processing: 3, STAN: x.STAN, HasSTAN: true, Amount: x.Amount, Currency: world.CNY, Batch: 4, Card: 5,
	}
	received = common
	received.Kind, received.Actor, received.MAC = transcript.Received, transcript.Terminal, transcript.MACIsWrong
	received.Raw, received.Secrets = x.Raw, x.Secrets
	common.Actor, common.Outcome, common.Code, common.Why = transcript.Host, world.Approved, "00", "enough funds"
	common.RRN, common.Approval = x.RRN, "000001"
	decided, sent = common, common
	decided.Kind = transcript.Decided
	decided.Postings = []transcript.Posting{{From: "card", To: "shop", Amount: x.Moved, Currency: world.CNY}}
	sent.Kind, sent.At, sent.Elapsed, sent.Raw, sent.MAC, sent.Asks = transcript.Sent, r.At, time.Second, r.Raw, transcript.MACOK, 3
	return received, decided, sent
}

// Exchanges come out as the events that they are, whatever else is appended
// between them, in whatever segment the reply ends up, and in any memory.
func TestExchangesAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := New(Options{Keep: rapid.IntRange(1, 200).Draw(t, "keep"), Bytes: rapid.IntRange(1, 300_000).Draw(t, "bytes")})
		var model []transcript.Event
		note := func(e transcript.Event) {
			e.Seq = uint64(len(model) + 1)
			model = append(model, e)
		}
		type batch struct {
			xs      []transcript.Exchange
			replies []transcript.Reply
			sent    []transcript.Event
		}
		var waiting []batch
		t.Repeat(map[string]func(*rapid.T){
			"exchanges": func(t *rapid.T) {
				var b batch
				for range rapid.IntRange(1, 40).Draw(t, "exchanges") {
					n, size := len(model)+len(b.xs), rapid.IntRange(0, 2000).Draw(t, "size")
					x, r := exchanged(n, size)
					b.xs, b.replies = append(b.xs, x), append(b.replies, r)
					received, decided, sent := eventsOf(n, size)
					note(received)
					note(decided)
					b.sent = append(b.sent, sent)
				}
				j.AppendExchanges(b.xs)
				for _, x := range b.xs {
					clear(x.Raw) // the caller uses it again
				}
				waiting = append(waiting, b)
			},
			"replies": func(t *rapid.T) {
				if len(waiting) == 0 {
					return
				}
				i := rapid.IntRange(0, len(waiting)-1).Draw(t, "batch")
				b := waiting[i]
				waiting = append(waiting[:i], waiting[i+1:]...)
				j.AppendReplies(b.xs, b.replies)
				for _, e := range b.sent {
					e.Raw = bytes.Clone(e.Raw)
					note(e)
				}
				for _, r := range b.replies {
					clear(r.Raw)
				}
			},
			"event": func(t *rapid.T) {
				e := numbered(len(model) + 1)
				e.At = time.Unix(1, 0)
				j.Append(e)
				note(e)
			},
			"since": func(t *rapid.T) {
				kept := j.Stats().Kept
				seq := rapid.IntRange(0, len(model)).Draw(t, "seq")
				events, missed := j.Since(uint64(seq), 0) //nolint:gosec // never negative
				from := max(seq, len(model)-kept)
				require.EqualValues(t, from-seq, missed)
				require.Len(t, events, len(model)-from)
				for i := range events {
					require.Equal(t, tidy(model[from+i]), tidy(events[i]))
				}
			},
		})
	})
}

// tidy makes no difference between no bytes and none.
func tidy(e transcript.Event) transcript.Event {
	if len(e.Raw) == 0 {
		e.Raw = nil
	}
	return e
}

// A file has the same lines for exchanges as for their events.
func TestExchangesInAFile(t *testing.T) {
	lines := func(record func(j *Journal)) string {
		d := &disk{room: plenty}
		j := New(Options{Now: func() time.Time { return time.Unix(9, 0) }})
		require.NoError(t, j.Persist(d, "disk"))
		record(j)
		closeJournal(t, j)
		return d.content()
	}
	whole := lines(func(j *Journal) {
		for n := 1; n <= 500; n++ {
			received, decided, sent := eventsOf(n, 50)
			j.Append(received, decided, sent)
		}
	})
	got := lines(func(j *Journal) {
		for n := 1; n <= 500; n++ {
			x, r := exchanged(n, 50)
			xs := []transcript.Exchange{x}
			j.AppendExchanges(xs)
			j.AppendReplies(xs, []transcript.Reply{r})
		}
	})
	assert.Equal(t, 1501, strings.Count(whole, "\n"))
	assert.Equal(t, whole, got)
}

// Readers see whole exchanges while memory is used again.
func TestExchangesConcurrently(t *testing.T) {
	const appenders, each = 4, 3000
	j := New(Options{Keep: 512})
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				events, _ := j.Since(0, 0)
				for i, e := range events {
					assert.Equal(t, events[0].Seq+uint64(i), e.Seq)
					received, decided, sent := eventsOf(int(e.Message), 20) //nolint:gosec // small
					want := map[transcript.Kind]transcript.Event{
						transcript.Received: received, transcript.Decided: decided, transcript.Sent: sent,
					}[e.Kind]
					want.Seq = e.Seq
					assert.Equal(t, want, e)
				}
			}
		})
	}
	for a := range appenders {
		writers.Go(func() {
			for n := 0; n < each; n += 3 {
				var xs []transcript.Exchange
				var replies []transcript.Reply
				for i := range 3 {
					x, r := exchanged(a*each+n+i, 20)
					xs, replies = append(xs, x), append(replies, r)
				}
				j.AppendExchanges(xs)
				j.AppendReplies(xs, replies)
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	assert.EqualValues(t, 3*appenders*each, j.Stats().Appended)
}

// Memory that is used again holds on to nothing that was in it before.
func TestSealedSegmentsHoldNothingOld(t *testing.T) {
	j := New(Options{Keep: 4096})
	append1 := func(n int) {
		x, r := exchanged(n, 10)
		xs := []transcript.Exchange{x}
		j.AppendExchanges(xs)
		j.AppendReplies(xs, []transcript.Reply{r})
	}
	for n := range 4096 { // exchanges only, then events only: the tables differ
		append1(n)
	}
	for n := range 3 * 4096 {
		j.Append(numbered(n))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	require.Greater(t, len(j.segments), 2)
	for _, s := range j.segments[:len(j.segments)-1] {
		rows := s.exchanges.rows
		for _, x := range rows[len(rows):cap(rows)] {
			require.Equal(t, transcript.Exchange{}, x)
		}
	}
}

func TestAClosedJournalTakesNoExchange(t *testing.T) {
	j := New(Options{})
	closeJournal(t, j)
	x, r := exchanged(1, 10)
	x.Seq = 99
	xs := []transcript.Exchange{x}
	j.AppendExchanges(xs)
	j.AppendReplies(xs, []transcript.Reply{r})
	assert.Zero(t, xs[0].Seq)
	assert.Zero(t, j.Stats().Appended)
}

// BenchmarkAppendExchanges is sixteen exchanges that were read together. Compare
// with 16 times BenchmarkAppendThree.
func BenchmarkAppendExchanges(b *testing.B) {
	j := New(Options{})
	var xs []transcript.Exchange
	var replies []transcript.Reply
	for n := range 16 {
		x, r := exchanged(n, 130)
		r.Raw = r.Raw[:150]
		xs, replies = append(xs, x), append(replies, r)
	}
	b.ReportAllocs()
	for b.Loop() {
		j.AppendExchanges(xs)
		j.AppendReplies(xs, replies)
	}
}
