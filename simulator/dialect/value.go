package dialect

// number reads n units from offset on as a decimal number; false if one is no
// digit, or if there are none or more than 19.
func (l *layout) number(value []byte, offset, n int) (uint64, bool) {
	if n < 1 || n > 19 {
		return 0, false
	}
	var sum uint64
	if l.packedNibbles() {
		i, end := offset, offset+n
		if i%2 != 0 {
			if sum = uint64(value[i/2] & 0xF); sum > 9 {
				return 0, false
			}
			i++
		}
		for ; i+2 <= end; i += 2 {
			c := value[i/2]
			if c > 0x99 || c&0xF > 9 {
				return 0, false
			}
			sum = sum*100 + uint64(c>>4)*10 + uint64(c&0xF)
		}
		if i < end {
			c := value[i/2] >> 4
			if c > 9 {
				return 0, false
			}
			sum = sum*10 + uint64(c)
		}
		return sum, true
	}
	switch l.value {
	case hexBytes:
		return 0, false
	case pageText, zonedDigit:
		for _, c := range value[offset : offset+n] {
			if c < 0xF0 || c > 0xF9 {
				return 0, false
			}
			sum = sum*10 + uint64(c&0xF)
		}
		return sum, true
	}
	for _, c := range value[offset : offset+n] {
		if c < '0' || c > '9' {
			return 0, false
		}
		sum = sum*10 + uint64(c-'0')
	}
	return sum, true
}

// locate returns the encoded value, the layout and the units that p names;
// false if the field is absent or too short. A part of which only the beginning
// is there counts as absent.
func (d *Dialect) locate(body []byte, ix *Index, p path) (l *layout, value []byte, offset, n int, ok bool) {
	if p.field == 0 || !ix.Has(int(p.field)) {
		return nil, nil, 0, 0, false
	}
	s := &ix.fields[p.field]
	l = &d.fields[p.field]
	value = body[s.value:s.end]
	offset, n = int(p.offset), int(p.length)
	units := int(s.units)
	if l.value == viaMoov {
		if value, ok = l.textByMoov(body[s.start:s.end]); !ok {
			return nil, nil, 0, 0, false
		}
		l, units = &asText, len(value)
	}
	if n == 0 {
		n = units - offset
	}
	if n < 0 || offset+n > units {
		return nil, nil, 0, 0, false
	}
	if l.value == bcdRight && units%2 != 0 {
		offset++
	}
	return l, value, offset, n, true
}

// number reads what p names as a decimal number; false if it is absent or not
// a number.
func (d *Dialect) number(req *Request, p path) (uint64, bool) {
	if !req.Index.Has(int(p.field)) {
		return 0, false
	}
	if l := &d.fields[p.field]; l.value == asciiDigit && p.whole() {
		// The index has looked at the digits.
		value := req.Index.Value(req.Frame.Body, int(p.field))
		if n := len(value); n < 1 || n > 19 {
			return 0, false
		}
		return asciiNumber(value), true
	}
	l, value, offset, n, ok := d.locate(req.Frame.Body, &req.Index, p)
	if !ok {
		return 0, false
	}
	return l.number(value, offset, n)
}

// text returns the characters of what p names: in place, or, where they are
// packed or in EBCDIC, translated into buf, which should have room. It is nil if p is
// absent.
func (d *Dialect) text(req *Request, p path, buf []byte) []byte {
	l, value, offset, n, ok := d.locate(req.Frame.Body, &req.Index, p)
	switch {
	case !ok:
		return nil
	case l.translated():
		return l.text(buf[:0], value, offset, n)
	case l.value == hexBytes:
		return value[2*offset : 2*(offset+n)]
	}
	return value[offset : offset+n]
}

// text appends n units from offset on as characters.
func (l *layout) text(dst, value []byte, offset, n int) []byte {
	switch {
	case l.value == hexBytes:
		return append(dst, value[2*offset:2*(offset+n)]...)
	case l.page != nil:
		return l.page.appendText(dst, value[offset:offset+n])
	case !l.packedNibbles():
		return append(dst, value[offset:offset+n]...)
	}
	for i := offset; i < offset+n; i++ {
		c := value[i/2]
		if i%2 == 0 {
			c >>= 4
		}
		dst = append(dst, nibbles[c&0xF])
	}
	return dst
}

// id reads a field as an identifier.
func (d *Dialect) id(req *Request, n int) ID {
	if !req.Index.Has(n) {
		return ID{}
	}
	if l := &d.fields[n]; l.translated() || l.value == viaMoov {
		var buf [32]byte
		return idOf(d.text(req, path{field: uint8(n)}, buf[:])) //nolint:gosec // a field number
	}
	return idOf(req.Index.Value(req.Frame.Body, n))
}

// bytes returns a binary field's bytes: in place, or decoded into buf where
// they stand as hexadecimal characters. Nil if absent or too long for buf.
func (d *Dialect) bytes(req *Request, n int, buf []byte) []byte {
	value := req.Index.Value(req.Frame.Body, n)
	if value == nil || d.fields[n].value != hexBytes {
		return value
	}
	if len(value) > 2*len(buf) {
		return nil
	}
	return clearHex(buf, value)
}
