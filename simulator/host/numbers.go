package host

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"time"
	"unsafe"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// number gives the request its retrieval reference number: the last digit of
// the year and the day of the year, then a number that no other request of
// the business day has (ISO 8583:1987, DE 37, suggests the Julian date).
func (c *call) number() {
	today := c.h.today.at(c.now)
	n := rrn(&today.prefix, c.h.book.NextSerial(today.day))
	c.dec.RRN = c.h.texts.put(n[:])
}

// today is what a number needs of a time. It is kept for a second: most
// requests find it made.
type today struct {
	unix   int64
	zone   *time.Location
	day    int32   // since the epoch, in the time's own zone
	prefix [4]byte // the last digit of the year, and the day of the year
}

func (y *today) at(t time.Time) *today {
	if unix, zone := t.Unix(), t.Location(); y.unix != unix || y.zone != zone {
		year, day := t.Year(), t.YearDay()
		*y = today{unix, zone, daysSinceEpoch(t),
			[4]byte{'0' + byte(year%10), '0' + byte(day/100), '0' + byte(day/10%10), '0' + byte(day%10)}}
	}
	return y
}

func rrn(prefix *[4]byte, serial uint64) [12]byte {
	var b [12]byte
	copy(b[:], prefix[:])
	for i := len(b) - 1; i > 4; i-- {
		b[i] = '0' + byte(serial%10)
		serial /= 10
	}
	// Beyond 99,999,999 in a day the first digit becomes a letter: DE 37 is
	// alphanumeric.
	const first = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	b[4] = first[serial%uint64(len(first))]
	return b
}

// approvalCode is hash(seed, terminal, n) as six digits, so that a terminal
// gets the same codes in every run, whatever others do. The hash is FNV-1a of
// the seed, n, and eight characters of the terminal.
func (c *call) approvalCode() string {
	var n [4 + 16]byte
	binary.BigEndian.PutUint32(n[:], c.terminal.books.Serial)
	c.req.Terminal.Append(n[4:4]) // the terminal's own text is far away
	v := fnv1a(c.h.seedHash, n[:4+8]) % 1_000_000
	var b [6]byte
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = '0' + byte(v%10)
		v /= 10
	}
	return c.h.texts.put(b[:])
}

// hashOfSeed is what every approval code's hash begins with.
func hashOfSeed(seed uint64) uint64 {
	const offset = 14695981039346656037 // of FNV-1a
	return fnv1a(offset, binary.BigEndian.AppendUint64(nil, seed))
}

// fnv1a goes on with a hash as hash/fnv does, whose state can't be kept.
func fnv1a(h uint64, b []byte) uint64 {
	const prime = 1099511628211
	for _, c := range b {
		h = (h ^ uint64(c)) * prime
	}
	return h
}

// texts makes small strings without an allocation for each: they share a piece
// of memory, in which nothing is ever written twice.
type texts struct{ free []byte }

func (t *texts) put(s []byte) string {
	const chunk = 4 << 10
	if len(t.free) < len(s) {
		t.free = make([]byte, max(chunk, len(s)))
	}
	n := copy(t.free, s)
	text := unsafe.String(unsafe.SliceData(t.free), n) //nolint:gosec // as strings.Builder does: never written again
	t.free = t.free[n:]
	return text
}

// daysSinceEpoch is the business day of t in t's own zone.
func daysSinceEpoch(t time.Time) int32 {
	_, offset := t.Zone()
	return int32((t.Unix() + int64(offset)) / (24 * 60 * 60))
}

// txn starts the ledger's record of this request.
func (c *call) txn() ledger.Txn {
	x := ledger.Txn{
		Terminal: c.terminal.books, Type: c.req.Type, Outcome: c.dec.Outcome,
		STAN: c.req.STAN, MTI: c.req.MTI, Processing: c.req.Processing,
		Amount: c.req.Amount, Currency: c.req.Currency,
		At: c.now, Invoice: c.req.Invoice,
	}
	if c.req.Type != world.Reversal {
		// A reversal may carry all that its original's key is made of.
		x.Key = c.req.DuplicateKey
	}
	if !c.req.Card.IsZero() {
		x.Card = c.req.Card.Hash()
	}
	copy(x.RRN[:], c.dec.RRN)
	copy(x.Approval[:], c.dec.Approval)
	return x
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
