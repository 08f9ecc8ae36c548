package dialect

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/acqsim/acqsim/scenarios/world"
)

// ReplyMTI returns the MTI of the reply to a message: 0210 for 0200 and 0201,
// 0430 for 0421; false if none is due because the message is itself a reply, or
// no message at all.
func ReplyMTI(mti uint16) (uint16, bool) {
	if function := mti / 10 % 10; mti < 100 || mti > 9999 || function > 4 || function%2 != 0 {
		return 0, false
	}
	return firstMTI(mti) + 10, true
}

// AppendReply appends the body of the reply to dst: the fields that the dialect
// echoes as they stand in the request, those of the host encoded, and the MAC
// over it all where resp has one. It allocates only if dst has no room. After
// an error (ErrNoReply, or a value that the dialect cannot express) dst is as
// long as it was.
func (d *Dialect) AppendReply(dst []byte, req *Request, resp *Response) ([]byte, error) {
	mti, ok := ReplyMTI(req.MTI)
	if !ok {
		return dst, fmt.Errorf("%w: MTI %04d", ErrNoReply, req.MTI)
	}
	start := len(dst)
	rule := &d.conv.replies[classOf(req.MTI)]
	host := d.hostFields(rule, req, resp)
	all := [2]uint64{
		rule.echo[0]&req.Index.present[0] | host[0],
		rule.echo[1]&req.Index.present[1] | host[1],
	}
	var buf [80]byte
	dst, err := d.mti.append(dst, appendNumber(buf[:0], int(mti), 4))
	if err != nil {
		return dst[:start], fmt.Errorf("MTI of the reply: %w", err)
	}
	dst = d.bitmap.append(dst, all)
	req.reply.reset()
	for w, word := range all {
		plain := rule.plain[w] &^ host[w]
		for word != 0 {
			bit := bits.LeadingZeros64(word)
			if plain&(1<<(63-bit)) != 0 {
				dst, word = d.appendPlain(dst, start, w, word, plain, req)
				continue
			}
			word &^= 1 << (63 - bit)
			n := w*64 + bit + 1
			at := len(dst)
			fromHost := host[w]&(1<<(63-bit)) != 0
			switch {
			case !fromHost:
				dst = d.appendEcho(dst, n, rule, req, resp)
			case n == int(d.conv.macField):
				mac := resp.MAC.Sum1(dst[start:])
				dst, err = d.fields[n].append(dst, append(buf[:0], mac[:]...))
			default:
				dst, err = d.fields[n].append(dst, d.hostValue(buf[:0], n, req, resp))
			}
			// What the host says itself holds no card number, but may hold keys.
			if err == nil && d.masks[n] != keep && (!fromHost || n == int(d.conv.keyField) && resp.Keys != nil) {
				err = req.reply.note(&d.fields[n], n, dst[start:], at-start)
			}
			if err != nil {
				return dst[:start], fmt.Errorf("field %d of the reply: %w", n, err)
			}
		}
	}
	req.reply.end, req.reply.whole = len(dst)-start, true
	return dst, nil
}

// appendPlain appends the first field of word, which is echoed as it stands,
// and with it those after it that are, too, and stand behind it in the request:
// runs of fields are copied at once. It returns what is left of the word.
func (d *Dialect) appendPlain(dst []byte, start, w int, word, plain uint64, req *Request) ([]byte, uint64) {
	fields := req.Index.fields[w*64+1 : w*64+65]
	first := bits.LeadingZeros64(word) & 63
	from, to := fields[first].start, fields[first].start
	shift := len(dst) - start - int(from)
	for word != 0 {
		bit := bits.LeadingZeros64(word) & 63
		field := uint64(1) << (63 - bit)
		s := &fields[bit]
		if plain&field == 0 || s.start != to {
			break
		}
		word &^= field
		to = s.end
		if d.masked[w]&field != 0 {
			req.reply.enter(w*64+bit+1, int(s.start)+shift, int(s.value)+shift, int(s.end)+shift, int(s.units))
		}
	}
	return append(dst, req.Frame.Body[from:to]...), word
}

// note enters the field at the end of body, which starts at offset at.
func (ix *Index) note(l *layout, n int, body []byte, at int) error {
	value, size, units, err := l.read(body[at:])
	if err != nil {
		return err
	}
	ix.enter(n, at, at+value, at+size, units)
	return nil
}

// enter says where a field stands. Bodies are shorter than 64 KiB.
func (ix *Index) enter(n, start, value, end, units int) {
	ix.fields[n] = span{uint16(start), uint16(value), uint16(end), uint16(units)} //nolint:gosec // as above
	ix.present[(n-1)/64] |= 1 << (63 - (n-1)%64)
}

// hostFields returns which of the rule's host fields have a value in this reply.
func (d *Dialect) hostFields(rule *replyRule, req *Request, resp *Response) (host [2]uint64) {
	var have [2]uint64
	add := func(n int, yes bool) {
		if yes {
			have[(n-1)/64] |= 1 << (63 - (n-1)%64)
		}
	}
	timed := !resp.Time.IsZero()
	add(12, timed && !(d.conv.echoClock && req.Index.Has(12)))
	add(13, timed && !(d.conv.echoClock && req.Index.Has(13)))
	add(15, timed)
	add(32, resp.Acquirer != "" && !req.Index.Has(32))
	add(37, resp.RRN != "")
	add(38, resp.Approval != "")
	add(39, true)
	add(44, resp.Issuer != "")
	add(54, resp.HasBalance)
	if n := int(d.conv.keyField); n > 0 {
		add(n, resp.Keys != nil)
	}
	if req.Type >= world.Settlement {
		if n := int(d.conv.parameters.field); n > 0 && resp.Data != nil {
			add(n, true)
		}
		for _, n := range [2]int{int(d.conv.settlement.totals.field), int(d.conv.settlement.count.field)} {
			if n > 0 && d.settlementField(n, req, resp) {
				add(n, true)
			}
		}
	}
	host[0], host[1] = rule.host[0]&have[0], rule.host[1]&have[1]
	if n := int(d.conv.chipField); n > 0 && resp.Chip != nil {
		host[(n-1)/64] |= 1 << (63 - (n-1)%64)
	}
	if n := int(d.conv.macField); n > 0 && resp.MAC != nil {
		host[(n-1)/64] |= 1 << (63 - (n-1)%64)
	}
	return host
}

// hostValue appends the value of a host field: digits, characters, or bytes.
func (d *Dialect) hostValue(dst []byte, n int, req *Request, resp *Response) []byte {
	switch n {
	case 12:
		return append(dst, req.clock.at(resp.Time)[12-int(d.fields[n].max):]...) // hhmmss, or all of it
	case 13, 15:
		return append(dst, req.clock.at(resp.Time)[6-int(d.fields[n].max):6]...) // MMDD, or YYMMDD
	case 32:
		return append(dst, resp.Acquirer...)
	case 37:
		return append(dst, resp.RRN...)
	case 38:
		return append(dst, resp.Approval...)
	case 39:
		return append(dst, d.Code(req.MTI, resp.Outcome)...)
	case 44:
		return d.institutions(dst, resp)
	case 54:
		return d.balances(dst, req, resp)
	}
	switch {
	case n == int(d.conv.keyField) && resp.Keys != nil:
		return append(dst, resp.Keys...)
	case n == int(d.conv.chipField):
		return d.chipValue(dst, resp.Chip)
	case n == int(d.conv.parameters.field) && resp.Data != nil:
		return append(dst, resp.Data...)
	case d.settlementField(n, req, resp):
		return d.settlementValue(dst, req, resp)
	}
	return dst
}

// clock keeps the last time that was written: it changes once a second.
type clock struct {
	unix   int64
	zone   *time.Location
	digits [12]byte // YYMMDDhhmmss
}

// at returns the digits of a time, in its zone.
func (c *clock) at(t time.Time) *[12]byte {
	if unix, zone := t.Unix(), t.Location(); c.unix != unix || c.zone != zone {
		c.unix, c.zone = unix, zone
		hour, minute, second := t.Clock()
		year, month, day := t.Date()
		b := appendNumber(c.digits[:0], year%100*10000+int(month)*100+day, 6)
		appendNumber(b, hour*10000+minute*100+second, 6)
	}
	return &c.digits
}

// institutions writes DE 44: the issuer, and where the field has two parts (as
// UnionPay's has) the acquirer in the second.
func (d *Dialect) institutions(dst []byte, resp *Response) []byte {
	start := len(dst)
	dst = append(dst, resp.Issuer...)
	parts := d.parts[44]
	if len(parts) < 2 || parts[0].length == 0 || resp.Acquirer == "" {
		return dst
	}
	for len(dst)-start < parts[0].length {
		dst = append(dst, ' ')
	}
	dst = append(dst[:start+parts[0].length], resp.Acquirer...)
	for len(dst)-start < parts[0].length+parts[1].length {
		dst = append(dst, ' ')
	}
	return dst
}

// balances writes DE 54: for each amount the account type, the amount type (01
// booked, 02 available; ISO 8583:1987), the currency, C or D, and 12 digits.
func (d *Dialect) balances(dst []byte, req *Request, resp *Response) []byte {
	rule := &d.conv.balance
	one := func(dst []byte, kind string, amount int64) []byte {
		if rule.account != "" {
			dst = append(dst, rule.account...)
		} else {
			dst = appendNumber(dst, int(req.Processing/100%100), 2)
		}
		dst = append(dst, kind...)
		dst = appendNumber(dst, int(resp.Currency), 3)
		sign := byte('C')
		if amount < 0 {
			sign, amount = 'D', -amount
		}
		dst = append(dst, sign)
		return appendNumber(dst, int(amount), 12)
	}
	if rule.booked {
		dst = one(dst, "01", resp.Booked)
	}
	if rule.available {
		dst = one(dst, "02", resp.Available)
	}
	return dst
}

// appendEcho appends a field of the request, cut where the dialect echoes only
// its beginning, and with the terminal's open batch where it holds the batch
// and the host states one.
func (d *Dialect) appendEcho(dst []byte, n int, rule *replyRule, req *Request, resp *Response) []byte {
	s := req.Index.fields[n]
	at := len(dst)
	units := int(s.units)
	body := req.Frame.Body
	l := &d.fields[n]
	for _, p := range rule.limits {
		if int(p.field) == n && units > int(p.offset+p.length) {
			units = int(p.offset + p.length)
		}
	}
	value := int(s.value - s.start)
	if units == int(s.units) {
		dst = append(dst, body[s.start:s.end]...)
	} else {
		dst = l.appendLength(dst, units)
		dst = append(dst, body[s.value:int(s.value)+l.bytes(units)]...)
		if l.value == bcdLeft && units%2 != 0 {
			dst[len(dst)-1] &= 0xF0
		}
	}
	if p := d.conv.batch; resp.HasBatch && p.length > 0 && int(p.field) == n && int(p.offset+p.length) <= units {
		var buf [20]byte
		l.overwrite(dst[at+value:], units, int(p.offset), appendNumber(buf[:0], int(resp.Batch), int(p.length)))
	}
	return dst
}
