package pos

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// message is an ISO 8583:1987 message in ASCII, by field; 0 is the message type.
type message map[int]string

// layout is how long fields are: with prefix, so many digits of length come
// first, and length is the most that there may be.
var layout = map[int]struct{ prefix, length int }{
	2: {2, 19}, 3: {0, 6}, 4: {0, 12}, 7: {0, 10}, 11: {0, 6}, 12: {0, 6}, 13: {0, 4}, 14: {0, 4}, 15: {0, 4},
	22: {0, 3}, 25: {0, 2}, 32: {2, 11}, 37: {0, 12}, 38: {0, 6}, 39: {0, 2}, 41: {0, 8}, 42: {0, 15}, 44: {2, 25},
	49: {0, 3}, 54: {3, 120}, 60: {3, 999}, 63: {3, 999}, 90: {0, 42},
}

// errUnreadable is a frame that holds no message.
var errUnreadable = errors.New("unreadable")

func unreadable(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUnreadable}, args...)...)
}

// frame is the message as it goes on the line: its length in four digits, the
// message type, one or two bitmaps in hexadecimal, and the fields.
func (m message) frame() ([]byte, error) {
	var numbers []int
	for n := range m {
		if n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	var bits [2]uint64
	var fields strings.Builder
	for _, n := range numbers {
		l, known := layout[n]
		value := m[n]
		if !known || l.prefix == 0 && len(value) != l.length || len(value) > l.length {
			return nil, fmt.Errorf("field %d can't be %d characters long", n, len(value))
		}
		if l.prefix > 0 {
			fmt.Fprintf(&fields, "%0*d", l.prefix, len(value))
		}
		fields.WriteString(value)
		bits[(n-1)/64] |= 1 << (63 - (n-1)%64)
	}
	bitmap := fmt.Sprintf("%016X", bits[0])
	if bits[1] != 0 {
		bitmap = fmt.Sprintf("%016X%016X", bits[0]|1<<63, bits[1])
	}
	body := m[0] + bitmap + fields.String()
	return fmt.Appendf(nil, "%04d%s", len(body), body), nil
}

// readMessage reads one. Errors that are not errUnreadable are the line's.
func readMessage(r io.Reader) (message, error) {
	var header [4]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	length, err := strconv.ParseUint(string(header[:]), 10, 16)
	if err != nil {
		return nil, unreadable("the length is %q", header)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return parse(string(body))
}

func parse(body string) (message, error) {
	take := func(n int) (string, error) {
		if n > len(body) {
			return "", unreadable("it ends too early")
		}
		taken := body[:n]
		body = body[n:]
		return taken, nil
	}
	mti, err := take(4)
	if err != nil {
		return nil, err
	}
	m := message{0: mti}
	var bits [2]uint64
	for i := range bits {
		if i == 1 && bits[0]>>63 == 0 {
			break
		}
		digits, err := take(16)
		if err != nil {
			return nil, err
		}
		if bits[i], err = strconv.ParseUint(digits, 16, 64); err != nil {
			return nil, unreadable("the bitmap is %q", digits)
		}
	}
	for n := 2; n <= 128; n++ {
		if bits[(n-1)/64]>>(63-(n-1)%64)&1 == 0 {
			continue
		}
		l, known := layout[n]
		if !known {
			return nil, unreadable("field %d is not known here", n)
		}
		length := l.length
		if l.prefix > 0 {
			digits, err := take(l.prefix)
			if err != nil {
				return nil, err
			}
			given, err := strconv.ParseUint(digits, 10, 16)
			if err != nil || int(given) > l.length {
				return nil, unreadable("field %d is %q characters long", n, digits)
			}
			length = int(given)
		}
		if m[n], err = take(length); err != nil {
			return nil, err
		}
	}
	if body != "" {
		return nil, unreadable("%d characters are left over", len(body))
	}
	return m, nil
}
