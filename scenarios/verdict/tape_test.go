package verdict_test

import (
	"time"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// tape writes the transcript of a run, event by event, as the server and the
// suite record it. The profiles of tests wait 60 s.
type tape struct {
	events []transcript.Event
	now    time.Time
	conn   uint64
	sent   uint64 // messages on the connection
}

const till = "10000001"

func newTape() *tape {
	t := &tape{now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	t.add(transcript.Event{Kind: transcript.Listening, Actor: transcript.Acqsim, Listener: "pos"})
	t.connect()
	return t
}

func (t *tape) add(e transcript.Event) *transcript.Event {
	t.now = t.now.Add(time.Millisecond)
	e.Seq, e.At = uint64(len(t.events)+1), t.now
	t.events = append(t.events, e)
	return &t.events[len(t.events)-1]
}

func (t *tape) wait(d time.Duration) { t.now = t.now.Add(d) }

func (t *tape) connect() {
	t.conn++
	t.sent = 0
	t.add(transcript.Event{Kind: transcript.Connected, Actor: transcript.Terminal, Listener: "pos", Conn: t.conn, Source: "127.0.0.1:40000"})
}

func (t *tape) closed(by transcript.Actor, why string) {
	t.add(transcript.Event{Kind: transcript.Closed, Actor: by, Listener: "pos", Conn: t.conn, End: transcript.EndFIN, Why: why})
}

func (t *tape) act(n uint32, name string, of world.TransactionType, amount int64) {
	t.add(transcript.Event{Kind: transcript.Acted, Actor: transcript.Acqsim, Terminal: till, Action: n, Text: name, Type: of, Amount: amount, Currency: 156})
}

func (t *tape) show(n uint32, o display.Outcome) {
	t.add(transcript.Event{Kind: transcript.Reported, Actor: transcript.Terminal, Terminal: till, Action: n, Shown: o, Text: o.Display().EN})
}

// request is what a terminal sends; change edits it.
func (t *tape) request(of world.TransactionType, stan uint32, amount int64, change ...func(*transcript.Event)) transcript.Event {
	t.sent++
	e := transcript.Event{Kind: transcript.Received, Actor: transcript.Terminal, Listener: "pos", Dialect: "unionpay-pos", Conn: t.conn, Message: t.sent,
		Terminal: till, Merchant: "999000000000001", Type: of, MTI: mtis[of], STAN: stan, HasSTAN: true, Amount: amount, Currency: 156, Batch: 1, Card: 1}
	for _, f := range change {
		f(&e)
	}
	return *t.add(e)
}

var mtis = map[world.TransactionType]uint16{world.Sale: 200, world.Reversal: 400, world.SignOn: 800, world.Settlement: 500, world.BatchUpload: 320}

func (t *tape) reversal(of transcript.Event, reason string, change ...func(*transcript.Event)) transcript.Event {
	return t.request(world.Reversal, of.STAN, of.Amount, append([]func(*transcript.Event){func(e *transcript.Event) {
		e.Refers = &transcript.Refers{STAN: of.STAN, HasSTAN: true, Batch: 1, Reason: reason}
	}}, change...)...)
}

func (t *tape) decide(r transcript.Event, o world.Outcome) {
	e := r
	e.Kind, e.Actor, e.Outcome, e.Why, e.Refers, e.Secrets = transcript.Decided, transcript.Host, o, "as the world says", nil, nil
	if o == world.Approved && r.Amount != 0 {
		e.Postings = []transcript.Posting{{From: "good", To: "shop", Amount: r.Amount, Currency: 156}}
		if r.Type == world.Reversal {
			e.Postings[0].From, e.Postings[0].To = "shop", "good"
		}
	}
	t.add(e)
}

// reply is the reply with the code; readings are those of one that was struck.
func (t *tape) reply(r transcript.Event, code string, readings ...transcript.Reading) {
	e := r
	e.Kind, e.Actor, e.Code, e.MAC, e.Readings, e.Refers, e.Secrets = transcript.Sent, transcript.Host, code, transcript.MACOK, readings, nil, nil
	t.add(e)
}

func (t *tape) lose(r transcript.Event) {
	e := r
	e.Kind, e.Actor, e.Why, e.Refers, e.Secrets = transcript.NotSent, transcript.Line, "reply.drop", nil, nil
	t.add(e)
}

// approve is a request of which nothing is out of order.
func (t *tape) approve(r transcript.Event) { t.decide(r, world.Approved); t.reply(r, "00") }

// sale is an action that ends as it should.
func (t *tape) sale(n, stan uint32) {
	t.act(n, "sale", world.Sale, 1000)
	t.approve(t.request(world.Sale, stan, 1000))
	t.show(n, display.Approved)
}

// lost is a sale whose reply is lost.
func (t *tape) lost(n, stan uint32) transcript.Event { return t.bad(n, stan, display.NoAnswer) }

// bad is a sale with such readings of its reply, shown so; with none its reply
// is lost.
func (t *tape) bad(n, stan uint32, shown display.Outcome, readings ...transcript.Reading) transcript.Event {
	t.act(n, "sale", world.Sale, 1000)
	r := t.request(world.Sale, stan, 1000)
	t.decide(r, world.Approved)
	if len(readings) == 0 {
		t.lose(r)
	} else {
		t.reply(r, "00", readings...)
	}
	t.wait(60 * time.Second)
	t.show(n, shown)
	return r
}
