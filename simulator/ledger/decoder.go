package ledger

// decoder takes a record apart. After an error it yields zeros.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.b = nil
}

var zeros [16]byte

func (d *decoder) take(n int) []byte {
	if n < 0 || len(d.b) < n {
		d.fail(errShort)
		if n <= len(zeros) && n >= 0 {
			return zeros[:n]
		}
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) u8() byte    { return d.take(1)[0] }
func (d *decoder) bool() bool  { return d.u8() != 0 }
func (d *decoder) u16() uint16 { return le.Uint16(d.take(2)) }
func (d *decoder) u32() uint32 { return le.Uint32(d.take(4)) }
func (d *decoder) u64() uint64 { return le.Uint64(d.take(8)) }
func (d *decoder) i32() int32  { return int32(d.u32()) }
func (d *decoder) i64() int64  { return int64(d.u64()) }

func (d *decoder) text() string {
	n := d.u32()
	if uint64(n) > uint64(len(d.b)) {
		d.fail(errShort)
		return ""
	}
	return string(d.take(int(n)))
}

func (d *decoder) totals() Totals {
	return Totals{
		DebitCount: int(d.i64()), CreditCount: int(d.i64()),
		DebitAmount: d.i64(), CreditAmount: d.i64(),
	}
}

func (d *decoder) session() Session {
	s := Session{Generation: d.u32(), SignedOn: d.bool(), Download: d.u8()}
	if keys := d.text(); keys != "" {
		s.Keys = []byte(keys)
	}
	return s
}

// done reports whether the record was whole and nothing is left over.
func (d *decoder) done() bool {
	if d.err == nil && len(d.b) > 0 {
		d.fail(errShort)
	}
	return d.err == nil
}
