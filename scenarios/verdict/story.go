package verdict

import (
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// story is what one terminal did, as the transcript tells it.
type story struct {
	terminal  string
	p         *profile.Profile
	scenario  *scenarios.Scenario // nil: none
	events    []transcript.Event
	exchanges []*exchange
	actions   []*action
	alone     bool // no other terminal is judged: connections that say nothing are its own
	end       time.Time
}

// exchange is a request of the terminal and what came of it.
type exchange struct {
	req     *transcript.Event
	decided *transcript.Event // nil: the host never saw it
	replies []arrival
	action  *action // of which it is a part; nil: not known
	next    *exchange
	gave    giveUp
	closed  *transcript.Event // its connection, by whomever
	of      *exchange         // what a reversal, void or completion is about; nil: never arrived
	lostBy  *transcript.Event // Discarded: no decision or no reply

	different bool // terminal and host see the batch differently
}

// arrival is one message that left for the terminal in answer to a request.
type arrival struct {
	event *transcript.Event
	transcript.Reading
	copied bool // others came behind it in the same delivery
}

// action is one thing that was done at the terminal.
type action struct {
	number   uint32
	name     string
	act      *transcript.Event // when it began; nil: not recorded
	report   *transcript.Event // nil: no driver told
	scenario *scenarios.Transaction
	main     *exchange // its own request; nil: none was seen
	next     uint64    // the event that began the next one; 0: none did
}

// shown is what the terminal showed at the end; NoOutcome: nobody told.
func (a *action) shown() display.Outcome {
	if a == nil || a.report == nil {
		return display.NoOutcome
	}
	return a.report.Shown
}

func (a *action) reported() uint64 {
	if a == nil || a.report == nil {
		return 0
	}
	return a.report.Seq
}

// tell reads the story of a terminal.
func tell(in *Input, terminal string, alone bool) *story {
	s := &story{terminal: terminal, p: in.Profile, scenario: in.Scenario, events: in.Events, alone: alone}
	if n := len(in.Events); n > 0 {
		s.end = in.Events[n-1].At
	}
	s.tellActions()
	s.tellExchanges()
	s.linkOriginals()
	s.linkActions()
	for i, x := range s.exchanges {
		if i+1 < len(s.exchanges) {
			x.next = s.exchanges[i+1]
		}
		s.tellGiveUp(x)
	}
	return s
}

func (s *story) tellActions() {
	for i := range s.events {
		e := &s.events[i]
		if e.Terminal != s.terminal && e.Terminal != "" {
			continue
		}
		switch e.Kind {
		case transcript.Acted:
			for _, a := range s.actions {
				if a.next == 0 {
					a.next = e.Seq
				}
			}
			s.actions = append(s.actions, &action{number: e.Action, name: e.Text, act: e})
		case transcript.Reported:
			i := slices.IndexFunc(s.actions, func(a *action) bool { return a.number == e.Action && a.report == nil })
			if i >= 0 {
				s.actions[i].report = e
				continue
			}
			s.actions = append(s.actions, &action{number: e.Action, report: e})
		}
	}
	if s.scenario == nil {
		return
	}
	for i := range s.scenario.Actions {
		a := &s.scenario.Actions[i]
		number := uint32(i + 1) //nolint:gosec // the length of a list in a file
		j := slices.IndexFunc(s.actions, func(x *action) bool { return x.number == number })
		if j < 0 && a.Transaction != nil {
			s.actions = append(s.actions, &action{number: number})
			j = len(s.actions) - 1
		}
		if j >= 0 {
			s.actions[j].scenario, s.actions[j].name = a.Transaction, a.Name
		}
	}
	slices.SortStableFunc(s.actions, func(a, b *action) int { return int(a.number) - int(b.number) })
}

// message is what joins the events of an exchange.
type message struct{ conn, number uint64 }

func (s *story) tellExchanges() {
	byMessage := map[message]*exchange{}
	mistaken := s.mistaken()
	for i := range s.events {
		e := &s.events[i]
		if e.Kind == transcript.Received && (e.Terminal == s.terminal || mistaken[message{e.Conn, e.Message}]) {
			own := *e
			own.Terminal = s.terminal // and not whom it was taken for
			x := &exchange{req: &own}
			s.exchanges = append(s.exchanges, x)
			byMessage[message{e.Conn, e.Message}] = x
			continue
		}
		if e.Message == 0 {
			continue
		}
		x := byMessage[message{e.Conn, e.Message}]
		if e.Kind == transcript.Difference || e.Kind == transcript.Struck {
			if x != nil && (e.Kind == transcript.Difference || e.Outcome == world.OutOfBalance) {
				x.different = true
			}
			continue
		}
		if x == nil || x.req.STAN != e.STAN || x.req.MTI != e.MTI {
			x = s.crossed(e)
		}
		if x == nil {
			continue
		}
		switch e.Kind {
		case transcript.Decided:
			x.decided = e
		case transcript.Discarded:
			x.lostBy = e
		case transcript.Sent, transcript.NotSent:
			x.reply(e)
		}
	}
	for i := range s.events {
		e := &s.events[i]
		if e.Kind != transcript.Closed {
			continue
		}
		for _, x := range s.exchanges {
			if x.req.Conn == e.Conn && x.closed == nil && e.Seq > x.req.Seq {
				x.closed = e
			}
		}
	}
}

// mistaken are the terminal's requests that were taken for another one's: the
// rule that did so names the terminal that they came from.
func (s *story) mistaken() map[message]bool {
	is := map[message]bool{}
	for i := range s.events {
		if e := &s.events[i]; e.Kind == transcript.Struck && e.Message != 0 && e.Terminal == s.terminal {
			is[message{e.Conn, e.Message}] = true
		}
	}
	return is
}

// crossed finds the request of a reply that left on another connection. It is
// no arrival at this terminal.
func (s *story) crossed(e *transcript.Event) *exchange {
	if e.Terminal != s.terminal || e.Kind != transcript.Sent && e.Kind != transcript.NotSent {
		return nil
	}
	for _, x := range slices.Backward(s.exchanges) {
		if x.req.STAN == e.STAN && x.req.MTI == e.MTI && x.req.Message == e.Message {
			x.lostBy = e
			return nil
		}
	}
	return nil
}

func (x *exchange) reply(e *transcript.Event) {
	switch {
	case e.Kind == transcript.NotSent && e.Written == 0:
		x.lostBy = e
	case e.Kind == transcript.NotSent:
		x.replies = append(x.replies, arrival{event: e, Reading: transcript.Reading{Unreadable: true}})
	case e.Readings == nil:
		x.replies = append(x.replies, arrival{event: e, Reading: transcript.Reading{Code: e.Code, MAC: e.MAC, Asks: e.Asks}})
	default:
		for i, r := range e.Readings {
			x.replies = append(x.replies, arrival{e, r, i == 0 && len(e.Readings) > 1})
		}
	}
}

// linkOriginals finds what reversals and others are about: the latest request
// before them that they name.
func (s *story) linkOriginals() {
	for i, r := range s.exchanges {
		ref := r.req.Refers
		if ref == nil || !ref.HasSTAN && ref.RRN == "" {
			continue
		}
		for _, x := range slices.Backward(s.exchanges[:i]) {
			if x.isReversal() || !x.financial() {
				continue
			}
			bySTAN := ref.HasSTAN && x.req.HasSTAN && x.req.STAN == ref.STAN && (ref.Batch == 0 || x.req.Batch == 0 || ref.Batch == x.req.Batch)
			byRRN := ref.RRN != "" && x.decided != nil && x.decided.RRN == ref.RRN
			if bySTAN && (!ref.Own || r.isReversal()) || byRRN && !r.isReversal() {
				r.of = x
				break
			}
		}
	}
}

// linkActions says of which action each exchange is a part, and which exchange
// is an action's own.
func (s *story) linkActions() {
	for _, x := range s.exchanges {
		for _, a := range s.actions {
			if !a.covers(x) {
				continue
			}
			x.action = a
			// Where several could be it, the first with the amount that was keyed in is.
			if s.isMain(a, x) && (a.main == nil || a.main.req.Amount != a.act.Amount && x.req.Amount == a.act.Amount) {
				a.main = x
			}
		}
	}
	// Where nobody recorded when actions began, they are the requests in order.
	next := 0
	for _, a := range s.actions {
		if a.act != nil || a.scenario == nil {
			continue
		}
		for i := next; i < len(s.exchanges); i++ {
			if x := s.exchanges[i]; x.action == nil && x.req.Type == a.scenario.Type {
				a.main, x.action, next = x, a, i+1
				break
			}
		}
	}
}

// covers reports whether an exchange began during an action. What a terminal
// reports without waiting for a reply may be recorded before its request.
func (a *action) covers(x *exchange) bool {
	switch {
	case a.act == nil || a.act.Seq > x.req.Seq || a.next != 0 && a.next < x.req.Seq:
		return false
	case a.report != nil && a.report.Seq < x.req.Seq:
		return !x.req.At.After(a.report.At.Add(lag))
	}
	return true
}

func (s *story) isMain(a *action, x *exchange) bool {
	switch {
	case a.scenario != nil:
		return x.req.Type == a.scenario.Type
	case a.act.Type != world.Unrecognised:
		return x.req.Type == a.act.Type
	}
	return !x.isReversal()
}
