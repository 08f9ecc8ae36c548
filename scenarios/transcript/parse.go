package transcript

import (
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

// ParseJSON reads an event that [AppendJSON] wrote. It is strict: unknown and
// repeated keys, null and names that don't exist are errors.
func ParseJSON(line []byte) (Event, error) {
	s := scanner{line: line}
	e, err := s.event()
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return Event{}, fmt.Errorf("transcript: column %d: %w", s.at+1, err)
	}
	return e, nil
}

// UnmarshalJSON is [ParseJSON], for encoding/json.
func (e *Event) UnmarshalJSON(b []byte) (err error) {
	*e, err = ParseJSON(b)
	return err
}

// UnmarshalJSON reads a posting as it stands in an event.
func (p *Posting) UnmarshalJSON(b []byte) (err error) {
	s := scanner{line: b}
	*p, err = s.posting()
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return fmt.Errorf("transcript: column %d: %w", s.at+1, err)
	}
	return nil
}

func (s *scanner) event() (Event, error) {
	var e Event
	err := s.object(func(key string) (err error) {
		switch key {
		case "seq":
			e.Seq, err = s.unsigned(math.MaxUint64)
		case "at":
			e.At, err = s.time()
		case "kind":
			e.Kind, err = named(s, ParseKind)
		case "actor":
			e.Actor, err = named(s, ParseActor)
		case "listener":
			e.Listener, err = s.string()
		case "dialect":
			e.Dialect, err = s.string()
		case "conn":
			e.Conn, err = s.unsigned(math.MaxUint64)
		case "source":
			e.Source, err = s.string()
		case "tls":
			e.TLS, err = s.truth()
		case "message":
			e.Message, err = s.unsigned(math.MaxUint64)
		case "elapsed_ns":
			e.Elapsed, err = s.duration()
		case "first_ns":
			e.First, err = s.duration()
		case "acked_ns":
			e.Acked, err = s.duration()
		case "asks":
			e.Asks, err = sized[uint8](s.unsigned(math.MaxUint8))
		case "written":
			e.Written, err = sized[uint32](s.unsigned(math.MaxUint32))
		case "lost":
			e.Lost, err = s.unsigned(math.MaxUint64)
		case "raw":
			e.Raw, err = s.hex()
		case "text":
			e.Text, err = s.string()
		case "strike":
			e.Strike, err = s.strike()
		case "readings":
			err = s.array(func() error {
				r, err := s.reading()
				e.Readings = append(e.Readings, r)
				return err
			})
		case "action":
			e.Action, err = sized[uint32](s.unsigned(math.MaxUint32))
		case "shown":
			e.Shown, err = named(s, display.ParseOutcome)
		default:
			return s.request(&e, key)
		}
		return err
	})
	return e, err
}

// request reads what an event says about a message.
func (s *scanner) request(e *Event, key string) (err error) {
	switch key {
	case "terminal":
		e.Terminal, err = s.string()
	case "merchant":
		e.Merchant, err = s.string()
	case "type":
		e.Type, err = named(s, world.ParseTransactionType)
	case "mti":
		e.MTI, err = sized[uint16](s.digits(mtiDigits, math.MaxUint16))
	case "processing":
		e.Processing, err = sized[uint32](s.digits(processingDigits, math.MaxUint32))
	case "stan":
		e.HasSTAN = true
		e.STAN, err = sized[uint32](s.digits(stanDigits, math.MaxUint32))
	case "amount":
		e.Amount, err = s.signed()
	case "currency":
		e.Currency, err = sized[world.Currency](s.digits(currencyDigits, math.MaxUint16))
	case "batch":
		e.Batch, err = sized[uint32](s.unsigned(math.MaxUint32))
	case "card":
		e.Card, err = sized[uint32](s.unsigned(math.MaxUint32))
	case "mac":
		e.MAC, err = named(s, ParseMACResult)
	case "secrets":
		err = s.array(func() error {
			secret, err := s.secret()
			e.Secrets = append(e.Secrets, secret)
			return err
		})
	case "refers":
		e.Refers, err = s.refers()
	default:
		return s.decision(e, key)
	}
	return err
}

// decision reads what an event says about a decision.
func (s *scanner) decision(e *Event, key string) (err error) {
	switch key {
	case "outcome":
		e.Outcome, err = named(s, world.ParseOutcome)
	case "code":
		e.Code, err = s.string()
	case "why":
		e.Why, err = s.string()
	case "end":
		e.End, err = named(s, ParseEnd)
	case "rrn":
		e.RRN, err = s.string()
	case "approval":
		e.Approval, err = s.string()
	case "postings":
		err = s.array(func() error {
			posting, err := s.posting()
			e.Postings = append(e.Postings, posting)
			return err
		})
	case "due":
		e.Due, err = s.time()
	default:
		err = errUnknownKey
	}
	return err
}

func (s *scanner) secret() (Secret, error) {
	var v Secret
	err := s.object(func(key string) (err error) {
		switch key {
		case "field":
			var n uint64
			n, err = s.unsigned(math.MaxInt32)
			v.Field = int(n)
		case "kind":
			v.Kind, err = s.string()
		default:
			err = errUnknownKey
		}
		return err
	})
	return v, err
}

func (s *scanner) strike() (*Strike, error) {
	v := new(Strike)
	err := s.object(func(key string) (err error) {
		switch key {
		case "scenario":
			v.Scenario, err = s.string()
		case "rule":
			v.Rule, err = sized[uint32](s.unsigned(math.MaxUint32))
		case "faults":
			err = s.array(func() error {
				name, err := s.string()
				v.Faults = append(v.Faults, name)
				return err
			})
		default:
			err = errUnknownKey
		}
		return err
	})
	return v, err
}

func (s *scanner) refers() (*Refers, error) {
	v := new(Refers)
	err := s.object(func(key string) (err error) {
		switch key {
		case "mti":
			v.MTI, err = sized[uint16](s.digits(mtiDigits, math.MaxUint16))
		case "stan":
			v.HasSTAN = true
			v.STAN, err = sized[uint32](s.digits(stanDigits, math.MaxUint32))
		case "own":
			v.Own, err = s.truth()
		case "batch":
			v.Batch, err = sized[uint32](s.unsigned(math.MaxUint32))
		case "rrn":
			v.RRN, err = s.string()
		case "reason":
			v.Reason, err = s.string()
		default:
			err = errUnknownKey
		}
		return err
	})
	return v, err
}

func (s *scanner) reading() (Reading, error) {
	var v Reading
	err := s.object(func(key string) (err error) {
		switch key {
		case "unreadable":
			v.Unreadable, err = s.truth()
		case "differs":
			err = s.array(func() error {
				n, err := s.unsigned(math.MaxInt32)
				v.Differs = append(v.Differs, int(n))
				return err
			})
		case "code":
			v.Code, err = s.string()
		case "mac":
			v.MAC, err = named(s, ParseMACResult)
		case "asks":
			v.Asks, err = sized[uint8](s.unsigned(math.MaxUint8))
		default:
			err = errUnknownKey
		}
		return err
	})
	return v, err
}

func (s *scanner) posting() (Posting, error) {
	var p Posting
	err := s.object(func(key string) (err error) {
		switch key {
		case "from":
			p.From, err = s.string()
		case "to":
			p.To, err = s.string()
		case "amount":
			p.Amount, err = s.signed()
		case "currency":
			p.Currency, err = sized[world.Currency](s.digits(currencyDigits, math.MaxUint16))
		default:
			err = errUnknownKey
		}
		return err
	})
	return p, err
}

// duration reads nanoseconds.
func (s *scanner) duration() (time.Duration, error) {
	ns, err := s.signed()
	return time.Duration(ns), err
}

// hex reads bytes in hexadecimal; none are nil.
func (s *scanner) hex() ([]byte, error) {
	text, err := s.string()
	if err != nil || text == "" {
		return nil, err
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errValue, err)
	}
	return b, nil
}

// sized narrows a number whose limit has been checked.
func sized[T ~uint8 | ~uint16 | ~uint32](n uint64, err error) (T, error) { return T(n), err }
