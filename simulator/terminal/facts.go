package terminal

import (
	"slices"
	"strings"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
)

// facts are what requests and replies are matched by.
type facts struct {
	mti      uint16
	fields   map[int]string // without trailing spaces; only those that are there
	batch    uint32
	hasBatch bool
	read     dialect.Request
}

// compared are the fields that a reply has to repeat, by default: processing
// code, amount, STAN, terminal and merchant.
var compared = []int{3, 4, 11, 41, 42}

// The fields that say how a reply decides.
const (
	fieldSTAN     = 11
	fieldRRN      = 37
	fieldApproval = 38
	fieldCode     = 39
	fieldTerminal = 41
)

// readFacts reads a message. The error is a *dialect.FormatError; what could be
// read before it stands in the result.
func readFacts(d *dialect.Dialect, body []byte) (facts, error) {
	f := facts{fields: map[int]string{}}
	err := d.Read(frame.Frame{Body: body}, &f.read)
	f.mti, f.batch, f.hasBatch = f.read.MTI, f.read.Batch, f.read.HasBatch
	if err != nil {
		return f, err
	}
	m, err := d.Unpack(body)
	if err != nil {
		return f, err
	}
	for n := f.read.Index.Next(0); n > 0; n = f.read.Index.Next(n) {
		// A binary field that is no text is not compared.
		if text, err := m.GetString(n); err == nil {
			f.fields[n] = strings.TrimRight(text, " ")
		}
	}
	return f, nil
}

// answers reports whether f is a reply to the request q as far as message type,
// STAN and terminal tell. A host that does not repeat one of the two is
// believed about it.
func (f *facts) answers(q *facts) bool {
	due, ok := dialect.ReplyMTI(q.mti)
	return ok && f.mti == due && f.repeats(q, fieldSTAN) && f.repeats(q, fieldTerminal)
}

func (f *facts) repeats(q *facts, n int) bool {
	got, ok := f.fields[n]
	return !ok || got == q.fields[n]
}

// differs says in what a reply contradicts the request; empty: in nothing that
// is compared.
func (f *facts) differs(q *facts, compare []int) world.Bilingual {
	due, ok := dialect.ReplyMTI(q.mti)
	if !ok || f.mti != due {
		return world.Say("its message type is %04d, not %04d", "应答的报文类型是 %04d，不是 %04d", f.mti, due)
	}
	for _, n := range compare {
		sent, asked := q.fields[n]
		got, given := f.fields[n]
		switch {
		case asked && given && got != sent && !slices.Contains(compared, n):
			return world.Say("its field %d is not the one sent", "应答的 %d 域与发送的不同", n) // it may be a card number
		case asked && given && got != sent:
			return world.Say("its field %d is %s, not %s", "应答的 %d 域是 %s，不是 %s", n, got, sent)
		case asked && !given && n == fieldSTAN:
			return world.Say("it has no STAN (field 11)", "应答没有流水号（11 域）")
		}
	}
	return world.Bilingual{}
}

// checkMAC checks the MAC of a reply.
func (f *facts) checkMAC(d *dialect.Dialect, mac *security.MAC) transcript.MACResult {
	switch {
	case len(f.read.MAC) == 0:
		return transcript.MACAbsent
	case d.Verify(&f.read, mac):
		return transcript.MACOK
	default:
		return transcript.MACIsWrong
	}
}
