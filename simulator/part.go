package simulator

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios/transcript"
)

// part is what a batch has of one connection.
type part struct {
	c        *conn
	from, to int  // its exchanges, of batch.all
	behind   bool // replies have to stay behind one of batch.held
	ordinary bool // recorded as exchanges, and not as events

	begin, end  mark            // what it has added to the batch
	at, written time.Time       // before and after the replies were written
	rest        *wire.Unwritten // the connection did not take all of them at once
	err         error           // they did not all leave
}

// mark is how much there is in a batch.
type mark struct{ out, events, sent, exchanges, frames, replies int }

func (b *batch) mark() mark {
	return mark{len(b.out), len(b.events), len(b.sent), len(b.exchanges), len(b.frames), len(b.replies)}
}

// open begins the part of a connection.
func (b *batch) open(c *conn) {
	b.parts = append(b.parts, part{c: c, from: b.n, to: b.n,
		behind: c.touched.Load() && (c.w.Pending() > 0 || c.paired())})
	b.enter(len(b.parts) - 1)
}

// enter makes a part the one at work, and returns its exchanges.
func (b *batch) enter(i int) []*exchange {
	b.part = &b.parts[i]
	b.c = b.part.c
	return b.all[b.part.from:b.part.to]
}

// failure is why replies of the part did not leave, if the connection is to end
// for it.
func (p *part) failure() error {
	if muted(p.err) {
		return nil // a fault, not the peer: the connection goes on, or is given up by itself
	}
	return p.err
}

// recordRequests records the requests and what was decided, in the order of the
// parts; parts of the same kind at once.
func (b *batch) recordRequests() {
	for i := 0; i < len(b.parts); {
		first, next := &b.parts[i], i+1
		for next < len(b.parts) && b.parts[next].ordinary == first.ordinary {
			next++
		}
		end := b.parts[next-1].end
		frames := b.frames[first.begin.frames:end.frames]
		if first.ordinary {
			for _, s := range frames {
				b.exchanges[s.event].Raw = b.evidence[s.from:s.to:s.to]
			}
			b.s.o.Journal.AppendExchanges(b.exchanges[first.begin.exchanges:end.exchanges])
		} else {
			for _, s := range frames {
				b.events[s.event].Raw = b.evidence[s.from:s.to:s.to]
			}
			b.s.o.Journal.Append(b.events[first.begin.events:end.events]...)
		}
		i = next
	}
}

// write writes the replies that leave at once.
func (b *batch) write() {
	now := time.Now() // before the peer can see any of it: what it does then comes after
	for i := range b.parts {
		p := &b.parts[i]
		out := b.out[p.begin.out:p.end.out]
		if len(out) == 0 {
			continue
		}
		p.at = now
		if b.together {
			p.rest, p.err = p.c.w.WriteSoon(out, now)
		} else {
			p.err = p.c.w.WriteNow(out, now)
		}
		now = time.Now()
		p.written, p.c.answered = now, now
	}
}

// recordReplies records the replies that were written.
func (b *batch) recordReplies() {
	for i := 0; i < len(b.parts); {
		first, next := &b.parts[i], i+1
		switch {
		case first.rest != nil: // it is not over
		case first.gone():
			for next < len(b.parts) && b.parts[next].gone() {
				next++
			}
			b.recordGone(b.parts[i:next])
		default:
			b.recordSent(first)
		}
		i = next
	}
	b.s.o.Metrics.count(&b.tally)
}

// gone reports whether the part is ordinary to its end: all its replies have left.
func (p *part) gone() bool { return p.ordinary && p.err == nil && p.rest == nil }

// recordGone records that the replies of ordinary parts have left.
func (b *batch) recordGone(parts []part) {
	m := b.s.o.Metrics
	begin := len(b.left)
	for i := range parts {
		p := &parts[i]
		elapsed := p.written.Sub(b.all[p.from].arrived)
		for _, s := range b.replies[p.begin.replies:p.end.replies] {
			b.left = append(b.left, transcript.Reply{At: p.at, Elapsed: elapsed, Raw: b.evidence[s.from:s.to:s.to]})
			e := &b.exchanges[s.event]
			m.add(&b.tally, e.Type, e.Outcome, elapsed, nil)
		}
	}
	xs := b.exchanges[parts[0].begin.exchanges:parts[len(parts)-1].end.exchanges]
	b.s.o.Journal.AppendReplies(xs, b.left[begin:])
}

// recordSent records the replies of a part as events.
func (b *batch) recordSent(p *part) {
	sent := b.sent[p.begin.sent:p.end.sent]
	if p.ordinary { // but not all of them have left
		from := len(b.sent)
		for i := p.begin.exchanges; i < p.end.exchanges; i++ {
			b.sent = oneMore(b.sent)
			b.exchanges[i].Sent(&b.sent[len(b.sent)-1], &transcript.Reply{})
		}
		sent = b.sent[from:]
	}
	before := 0 // bytes of the write that are of earlier replies
	for i, s := range b.replies[p.begin.replies:p.end.replies] {
		e := &sent[i]
		e.At, e.Elapsed, e.Raw = p.at, p.written.Sub(b.all[p.from].arrived), b.evidence[s.from:s.to:s.to]
		failed := notSent(e, before, p.err)
		before += len(e.Raw)
		b.s.o.Metrics.add(&b.tally, e.Type, e.Outcome, e.Elapsed, failed)
	}
	b.s.o.Journal.Append(sent...)
}

// notSent makes e, of a reply that begins that many bytes into a write, say how
// much of it did not leave. It returns nil where all of it did: a write that
// fails later loses nothing of it.
func notSent(e *transcript.Event, before int, err error) error {
	if err == nil {
		return nil
	}
	var w *wire.WriteError
	if errors.As(err, &w) {
		left := min(max(w.Written-before, 0), len(e.Raw))
		if left == len(e.Raw) && left > 0 {
			return nil
		}
		e.Written = uint32(left)
	}
	e.Kind, e.Why = transcript.NotSent, err.Error()
	return err
}

// waiting returns a batch of its own for a part whose replies a peer does not
// take at once. It holds nothing of the others.
func (b *batch) waiting(p *part) *batch {
	from, to := &p.begin, &p.end
	own := &batch{s: b.s, n: p.to - p.from, out: bytes.Clone(b.out[from.out:to.out]),
		sent: slices.Clone(b.sent[from.sent:to.sent]), exchanges: slices.Clone(b.exchanges[from.exchanges:to.exchanges])}
	for i := range own.exchanges {
		own.exchanges[i].Raw = nil // it is in b, and recorded
	}
	for _, s := range b.replies[from.replies:to.replies] {
		at := len(own.evidence)
		own.evidence = append(own.evidence, b.evidence[s.from:s.to]...)
		first := from.sent
		if p.ordinary {
			first = from.exchanges
		}
		own.replies = append(own.replies, span{s.event - first, at, len(own.evidence)})
	}
	for _, x := range b.all[p.from:p.to] {
		own.all = append(own.all, &exchange{arrived: x.arrived})
	}
	q := *p
	q.from, q.to, q.begin, q.end = 0, own.n, mark{}, own.mark()
	own.parts = []part{q}
	return own
}

// finishWriting waits for the peer of such a batch.
func (b *batch) finishWriting() {
	p := &b.parts[0]
	rest := p.rest
	p.rest = nil
	p.err = rest.Write(b.out[p.begin.out:p.end.out])
	p.written = time.Now()
	p.c.answered = p.written
	b.recordReplies()
	p.c.giveBack(p.failure())
}
