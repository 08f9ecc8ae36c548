package simulator

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// outbound is a reply that does not just leave with the others: a rule has
// struck it, its issuer takes its time, or it has to stay behind one of those.
type outbound struct {
	c       *conn
	from    string           // the terminal whose request it answers
	event   transcript.Event // as it is recorded when it has left
	arrived time.Time        // when the request was read
	due     time.Time
	steps   []faults.Step
	masked  []byte // what the steps write, as evidence
	partner *faults.Partner

	// tell takes what became of it; nil: sent.
	tell func(*conn, wire.Result)
}

// struckReply turns an honest reply that something has struck into what goes
// out, if anything does.
func (b *batch) struckReply(x *exchange, honest []byte, d *faults.Delivery) {
	c := b.c
	now := x.arrived
	if !x.dec.ReadyAt.IsZero() {
		now = x.arrived.Add(x.dec.ReadyAt.Sub(x.business))
	}
	e := new(transcript.Event)
	b.fillSent(e, x)
	if fired := x.question.plan.Fired; len(fired) > 0 {
		e.Strike = strike(&fired[len(fired)-1])
		e.Why = x.question.why()
		e.Actor = transcript.Line
	}
	frame, masked, notes := c.edited(x, honest, d)
	out := d.Outbound(frame)
	evidence := d.Outbound(masked)
	notes = append(notes, out.Notes...)
	for _, note := range notes {
		b.addExchange(x, transcript.Note, transcript.Acqsim).Text = note
	}
	if d.Lost || len(out.Steps) == 0 {
		b.lostReply(x, e, masked.Frame)
		return
	}
	e.Text = describe(out.Steps)
	e.Readings = c.readings(x, honest, written(out.Steps), soundFrames(honest, frame)...)
	o := &outbound{c: c, from: x.question.exchange.Terminal, event: *e, arrived: x.arrived, due: now, steps: out.Steps, masked: written(evidence.Steps), partner: d.Partner}
	if p := x.question.plan.Request.ReplyTo; p != nil {
		o.partner = p
	}
	b.held = append(b.held, o)
	b.part.behind = true
}

// lostReply records a reply of which nothing leaves.
func (b *batch) lostReply(x *exchange, e *transcript.Event, masked []byte) {
	to := b.addExchange(x, transcript.NotSent, transcript.Line)
	seen := *e
	seen.Kind, seen.Actor = transcript.NotSent, transcript.Line
	from := len(b.evidence)
	b.evidence = append(b.evidence, masked...)
	*to = seen
	b.frames = append(b.frames, span{len(b.events) - 1, from, len(b.evidence)})
	b.c.s.o.Metrics.discarded.Inc()
}

// written is all that the steps write.
func written(steps []faults.Step) []byte {
	var all []byte
	for _, s := range steps {
		all = append(all, s.Bytes...)
	}
	return all
}

// describe says what steps do, for the journal.
func describe(steps []faults.Step) string {
	all := make([]string, len(steps))
	for i, s := range steps {
		all[i] = s.String()
	}
	const most = 8
	if n := len(all); n > most {
		all = append(all[:most-1:most-1], fmt.Sprintf("… %d steps in all, the last: %s", n, all[n-1]))
	}
	return strings.Join(all, ", ")
}

// edited applies the edits of fields to an honest reply, and returns what the
// bytes of the frame are edited from: in clear, and masked.
func (c *conn) edited(x *exchange, honest []byte, d *faults.Delivery) (clear, masked *faults.Encoded, notes []string) {
	raw := honest
	if edited, none, err := c.editFields(x, honest, d.Fields, d.Bitmap, d.MAC, nil); err != nil {
		notes = append(notes, "the reply goes out unedited: "+safeText(err))
	} else {
		raw, notes = edited, none
	}
	clear = c.encoded(x, raw)
	clear.Previous = x.question.sighting.recall()
	for _, extra := range d.Extras {
		more, none, err := c.editFields(x, honest, extra.Fields, nil, faults.MACValid, extra.Keep)
		if err != nil {
			notes = append(notes, "a further message is not sent: "+safeText(err))
			more = nil
		}
		for _, note := range none {
			notes = append(notes, "a further message: "+note)
		}
		clear.Extras = append(clear.Extras, more)
	}
	m := *clear
	m.Frame, m.Previous = c.masked(clear.Frame), c.masked(clear.Previous)
	m.Extras = nil
	for _, extra := range clear.Extras {
		m.Extras = append(m.Extras, c.masked(extra))
	}
	return clear, &m, notes
}

// editFields edits the fields of a whole frame. The notes tell edits that
// changed nothing.
func (c *conn) editFields(x *exchange, raw []byte, edits []faults.FieldEdit, bitmap []int, mac faults.MACEdit, keep []int) (edited []byte, notes []string, err error) {
	d := c.l.Dialect
	if len(edits) == 0 && len(bitmap) == 0 && mac != faults.MACMissing && keep == nil {
		return raw, nil, nil
	}
	size := d.Format().Overhead()
	body := raw[size:]
	var ix dialect.Index
	if _, err := d.Index(body, &ix); err != nil {
		return nil, nil, err
	}
	edit := dialect.Edit{Set: map[int]string{}, Flip: bitmap, Keep: keep, MAC: x.dec.Response.MAC}
	for _, e := range edits {
		value, present := edit.Set[e.Field]
		if !present && !slices.Contains(edit.Remove, e.Field) {
			var text []byte
			text, present = d.FieldText(body, &ix, e.Field, nil)
			value = string(text)
		}
		was, had := value, present
		if value, present = e.Apply(value, present); c.changesNothing(body, e, was, had, value, present) {
			notes = append(notes, e.Unchanged(had))
		}
		delete(edit.Set, e.Field)
		edit.Remove = slices.DeleteFunc(edit.Remove, func(n int) bool { return n == e.Field })
		if present {
			edit.Set[e.Field] = value
		} else {
			edit.Remove = append(edit.Remove, e.Field)
		}
	}
	if n := d.MACField(); mac == faults.MACMissing && n > 0 {
		edit.Remove = append(edit.Remove, n)
		if !ix.Has(n) {
			notes = append(notes, "the reply has no MAC that could be missing")
		}
	}
	changed, err := d.Edit(body, edit)
	if err != nil {
		return nil, nil, err
	}
	f := c.cutFrame(raw)
	out, mark := d.Format().Begin(nil, f.TPDU, f.Header)
	out = append(out, changed...)
	if err := d.Format().Finish(out, mark); err != nil {
		return nil, nil, err
	}
	return out, notes, nil
}

// changesNothing reports whether the edit of a field leaves a message as it is.
func (c *conn) changesNothing(body []byte, e faults.FieldEdit, was string, had bool, value string, has bool) bool {
	if had != has || e.Op != faults.SetField {
		return had == has && was == value
	}
	// A value may be set without the zeros or spaces that fill its field.
	same, err := c.l.Dialect.Edit(body, dialect.Edit{Set: map[int]string{e.Field: value}})
	return err == nil && bytes.Equal(same, body)
}

// cutFrame divides a frame of our own into its parts.
func (c *conn) cutFrame(raw []byte) frame.Frame {
	f, _, err := c.l.Dialect.Format().Cut(raw, frame.HighestMax)
	if err != nil {
		return frame.Frame{Raw: raw, Body: raw}
	}
	return f
}

// masked returns a copy of a frame of our own, masked: as a message if it is
// one, and otherwise wherever a card number shows.
func (c *conn) masked(raw []byte) []byte {
	if raw == nil {
		return nil
	}
	safe := bytes.Clone(raw)
	d := c.l.Dialect
	size := d.Format().Overhead()
	var ix dialect.Index
	if len(safe) > size {
		if _, err := d.Index(safe[size:], &ix); err == nil {
			d.Mask(safe, &ix, size)
			return safe
		}
	}
	transcript.MaskRuns(safe)
	return safe
}

// encoded says what is where in a frame of our own.
func (c *conn) encoded(x *exchange, raw []byte) *faults.Encoded {
	d := c.l.Dialect
	f := d.Format()
	size, body := f.Length.Size(), f.Overhead()
	e := &faults.Encoded{Frame: raw, Length: faults.Span{To: size}, Body: faults.Span{From: body, To: len(raw)},
		MACField: d.MACField(), MaxLength: int(min(f.Length.Max(), 1<<31-1)), PutLength: f.PutLength, RequestTPDU: x.frame.TPDU}
	at := size
	if f.TPDU {
		e.TPDU = faults.Span{From: at, To: at + frame.TPDUSize}
		at += frame.TPDUSize
	}
	e.Header = faults.Span{From: at, To: body}
	e.Announced, _ = f.Announced(raw)
	var ix dialect.Index
	_, err := d.Index(raw[body:], &ix)
	e.Field = func(n int) faults.Span {
		if err != nil || n < 2 || n > dialect.MaxField || !ix.Has(n) {
			return faults.Span{}
		}
		from := body + ix.Offset(n)
		return faults.Span{From: from, To: from + len(ix.Raw(raw[body:], n))}
	}
	return e
}

// send puts a reply that was struck into the writer's queue.
func (o *outbound) send(on *conn) {
	on.touched.Store(true)
	tell := o.tell
	if tell == nil {
		tell = o.sent
	}
	scenario := o.scenario()
	if scenario == "" {
		on.w.Deliver(o.due, o.steps, func(r wire.Result) { tell(on, r) })
		return
	}
	on.deliveries.under(scenario, true, func(over func()) undertaking {
		return on.w.Deliver(o.due, o.steps, func(r wire.Result) {
			tell(on, r)
			over()
		})
	})
}

// sent records what became of the reply.
func (o *outbound) sent(on *conn, r wire.Result) {
	e := o.event
	e.Raw = o.masked
	if on != o.c {
		e.Conn = on.n
		e.Why += fmt.Sprintf("; it went to connection %d instead of %d", on.n, o.c.n)
	}
	e.At = time.Now()
	if !r.Last.IsZero() {
		e.At = r.Last
	}
	e.Elapsed = e.At.Sub(o.arrived)
	if r.First.Before(r.Last) {
		e.First = r.First.Sub(o.arrived)
	}
	switch {
	case r.Err != nil && r.Written >= len(o.masked) && r.Written > 0:
		// All of it left; what failed came behind it.
	case r.Err != nil:
		e.Kind, e.Written = transcript.NotSent, uint32(r.Written) //nolint:gosec // a few frames
		if e.Strike == nil {
			e.Why = r.Err.Error()
		} else {
			e.Why += "; " + r.Err.Error()
		}
	case r.Written == 0:
		e.Kind = transcript.NotSent
	}
	on.s.o.Metrics.exchange(e.Type, e.Outcome, e.Elapsed, r.Err)
	on.s.record(e)
}

// muted reports whether an error says that a fault has ended the connection's
// write side and nothing else is wrong.
func muted(err error) bool {
	var ended *wire.EndedError
	return errors.As(err, &ended)
}
