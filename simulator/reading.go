package simulator

import (
	"bytes"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// reasonField is the data element with the reason of a request: DE 39 of a
// reversal, in ISO 8583:1993 DE 25.
func reasonField(mti uint16) int {
	if mti >= 1000 {
		return 25
	}
	return 39
}

// refers returns what a request names as its original: what rules compare, and
// can't read themselves.
func (x *exchange) refers(d *dialect.Dialect) *transcript.Refers {
	r := &x.req
	if !hasOriginal(r.Type) {
		return nil
	}
	o := &r.Original
	to := &transcript.Refers{MTI: o.MTI, STAN: o.STAN, HasSTAN: o.HasSTAN, Own: o.Own, RRN: o.RRN.String()}
	if o.HasBatch {
		to.Batch = o.Batch
	}
	if r.Type == world.Reversal {
		reason, _ := d.FieldText(r.Frame.Body, &r.Index, reasonField(r.MTI), nil)
		to.Reason = string(reason)
	}
	return to
}

// compared are the data elements that a terminal compares with its request.
var compared = [...]int{0, 3, 4, 11, 41, 42}

// readings returns what a terminal can read in the bytes that leave for a reply
// that something has struck. The frames of sound have valid MACs; honest is the
// reply as the host made it.
func (c *conn) readings(x *exchange, honest, left []byte, sound ...[]byte) (all []transcript.Reading) {
	f := c.l.Dialect.Format()
	for len(left) > 0 {
		cut, rest, err := f.Cut(left, frame.HighestMax)
		if err != nil {
			return append(all, transcript.Reading{Unreadable: true})
		}
		if !cut.KeepAlive {
			all = append(all, c.reading(x, honest, cut, sound))
		}
		left = rest
	}
	return all
}

func (c *conn) reading(x *exchange, honest []byte, f frame.Frame, sound [][]byte) (r transcript.Reading) {
	d := c.l.Dialect
	var ix, of dialect.Index
	if _, err := d.Index(f.Body, &ix); err != nil {
		return transcript.Reading{Unreadable: true}
	}
	own := honest[d.Format().Overhead():]
	if _, err := d.Index(own, &of); err != nil {
		return transcript.Reading{Unreadable: true}
	}
	for _, n := range compared {
		got, has := d.FieldText(f.Body, &ix, n, nil)
		want, due := d.FieldText(own, &of, n, nil)
		if has != due || !bytes.Equal(got, want) {
			r.Differs = append(r.Differs, n)
		}
	}
	code, _ := d.FieldText(f.Body, &ix, 39, nil)
	r.Code = string(code)
	if len(f.Header) == frame.UnionPayHeaderSize {
		r.Asks = f.Header[2] & 0x0F
	}
	if x.dec.Response.MAC == nil {
		return r
	}
	r.MAC = transcript.MACIsWrong
	if n := d.MACField(); n > 0 && !ix.Has(n) {
		r.MAC = transcript.MACAbsent
	}
	for _, s := range sound {
		if r.MAC == transcript.MACIsWrong && len(s) > d.Format().Overhead() && bytes.Equal(f.Body, s[d.Format().Overhead():]) {
			r.MAC = transcript.MACOK
		}
	}
	return r
}

// soundFrames are the frames of a reply whose MACs are valid, before what
// faults do to its bytes.
func soundFrames(honest []byte, x *faults.Encoded) [][]byte {
	return append([][]byte{honest, x.Frame, x.Previous}, x.Extras...)
}
