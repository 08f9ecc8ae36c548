package dialect

import (
	"fmt"
	"math/bits"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
)

// Read fills req with the facts of the frame's message. It allocates nothing on
// a well-formed message.
//
// An error is a [*FormatError]. Req then holds what could be read before it, so
// that a format error can be answered if req.MTI is a request's.
func (d *Dialect) Read(f frame.Frame, req *Request) error {
	req.clear()
	req.Frame = f
	e := d.indexBody(f.Body, &req.Index, &req.MTI)
	d.facts(req)
	if e != nil {
		return e
	}
	return nil
}

// Index makes the index of a message body: of what could be read, if the error
// (a [*FormatError]) is not nil.
func (d *Dialect) Index(body []byte, ix *Index) (mti uint16, err error) {
	if e := d.indexBody(body, ix, &mti); e != nil {
		return mti, e
	}
	return mti, nil
}

func (d *Dialect) indexBody(body []byte, ix *Index, mti *uint16) *FormatError {
	ix.reset()
	*mti = 0
	if len(body) > 0xFFFF {
		return &FormatError{Field: AtMTI, Err: ErrTooLong}
	}
	value, at, units, err := d.mti.read(body)
	if err == nil && units != 4 {
		err = fmt.Errorf("it has %d characters, not 4", units)
	}
	if err != nil {
		return &FormatError{Field: AtMTI, Err: err}
	}
	n, ok := d.mti.number(body[value:at], 0, units)
	if !ok {
		return &FormatError{Field: AtMTI, Err: fmt.Errorf("%q is not 4 digits", body[value:at])}
	}
	*mti = uint16(n) //nolint:gosec // at most 9999
	ix.end = at

	var present [2]uint64
	size, beyond, err := d.bitmap.read(body[at:], &present)
	if err != nil {
		return &FormatError{Field: AtBitmap, Offset: at, MTI: *mti, Err: err}
	}
	at += size
	ix.end = at
	for w, word := range present {
		for word != 0 {
			bit := bits.LeadingZeros64(word)
			word &^= 1 << (63 - bit)
			n := w*64 + bit + 1
			l := &d.fields[n]
			var value, units int
			if size = int(l.fixed); size > 0 && size <= len(body)-at && l.valid(body[at:at+size]) {
				units = int(l.max)
			} else {
				if !l.defined {
					return d.formatError(n, at, *mti, ErrUndefined)
				}
				if value, size, units, err = l.read(body[at:]); err != nil {
					return d.formatError(n, at, *mti, err)
				}
			}
			ix.fields[n] = span{
				start: uint16(at), value: uint16(at + value), end: uint16(at + size), //nolint:gosec // bodies are at most 65,535 bytes
				units: uint16(units), //nolint:gosec // as above
			}
			ix.present[w] |= 1 << (63 - bit)
			at += size
			ix.end = at
		}
	}
	switch {
	case beyond > 0:
		return d.formatError(beyond, at, *mti, ErrUndefined)
	case at < len(body):
		return &FormatError{Field: AtEnd, Offset: at, MTI: *mti, Err: fmt.Errorf("%w (%d of them)", ErrTrailing, len(body)-at)}
	}
	ix.whole = true
	return nil
}

func (d *Dialect) formatError(n, at int, mti uint16, err error) *FormatError {
	return &FormatError{Field: n, Name: d.FieldName(n).EN, Offset: at, MTI: mti, Err: err}
}

// batchDigits is the length of a batch number. A field that may hold something
// else, as private fields do, is a batch number if it has that length.
const batchDigits = 6

// facts reads what the host needs from the indexed fields.
func (d *Dialect) facts(req *Request) {
	c := &d.conv
	req.Repeat = req.MTI%2 == 1
	if n, ok := d.number(req, path{field: 3}); ok {
		req.Processing = uint32(n) //nolint:gosec // 6 digits
	}
	d.card(req)
	if n, ok := d.number(req, path{field: 4}); ok && n < 1e18 {
		req.Amount, req.HasAmount = int64(n), true //nolint:gosec // below 1e18
	}
	if n, ok := d.number(req, path{field: 11}); ok && n < 1e6 {
		req.STAN, req.HasSTAN = uint32(n), true //nolint:gosec // 6 digits
	}
	if n, ok := d.number(req, path{field: 49}); ok && n < 1000 {
		req.Currency = world.Currency(n) //nolint:gosec // 3 digits
	}
	req.Terminal = d.id(req, 41)
	req.Merchant = d.id(req, 42)
	req.RRN = d.id(req, 37)
	req.Approval = d.id(req, 38)
	req.PINBlock = d.bytes(req, int(c.pinField), req.scratch[:16])
	req.MAC = d.bytes(req, int(c.macField), req.scratch[16:])
	if c.dukpt.ksn.isSet() {
		req.KSN = d.ksn(req)
	}

	if n, ok := d.number(req, c.batch); ok && n < 1e6 && (!c.batch.whole() || req.Index.Units(int(c.batch.field)) == batchDigits) {
		req.Batch, req.HasBatch = uint32(n), true //nolint:gosec // 6 digits
	}
	if n, ok := d.number(req, c.invoice); ok && n < 1e9 {
		req.Invoice = uint32(n) //nolint:gosec // below 1e9
	}
	for _, p := range c.networkCode {
		if n, ok := d.number(req, p); ok && n < 1000 {
			req.NetworkCode = uint16(n) //nolint:gosec // 3 digits
			break
		}
	}
	req.Software = -1
	if c.inHeader {
		if h := req.Frame.Header; len(h) > 1 && h[1] <= 0x99 && h[1]&0xF <= 9 {
			req.Software = int(h[1]>>4)*10 + int(h[1]&0xF)
		}
	} else if n, ok := d.number(req, c.software); ok && n < 1e9 {
		req.Software = int(n) //nolint:gosec // below 1e9
	}
	req.Type = d.recogniseType(req)
	if hasOriginal(req.Type) {
		d.original(req)
	}
	if req.Type == world.CashBack {
		d.cash(req)
	}
	if req.HasSTAN {
		req.DuplicateKey = d.duplicateKey(req)
	}
}

// card reads number and expiry: from DE 2 and 14, else track 2, else track 1.
func (d *Dialect) card(req *Request) {
	if n, ok := d.number(req, path{field: 2}); ok {
		req.Card = PAN{digits: n, length: uint8(req.Index.Units(2))} //nolint:gosec // at most 19
	}
	if n, ok := d.number(req, path{field: 14}); ok {
		req.Expiry = uint16(n % 10000) //nolint:gosec // 4 digits
	}
	if !req.Card.IsZero() && req.Expiry != 0 || !req.Index.Has(35) && !req.Index.Has(45) {
		return
	}
	var buf [80]byte
	if req.Index.Units(35) <= len(buf) {
		req.track(d.text(req, path{field: 35}, buf[:]), '=', 'D')
	}
	if b := d.text(req, path{field: 45}, buf[:]); len(b) > 1 && len(b) <= len(buf) && b[0] >= 'A' {
		b = append(buf[:0], b[1:]...) // without the format code
		// The name stands between two separators; the expiry date follows it.
		for i, c := range b {
			if c != '^' {
				continue
			}
			for j, c := range b[i+1:] {
				if c == '^' {
					b = append(b[:i+1], b[i+1+j+1:]...)
					break
				}
			}
			break
		}
		req.track(b, '^', '^')
	}
}

// track takes card number and expiry from "number, separator, YYMM…" where
// they are not known yet.
func (req *Request) track(b []byte, separator, other byte) {
	for i, c := range b {
		if c != separator && c != other {
			continue
		}
		p, ok := panOf(b[:i])
		if !ok || p.IsZero() {
			return
		}
		if req.Card.IsZero() {
			req.Card = p
		}
		if req.Expiry == 0 && req.Card == p && len(b) >= i+5 {
			if e, ok := panOf(b[i+1 : i+5]); ok {
				req.Expiry = uint16(e.digits) //nolint:gosec // 4 digits
			}
		}
		return
	}
}

// DE 54 is a row of amounts of 20 characters: account type 2, amount type 2,
// currency 3, C or D, amount 12 (ISO 8583:1987). Amount type 40 is cash, by
// usage of the networks, such as the STAR ISO message format guide.
const (
	additionalAmount = 20
	amountTypeCash   = "40"
)

// cash finds the cash part of a purchase with cash-back in DE 54.
func (d *Dialect) cash(req *Request) {
	var buf [120]byte
	if req.Index.Units(54) > len(buf) {
		return
	}
	b := d.text(req, path{field: 54}, buf[:])
	for ; len(b) >= additionalAmount; b = b[additionalAmount:] {
		one := b[:additionalAmount]
		if string(one[2:4]) != amountTypeCash {
			continue
		}
		currency, ok := panOf(one[4:7])
		amount, ok2 := panOf(one[8:])
		if !ok || !ok2 {
			return
		}
		req.Cash, req.HasCash, req.CashIn = int64(amount.digits), true, world.Currency(currency.digits) //nolint:gosec // 12 and 3 digits
		return
	}
}

// original finds what a void, refund, reversal or the like is about.
func (d *Dialect) original(req *Request) {
	o := &req.Original
	for i := range d.conv.originals {
		r := &d.conv.originals[i]
		if r.types&(1<<req.Type) == 0 {
			continue
		}
		n, ok := d.number(req, r.stan)
		if !ok || n >= 1e6 || n == 0 && !r.own {
			// A completion that names its pre-authorisation by approval code
			// and date has zeros for batch and STAN.
			if n, ok := d.number(req, r.date); ok && n < 1e4 && o.Date == 0 {
				o.Date = uint16(n) //nolint:gosec // 4 digits
			}
			continue
		}
		o.STAN, o.HasSTAN, o.Own = uint32(n), true, r.own //nolint:gosec // 6 digits
		if n, ok := d.number(req, r.batch); ok && n < 1e9 {
			o.Batch, o.HasBatch = uint32(n), true //nolint:gosec // below 1e9
		}
		if n, ok := d.number(req, r.mti); ok && n < 1e4 {
			o.MTI = uint16(n) //nolint:gosec // 4 digits
		}
		if n, ok := d.number(req, r.date); ok && n < 1e4 {
			o.Date = uint16(n) //nolint:gosec // 4 digits
		}
		break
	}
	if !o.HasSTAN && req.HasSTAN {
		o.STAN, o.HasSTAN, o.Own = req.STAN, true, true
	}
	if !o.HasBatch {
		o.Batch, o.HasBatch = req.Batch, req.HasBatch
	}
	o.RRN, o.Approval = req.RRN, req.Approval
}

// duplicateKey hashes MTI (a repeat's is its first message's) and the fields
// that the dialect names, as they stand in the message. Absent ones count as
// empty.
func (d *Dialect) duplicateKey(req *Request) uint64 {
	if len(d.conv.duplicateKey) == 0 {
		return 0
	}
	h := hashUint(hashStart, uint64(firstMTI(req.MTI)))
	var buf [80]byte
	for _, p := range d.conv.duplicateKey {
		if p.whole() || p.length > uint16(len(buf)) {
			h = hashBytes(h, req.Index.Value(req.Frame.Body, int(p.field)))
			continue
		}
		h = hashBytes(h, d.text(req, p, buf[:]))
	}
	return max(h, 1)
}

// firstMTI returns the MTI of the message that a repeat repeats.
func firstMTI(mti uint16) uint16 { return mti &^ (mti % 2) }
