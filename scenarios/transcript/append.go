package transcript

import (
	"encoding/hex"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

// AppendJSON appends e to dst as one JSON object on one line, without a line
// feed. Keys come in a fixed order and zero fields are absent, so that equal
// events are equal lines:
//
//   - times are RFC 3339 in UTC with nine decimals (years 0000 to 9999),
//     elapsed_ns, first_ns and acked_ns are in nanoseconds;
//   - kind, actor, type, mac, outcome, end and shown are names in kebab-case;
//   - mti, processing, stan and currency (ISO 4217 numeric) are strings of at
//     least 4, 6, 6 and 3 digits, as on the wire; a processing code that is
//     absent is 000000 or wasn't there;
//   - amounts are integers in minor units;
//   - raw is hexadecimal, in lower case;
//   - control characters are escaped, and bytes that aren't UTF-8 become
//     U+FFFD.
//
// It uses no reflection and allocates nothing beyond growing dst.
func AppendJSON(dst []byte, e *Event) []byte {
	o := object{b: append(dst, '{'), empty: true}
	o.number("seq", e.Seq)
	o.time("at", e.At)
	if e.Kind != NoKind {
		o.text("kind", e.Kind.String())
	}
	if e.Actor != NoActor {
		o.text("actor", e.Actor.String())
	}
	o.text("listener", e.Listener)
	o.text("dialect", e.Dialect)
	o.number("conn", e.Conn)
	o.text("source", e.Source)
	o.truth("tls", e.TLS)
	o.number("message", e.Message)
	o.text("terminal", e.Terminal)
	o.text("merchant", e.Merchant)
	if e.Type != world.Unrecognised {
		o.text("type", e.Type.String())
	}
	if e.MTI != 0 {
		o.digits("mti", uint64(e.MTI), mtiDigits)
	}
	if e.Processing != 0 {
		o.digits("processing", uint64(e.Processing), processingDigits)
	}
	if e.HasSTAN {
		o.digits("stan", uint64(e.STAN), stanDigits)
	}
	o.integer("amount", e.Amount)
	if e.Currency != 0 {
		o.digits("currency", uint64(e.Currency), currencyDigits)
	}
	o.number("batch", uint64(e.Batch))
	o.number("card", uint64(e.Card))
	if e.MAC != MACUnchecked {
		o.text("mac", e.MAC.String())
	}
	o.secrets("secrets", e.Secrets)
	o.refers("refers", e.Refers)
	if e.Outcome != world.Undecided {
		o.text("outcome", e.Outcome.String())
	}
	o.text("code", e.Code)
	o.text("why", e.Why)
	if e.End != NoEnd {
		o.text("end", e.End.String())
	}
	o.text("rrn", e.RRN)
	o.text("approval", e.Approval)
	o.postings("postings", e.Postings)
	o.time("due", e.Due)
	o.integer("elapsed_ns", int64(e.Elapsed))
	o.integer("first_ns", int64(e.First))
	o.integer("acked_ns", int64(e.Acked))
	o.number("asks", uint64(e.Asks))
	o.number("written", uint64(e.Written))
	o.number("lost", e.Lost)
	if len(e.Raw) > 0 {
		o.key("raw")
		o.b = append(o.b, '"')
		o.b = hex.AppendEncode(o.b, e.Raw)
		o.b = append(o.b, '"')
	}
	o.text("text", e.Text)
	o.strike("strike", e.Strike)
	o.readings("readings", e.Readings)
	o.number("action", uint64(e.Action))
	if e.Shown != display.NoOutcome {
		o.text("shown", e.Shown.String())
	}
	return append(o.b, '}')
}

// MarshalJSON is [AppendJSON], for encoding/json.
func (e Event) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &e), nil }

// How many digits codes have on the wire.
const (
	mtiDigits        = 4
	processingDigits = 6
	stanDigits       = 6
	currencyDigits   = 3
)

// object appends the fields of a JSON object; zero values are left out.
type object struct {
	b     []byte
	empty bool
}

func (o *object) key(k string) {
	if !o.empty {
		o.b = append(o.b, ',')
	}
	o.empty = false
	o.b = append(o.b, '"')
	o.b = append(o.b, k...)
	o.b = append(o.b, '"', ':')
}

func (o *object) number(key string, n uint64) {
	if n != 0 {
		o.key(key)
		o.b = strconv.AppendUint(o.b, n, 10)
	}
}

func (o *object) integer(key string, n int64) {
	if n != 0 {
		o.key(key)
		o.b = strconv.AppendInt(o.b, n, 10)
	}
}

func (o *object) truth(key string, v bool) {
	if v {
		o.key(key)
		o.b = append(o.b, "true"...)
	}
}

func (o *object) digits(key string, n uint64, width int) {
	o.key(key)
	o.b = append(o.b, '"')
	o.b = appendPadded(o.b, n, width)
	o.b = append(o.b, '"')
}

func (o *object) text(key, s string) {
	if s != "" {
		o.key(key)
		o.b = appendString(o.b, s)
	}
}

func (o *object) time(key string, t time.Time) {
	if !t.IsZero() {
		o.key(key)
		o.b = append(o.b, '"')
		o.b = appendTime(o.b, t)
		o.b = append(o.b, '"')
	}
}

func (o *object) secrets(key string, secrets []Secret) {
	if len(secrets) == 0 {
		return
	}
	o.key(key)
	o.b = append(o.b, '[')
	for i := range secrets {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		item := object{b: append(o.b, '{'), empty: true}
		item.integer("field", int64(secrets[i].Field))
		item.text("kind", secrets[i].Kind)
		o.b = append(item.b, '}')
	}
	o.b = append(o.b, ']')
}

func (o *object) postings(key string, postings []Posting) {
	if len(postings) == 0 {
		return
	}
	o.key(key)
	o.b = append(o.b, '[')
	for i := range postings {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendPosting(o.b, &postings[i])
	}
	o.b = append(o.b, ']')
}

func (o *object) strike(key string, s *Strike) {
	if s == nil {
		return
	}
	o.key(key)
	item := object{b: append(o.b, '{'), empty: true}
	item.text("scenario", s.Scenario)
	item.number("rule", uint64(s.Rule))
	if len(s.Faults) > 0 {
		item.key("faults")
		item.b = append(item.b, '[')
		for i, f := range s.Faults {
			if i > 0 {
				item.b = append(item.b, ',')
			}
			item.b = appendString(item.b, f)
		}
		item.b = append(item.b, ']')
	}
	o.b = append(item.b, '}')
}

func (o *object) refers(key string, r *Refers) {
	if r == nil {
		return
	}
	o.key(key)
	item := object{b: append(o.b, '{'), empty: true}
	if r.MTI != 0 {
		item.digits("mti", uint64(r.MTI), mtiDigits)
	}
	if r.HasSTAN {
		item.digits("stan", uint64(r.STAN), stanDigits)
	}
	item.truth("own", r.Own)
	item.number("batch", uint64(r.Batch))
	item.text("rrn", r.RRN)
	item.text("reason", r.Reason)
	o.b = append(item.b, '}')
}

func (o *object) readings(key string, all []Reading) {
	if len(all) == 0 {
		return
	}
	o.key(key)
	o.b = append(o.b, '[')
	for i := range all {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		r := &all[i]
		item := object{b: append(o.b, '{'), empty: true}
		item.truth("unreadable", r.Unreadable)
		if len(r.Differs) > 0 {
			item.key("differs")
			item.b = append(item.b, '[')
			for i, n := range r.Differs {
				if i > 0 {
					item.b = append(item.b, ',')
				}
				item.b = strconv.AppendInt(item.b, int64(n), 10)
			}
			item.b = append(item.b, ']')
		}
		item.text("code", r.Code)
		if r.MAC != MACUnchecked {
			item.text("mac", r.MAC.String())
		}
		item.number("asks", uint64(r.Asks))
		o.b = append(item.b, '}')
	}
	o.b = append(o.b, ']')
}

func appendPosting(b []byte, p *Posting) []byte {
	o := object{b: append(b, '{'), empty: true}
	o.text("from", p.From)
	o.text("to", p.To)
	o.integer("amount", p.Amount)
	if p.Currency != 0 {
		o.digits("currency", uint64(p.Currency), currencyDigits)
	}
	return append(o.b, '}')
}

// MarshalJSON writes a posting as it stands in an event.
func (p Posting) MarshalJSON() ([]byte, error) { return appendPosting(nil, &p), nil }

// appendTime appends t in UTC with nine decimals. AppendFormat would take
// several times as long: only its default layouts are fast.
func appendTime(b []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(b, time.RFC3339Nano)
	}
	hour, minute, second := t.Clock()
	b = appendPadded(b, uint64(year), 4)
	b = append(b, '-', '0'+byte(month/10), '0'+byte(month%10))
	b = append(b, '-', '0'+byte(day/10), '0'+byte(day%10))
	b = append(b, 'T', '0'+byte(hour/10), '0'+byte(hour%10))
	b = append(b, ':', '0'+byte(minute/10), '0'+byte(minute%10))
	b = append(b, ':', '0'+byte(second/10), '0'+byte(second%10), '.')
	b = appendPadded(b, uint64(t.Nanosecond()), 9)
	return append(b, 'Z')
}

// appendPadded appends n with zeros in front up to width digits.
func appendPadded(b []byte, n uint64, width int) []byte {
	var digits [20]byte
	at := len(digits)
	for ; n > 0; n /= 10 {
		at--
		digits[at] = '0' + byte(n%10)
	}
	for len(digits)-at < width {
		at--
		digits[at] = '0'
	}
	return append(b, digits[at:]...)
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	plain := 0 // where what needs no escape begins
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r >= 0xa0 && !(r == utf8.RuneError && size == 1) {
			i += size
			continue
		}
		b = append(b, s[plain:i]...)
		switch {
		case r == utf8.RuneError:
			b = append(b, "\ufffd"...)
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		default: // C0 and C1 controls: a file that is shown must not steer a screen
			b = append(b, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&0xf])
		}
		i += size
		plain = i
	}
	b = append(b, s[plain:]...)
	return append(b, '"')
}
