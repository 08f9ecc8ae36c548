package dialect

import "fmt"

// trackEncoder packs track 2 or 3 data two characters to a byte, left-aligned,
// with the length counted in characters, as BCD terminals send it: the digits,
// and nibble D for the field separator ("D"; "=" is packed the same way). The
// other nibbles above 9 stand for the control characters that tracks may have
// and read as A, B, C, E and F. Encoding names: Track2BCD and Track3BCD.
type trackEncoder struct{}

// Encode packs track characters; an odd count is padded with a zero nibble.
func (trackEncoder) Encode(track []byte) ([]byte, error) {
	out := make([]byte, 0, (len(track)+1)/2)
	for i, c := range track {
		n, ok := trackNibble(c)
		if !ok {
			return nil, fmt.Errorf("character %d is %q: a packed track has digits, = or D, and A to F", i+1, c)
		}
		if i%2 == 0 {
			out = append(out, n<<4)
		} else {
			out[i/2] |= n
		}
	}
	return out, nil
}

func trackNibble(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c == '=':
		return 0xD, true
	}
	return 0, false
}

// Decode unpacks length characters.
func (trackEncoder) Decode(b []byte, length int) ([]byte, int, error) {
	size, err := packed(b, length)
	if err != nil {
		return nil, 0, err
	}
	return appendDigits(make([]byte, 0, length), b, length, true), size, nil
}
