package verdict

import (
	"slices"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

func (x *exchange) isReversal() bool { return x.req.Type == world.Reversal }

// financial reports whether the request is about money, and no reversal.
func (x *exchange) financial() bool { return x.req.Type.Financial() && !x.isReversal() }

// online reports whether a person waits for the answer: not for advices, which
// are told later and repeated until they are answered.
func (x *exchange) online() bool {
	return x.financial() && !isAdvice(x.req)
}

// isAdvice goes by the message type: xx2x.
func isAdvice(e *transcript.Event) bool { return e.MTI/10%10 == 2 }

// approves reports whether the response code stands for success.
func approves(code string) bool {
	c, _ := display.ResponseText(code)
	return c.Approves()
}

// conditional reports whether terminals differ about what the code stands for.
func conditional(code string) bool {
	c, _ := display.ResponseText(code)
	return c.Conditional()
}

// matches reports whether a careful terminal takes the message for the answer
// to its request, as far as the data elements that it compares go.
func (s *story) matches(r *transcript.Reading) bool {
	return !r.Unreadable && r.Code != "" && !s.mismatch(r)
}

func (s *story) mismatch(r *transcript.Reading) bool {
	return !r.Unreadable && slices.ContainsFunc(r.Differs, func(n int) bool { return !s.p.Tolerates(n) })
}

// valid reports whether the message is an answer, and authentic.
func (s *story) valid(r *transcript.Reading) bool {
	return s.matches(r) && r.MAC != transcript.MACIsWrong &&
		(r.MAC != transcript.MACAbsent || s.p.Replies.MissingMAC == profile.AcceptMAC)
}

// answered is what came of a request, seen from the terminal.
type answered uint8

const (
	noReply  answered = iota // no valid reply before it gave up
	answer                   // a valid reply in time
	doubtful                 // a valid reply at about the time it gave up, or one that means different things to terminals
)

// answer returns the first valid reply in time; failing that, one in doubt. A
// terminal that says it could not use a message before that has ended there.
func (s *story) answer(x *exchange) (answered, *arrival) {
	var doubt *arrival
	for i := range x.replies {
		a := &x.replies[i]
		if !s.valid(&a.Reading) {
			if isUnusable(x.shown()) && x.when(a) != late {
				return noReply, nil
			}
			continue
		}
		switch x.when(a) {
		case inTime:
			if conditional(a.Code) {
				return doubtful, a
			}
			return answer, a
		case inDoubt:
			doubt = a
		}
	}
	if doubt != nil {
		return doubtful, doubt
	}
	return noReply, nil
}

// approved reports whether a valid, approving reply came in time.
func (s *story) approved(x *exchange) bool {
	is, a := s.answer(x)
	return is == answer && approves(a.Code)
}

// disturbed reports whether a message that is no valid reply came before the one
// that is: a terminal may end there.
func (s *story) disturbed(x *exchange) bool {
	for i := range x.replies {
		switch a := &x.replies[i]; {
		case s.valid(&a.Reading):
			return false
		case x.when(a) != late:
			return true
		}
	}
	return false
}

// isUnusable reports whether the display says that a message could not be used.
func isUnusable(o display.Outcome) bool {
	return o == display.Mismatch || o == display.MACError || o == display.Garbled
}

// shown is what the terminal showed of the exchange; NoOutcome: nobody told, or
// it is not an action's own.
func (x *exchange) shown() display.Outcome {
	if x.action == nil || x.action.main != x {
		return display.NoOutcome
	}
	return x.action.shown()
}

func (x *exchange) report() uint64 {
	if x.action == nil || x.action.main != x {
		return 0
	}
	return x.action.reported()
}

// reversals lists the reversals of a request, in order.
func (s *story) reversals(x *exchange) (all []*exchange) {
	for _, r := range s.exchanges {
		if r.isReversal() && r.of == x {
			all = append(all, r)
		}
	}
	return all
}

// after lists the exchanges that began after an event.
func (s *story) after(seq uint64) []*exchange {
	i := slices.IndexFunc(s.exchanges, func(x *exchange) bool { return x.req.Seq > seq })
	if i < 0 {
		return nil
	}
	return s.exchanges[i:]
}

// settled reports whether a reversal was answered with a code that ends it.
func (s *story) settled(r *exchange) bool {
	is, a := s.answer(r)
	return is == answer && s.p.Reversal.SettledBy.Has(a.Code)
}

// owes says whether the terminal has to reverse a request.
type owes uint8

const (
	nothing   owes = iota // it was answered, or the profile does not reverse it
	aReversal             // it got no valid reply
	unclear               // a reply came of which nobody can tell whether it counted
	deleted               // the profile deletes the reversal after such a reply
)

func (s *story) owes(x *exchange) owes {
	if !x.financial() || !s.p.Reverses(x.req.Type) || isAdvice(x.req) {
		return nothing
	}
	switch is, _ := s.answer(x); is {
	case answer:
		return nothing
	case doubtful:
		return unclear
	}
	for i := range x.replies {
		r := &x.replies[i]
		if x.when(r) == late {
			continue
		}
		switch {
		case r.Unreadable && s.p.Replies.Unreadable == profile.Delete,
			(s.mismatch(&r.Reading) || !r.Unreadable && r.Code == "") && s.p.Replies.Mismatch == profile.Delete:
			return deleted
		}
	}
	return aReversal
}

// due is the event by which a reversal has to have gone out; 0: the run ended
// before. late says that its time passed instead.
func (s *story) due(x *exchange) (by *exchange, late bool) {
	for _, y := range s.after(x.req.Seq) {
		if y.online() {
			return y, false
		}
	}
	r := &s.p.Reversal
	return nil, r.Sent == profile.AtOnce && r.Within > 0 && s.end.After(x.gave.to.Add(r.Within))
}

// seqs are the numbers of a request, its decision and its replies.
func (x *exchange) seqs() []uint64 {
	all := []uint64{x.req.Seq}
	for i := range x.replies {
		all = append(all, x.replies[i].event.Seq)
	}
	if x.lostBy != nil {
		all = append(all, x.lostBy.Seq)
	}
	return append(all, x.report())
}
