package terminal

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
)

// Request is one message that is ready to be sent.
type Request struct {
	Dialect *dialect.Dialect
	Type    world.TransactionType
	Frame   []byte // all of it, as it leaves
	Body    []byte // the message in Frame
	facts   facts
	mac     *security.MAC // of the reply; nil: replies are not checked
	hasMAC  bool          // the request carries one
	chip    *asked        // what the card in the reader asked the issuer; nil: nothing
}

// MissingError says what a transaction cannot do without.
type MissingError struct {
	Type    world.TransactionType
	Missing [][]string // of each element one name is wanted, such as "rrn" or "original_stan"
}

// Error names the transaction and everything that is missing.
func (e *MissingError) Error() string {
	var all []string
	for _, names := range e.Missing {
		all = append(all, strings.Join(names, " or "))
	}
	return fmt.Sprintf("terminal: %s needs %s", e.Type, strings.Join(all, ", "))
}

// UnknownTypeError says that there is no message for a transaction type.
type UnknownTypeError struct {
	Type    world.TransactionType
	Dialect string
	Known   []world.TransactionType
}

// Error names the types that there are messages for.
func (e *UnknownTypeError) Error() string {
	var all []string
	for _, t := range e.Known {
		all = append(all, t.String())
	}
	return fmt.Sprintf("terminal: %s has no message for %s: it has %s", e.Dialect, e.Type, strings.Join(all, ", "))
}

// ValueError says that a transaction has a value that no message of it can carry.
type ValueError struct{ Err error }

// Error names the transaction and the value.
func (e *ValueError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong with the value.
func (e *ValueError) Unwrap() error { return e.Err }

// mistake is the error of a request that was made for nothing but its mistakes.
func mistake(err error) error {
	var missing *MissingError
	var unknown *UnknownTypeError
	if err == nil || errors.As(err, &missing) || errors.As(err, &unknown) {
		return err
	}
	return &ValueError{err}
}

// ErrNoKeys says that a PIN block or MAC was wanted before there were keys.
var ErrNoKeys = errors.New("no working keys: sign on first")

// rendered is a message as values of its fields.
type rendered struct {
	mti    string
	fields map[int]string
}

// Request makes the request of a transaction. With a session it carries a MAC,
// if the dialect has one, and its reply is checked; the PIN of the card needs a
// session. With a chip card in the reader it carries the card's cryptogram, and
// the issuer's in the reply is checked. Errors are *MissingError, *UnknownTypeError, ErrNoKeys (wrapped), or
// say which field can't hold its value.
func (m *Messages) Request(t world.TransactionType, p Params, s *Session) (*Request, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("terminal: %s: %w", t, err)
	}
	r, err := m.render(t, &p)
	if err != nil {
		return nil, err
	}
	keys, err := s.keysFor(m.d, t)
	if err == nil {
		err = m.addPIN(t, r, &p, keys)
	}
	if err == nil && !keys.ksn.IsZero() {
		err = m.d.SetKSN(r.fields, keys.ksn)
	}
	var chip *asked
	if err == nil {
		chip, err = m.addChip(t, r, &p)
	}
	if err != nil {
		return nil, fmt.Errorf("terminal: %s: %w", t, err)
	}
	if p.Repeat {
		r.mti = r.mti[:3] + string(r.mti[3]|1)
	}
	r.fields[0] = r.mti
	mac := keys.mac
	for n, v := range p.Fields {
		if v != "" {
			r.fields[n] = v
			continue
		}
		delete(r.fields, n)
	}
	if v, set := p.Fields[m.d.MACField()]; set && m.d.MACField() > 0 {
		// A MAC that was asked for, wrong or absent, is not computed over.
		mac = nil
		if v == "" {
			delete(r.fields, m.d.MACField())
		}
	}
	body, err := m.d.Build(r.fields, mac)
	if err != nil {
		return nil, fmt.Errorf("terminal: %s: %w", t, err)
	}
	var tpdu, header []byte
	if m.d.Format().TPDU {
		tpdu = m.TPDU
	}
	if m.d.Format().Header > 0 {
		header = m.Header
	}
	whole, err := m.d.AppendRequest(nil, tpdu, header, body)
	if err != nil {
		return nil, fmt.Errorf("terminal: %s: %w", t, err)
	}
	req := &Request{Dialect: m.d, Type: t, Frame: whole, Body: whole[len(whole)-len(body):], mac: keys.reply, hasMAC: mac != nil, chip: chip}
	if req.facts, err = readFacts(m.d, req.Body); err != nil {
		return nil, fmt.Errorf("terminal: %s: %w", t, err)
	}
	return req, nil
}

// message is the template of t, if p has all that it needs.
func (m *Messages) message(t world.TransactionType, p *Params) (*message, error) {
	msg := m.types[t]
	if msg == nil {
		return nil, &UnknownTypeError{t, m.d.Name(), m.Types()}
	}
	if missing := msg.missing(p); missing != nil {
		return nil, &MissingError{t, missing}
	}
	if n := 1 + len(p.Block); n > msg.most {
		return nil, fmt.Errorf("terminal: %s: a message holds %d of them at most, not %d", t, msg.most, n)
	}
	for i := range p.Block {
		if missing := msg.missing(&p.Block[i]); missing != nil {
			return nil, &MissingError{t, missing}
		}
	}
	return msg, nil
}

// render fills in the template of t.
func (m *Messages) render(t world.TransactionType, p *Params) (*rendered, error) {
	msg, err := m.message(t, p)
	if err != nil {
		return nil, err
	}
	var original *rendered
	if p.Original.STAN != 0 {
		original = m.renderOriginal(t, p)
	}
	return msg.render(p, original), nil
}

// ClockFields returns the fields of a transaction's message that p.Time sets, in
// order; those of p.Fields are none. A host may know a repeat by them, so they
// are to be what they were in the first message. Dates of an original do not
// count. The errors are those of [Messages.Request] about what is missing.
func (m *Messages) ClockFields(t world.TransactionType, p Params) ([]int, error) {
	if p.Original.Time.IsZero() {
		p.Original.Time = time.Unix(0, 0)
	}
	with, err := m.render(t, &p)
	if err != nil {
		return nil, err
	}
	p.Time = time.Time{}
	without, err := m.render(t, &p)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(with.fields, func(n int, v string) bool {
		_, given := p.Fields[n]
		return given || without.fields[n] == v
	})
	return slices.Sorted(maps.Keys(with.fields)), nil
}

func (msg *message) missing(p *Params) (all [][]string) {
	for _, names := range msg.needs {
		given := false
		for _, name := range names {
			given = given || needs[name](p)
		}
		if !given {
			all = append(all, names)
		}
	}
	return all
}

func (msg *message) render(p *Params, original *rendered) *rendered {
	r := &rendered{mti: msg.mti, fields: map[int]string{}}
	for n, t := range msg.fields {
		if text, ok := t.expand(p, original); ok {
			r.fields[n] = text
		}
	}
	return r
}

// usualOriginal is what a message of a type is about, unless something else is
// said.
func usualOriginal(t world.TransactionType) world.TransactionType {
	switch t {
	case world.PreAuthVoid, world.Completion, world.CompletionAdvice:
		return world.PreAuth
	case world.CompletionVoid:
		return world.Completion
	}
	return world.Sale
}

// renderOriginal returns the message that a void, refund, reversal or the like
// is about, as far as it is known.
func (m *Messages) renderOriginal(t world.TransactionType, p *Params) *rendered {
	is := p.Original.Type
	if is == world.Unrecognised || is == t {
		is = usualOriginal(t)
	}
	msg := m.types[is]
	if msg == nil || is == t {
		return nil
	}
	q := *p
	q.STAN, q.Time, q.Original = p.Original.STAN, p.Original.Time, Original{}
	if p.Original.Batch != 0 {
		q.Batch = p.Original.Batch
	}
	return msg.render(&q, nil)
}

// addPIN puts the encrypted PIN, and what goes with it, into the message.
func (m *Messages) addPIN(t world.TransactionType, r *rendered, p *Params, keys requestKeys) error {
	if p.Card.PIN == "" || !asksPIN(t) {
		return nil
	}
	if keys.pin.IsZero() {
		return fmt.Errorf("a PIN can't be encrypted: %w", ErrNoKeys)
	}
	block, err := security.EncryptPIN(m.d.PINFormat(), keys.pin, p.Card.PIN, p.Card.number(), nil)
	if err != nil {
		return err
	}
	r.fields[pinField] = fmt.Sprintf("%X", block)
	with := message{fields: m.withPIN}
	maps.Copy(r.fields, with.render(p, nil).fields)
	return nil
}

// asksPIN reports whether the holder enters a PIN for such a transaction.
func asksPIN(t world.TransactionType) bool {
	switch t {
	case world.Inquiry, world.Sale, world.Void, world.Cash, world.CashBack,
		world.PreAuth, world.PreAuthVoid, world.Completion, world.CompletionVoid:
		return true
	}
	return false
}

// pinField is where every dialect of ISO 8583:1987 has the PIN block.
const pinField = 52

// number is the card number, from the track if need be.
func (c Card) number() string {
	if c.PAN != "" {
		return c.PAN
	}
	pan, _, _ := strings.Cut(strings.ReplaceAll(c.Track2, "D", "="), "=")
	return pan
}
