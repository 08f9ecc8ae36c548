// Package pos is the heart of a small till: it sells, and it reverses a sale of
// which it does not know whether the customer was charged. It stands for the
// terminal software that you have to test; pos_test.go shows how.
//
// It has its own codec, and nothing of acqsim in it.
package pos

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Result is how a sale ended, as the display says it.
type Result string

// The results.
const (
	Approved      Result = "APPROVED"
	Declined      Result = "DECLINED"
	NoAnswer      Result = "NO ANSWER"
	CannotConnect Result = "CANNOT CONNECT"
	Unusable      Result = "BAD REPLY"    // for something else
	Garbled       Result = "GARBLED"      // it can't be read
	Pending       Result = "CALL SUPPORT" // the sale before is still to be reversed
)

// repeats is how often a reversal without answer is sent again before the till
// gives up for now.
const repeats = 3

// Till is one terminal. A real one keeps stan and pending in flash.
type Till struct {
	Host               string // host:port
	Terminal, Merchant string
	Timeout            time.Duration // for a reply, and for a connection
	Backoff            time.Duration // before it connects again after that failed

	stan    int
	pending message // the sale that is to be reversed; nil: none
	failed  time.Time
}

// Card is what the reader has read.
type Card struct{ PAN, Expiry string }

// Sell sells for an amount in minor units. The code is the host's, if it gave one.
func (t *Till) Sell(card Card, amount int64) (shown Result, code string) {
	if !t.reverse() {
		return Pending, ""
	}
	t.stan = t.stan%999999 + 1
	sale := message{
		0: "0200", 2: card.PAN, 3: "000000", 4: fmt.Sprintf("%012d", amount), 11: fmt.Sprintf("%06d", t.stan), 14: card.Expiry,
		22: "012", 25: "00", 41: pad(t.Terminal, 8), 42: pad(t.Merchant, 15), 49: "156",
	}
	stamp(sale)
	reply, err := t.exchange(sale, func() { t.pending = sale })
	switch {
	case errors.Is(err, errNoLine):
		return CannotConnect, ""
	case errors.Is(err, errUnreadable):
		return Garbled, ""
	case err != nil:
		return NoAnswer, ""
	case !answers(sale, reply):
		t.pending[39] = "06"
		return Unusable, ""
	}
	t.pending = nil
	if reply[39] != "00" {
		return Declined, reply[39]
	}
	return Approved, reply[39]
}

// reverse reverses the sale that is pending, and reports whether none is left.
func (t *Till) reverse() bool {
	if t.pending == nil {
		return true
	}
	sale := t.pending
	reversal := message{0: "0400", 39: "98", 90: sale[0] + sale[11] + sale[7] + strings.Repeat("0", 22)}
	for _, n := range []int{2, 3, 4, 11, 14, 22, 25, 39, 41, 42, 49} {
		if value, there := sale[n]; there {
			reversal[n] = value
		}
	}
	for range 1 + repeats {
		stamp(reversal)
		reply, err := t.exchange(reversal, func() {})
		if errors.Is(err, errNoLine) {
			return false
		}
		if err != nil || !answers(reversal, reply) {
			continue
		}
		switch reply[39] {
		case "00", "12", "25": // done, or there was nothing to be reversed
			t.pending = nil
			return true
		}
	}
	return false
}

var errNoLine = errors.New("there is no connection")

// exchange sends a request on a connection of its own, and waits for the reply.
// What must not be forgotten is stored before anything is sent.
func (t *Till) exchange(request message, store func()) (message, error) {
	<-time.After(time.Until(t.failed.Add(t.Backoff))) // a host in trouble is not to be hurried
	c, err := net.DialTimeout("tcp", t.Host, t.Timeout)
	if err != nil {
		t.failed = time.Now()
		return nil, fmt.Errorf("%w: %w", errNoLine, err)
	}
	defer c.Close()
	frame, err := request.frame()
	if err != nil {
		return nil, err
	}
	store()
	if err := c.SetDeadline(time.Now().Add(t.Timeout)); err != nil {
		return nil, err
	}
	if _, err := c.Write(frame); err != nil {
		t.failed = time.Now()
		return nil, err
	}
	reply, err := readMessage(c)
	if errors.Is(err, io.EOF) {
		t.failed = time.Now()
	}
	return reply, err
}

// answers reports whether a reply is for the request, and says how it ended.
func answers(request, reply message) bool {
	for _, n := range []int{3, 4, 11, 41, 42} {
		if reply[n] != request[n] {
			return false
		}
	}
	return reply[0] == request[0][:2]+"10" && reply[39] != ""
}

func stamp(m message) {
	now := time.Now().UTC()
	m[7], m[12], m[13] = now.Format("0102150405"), now.Format("150405"), now.Format("0102")
}

func pad(s string, width int) string { return fmt.Sprintf("%-*.*s", width, width, s) }
