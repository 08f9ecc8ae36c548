// Package dialect knows the languages that terminals and hosts speak: how a
// message is laid out (in moov-io/iso8583's own spec format), how it is framed,
// and the conventions on top of both, such as which message is a sale, which
// fields a reply repeats, and which code stands for which outcome.
//
// A dialect is one YAML file. [Load] returns an embedded one, [LoadFile] a
// user's own, [Lint] says everything that is wrong with one.
//
// Messages are read twice, for two purposes. On the server's path
// [Dialect.Read] makes an index of field offsets over the raw bytes and reads
// the facts that a host needs, and [Dialect.AppendReply] splices the reply from
// them: nothing is copied that need not be, and nothing is allocated. Where a
// message is shown, built or edited, [Dialect.Unpack], [Dialect.View] and
// [Dialect.Build] go through moov. Both ways accept and reject the same
// messages; a fuzz target holds them to it.
//
// To add a convention: its key in file.go, its check in lint.go, its compiled
// form in conventions.go, and its use in read.go (a fact of a request) or
// reply.go (a part of the answer).
package dialect

import (
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/moov-io/iso8583"
)

// Dialect is one compiled dialect. It is immutable and safe for concurrent use.
type Dialect struct {
	name     string
	title    world.Bilingual
	format   frame.Format
	spec     *iso8583.MessageSpec
	variants []string
	charset  string
	numbers  string

	mti    layout
	bitmap bitmapLayout
	fields [MaxField + 1]layout
	names  [MaxField + 1]world.Bilingual
	parts  map[int][]part

	conv    conventions
	route   route
	codes   codeTable
	actions bool // codes are action codes; see EndTellsBalance
	masks   [MaxField + 1]maskKind
	masked  [2]uint64 // those of masks that are not keep, as Index.present
	secrets *secretLists

	path string // of a user's dialect
	src  []byte
}

// Name returns the dialect's name, such as "unionpay-pos", with the variant
// after a slash if it is one.
func (d *Dialect) Name() string { return d.name }

// File returns the path that a user's dialect was loaded by, and the text of the
// file: LoadText loads it again. Of an embedded dialect both are empty.
func (d *Dialect) File() (path string, src []byte) { return d.path, d.src }

// Title describes the dialect for people.
func (d *Dialect) Title() world.Bilingual { return d.title }

// Format returns how the dialect's messages are framed.
func (d *Dialect) Format() frame.Format { return d.format }

// Variants lists the named frame variants of the dialect: Load takes
// "name/variant".
func (d *Dialect) Variants() []string { return append([]string(nil), d.variants...) }

// Encodings returns the names of the encodings that Text and Number stand for:
// of a charset, and of digits.
func (d *Dialect) Encodings() (text, number string) { return d.charset, d.numbers }

// Character returns what a byte of a message is as a character of the dialect's
// charset, or a dot where that is not a printable one of ASCII.
func (d *Dialect) Character(b byte) byte {
	if e, ok := charsets[d.charset].(pageEncoder); ok {
		b = e.page.toText[b]
	}
	if b < ' ' || b > '~' {
		return '.'
	}
	return b
}

// Spec returns the message spec for use with moov-io/iso8583. It is shared: do
// not change it.
func (d *Dialect) Spec() *iso8583.MessageSpec { return d.spec }

// WithFrame returns a dialect that differs in its frame only, for listeners
// that override it.
func (d *Dialect) WithFrame(f frame.Format) (*Dialect, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	changed := *d
	changed.format = f
	return &changed, nil
}

// WithMACPolicy returns a dialect that differs in its MAC policy only.
func (d *Dialect) WithMACPolicy(p security.MACPolicy) *Dialect {
	changed := *d
	changed.conv.macPolicy = p
	return &changed
}

// WithFollowedBatches returns a dialect that differs in this only: a terminal
// that comes with another batch number than the open one is followed.
func (d *Dialect) WithFollowedBatches() *Dialect {
	changed := *d
	changed.conv.followBatch = true
	return &changed
}

// FieldName returns the names of a field, or empty ones if the dialect does not
// define it.
func (d *Dialect) FieldName(n int) world.Bilingual {
	if n < 0 || n > MaxField {
		return world.Bilingual{}
	}
	return d.names[n]
}

// Defines reports whether the dialect has field n (2 to 128).
func (d *Dialect) Defines(n int) bool {
	return n >= 2 && n <= MaxField && d.fields[n].defined
}

// MACPolicy returns what the host does about the MAC of a request.
func (d *Dialect) MACPolicy() security.MACPolicy { return d.conv.macPolicy }

// MACAlgorithm returns how MACs are computed. It means nothing where the policy
// is off.
func (d *Dialect) MACAlgorithm() security.MACAlgorithm { return d.conv.macAlgorithm }

// MACField returns the number of the MAC field, or 0 if the dialect has none.
func (d *Dialect) MACField() int { return int(d.conv.macField) }

// PINFormat returns the format of DE 52.
func (d *Dialect) PINFormat() security.PINFormat { return d.conv.pinFormat }

// RememberUnmatched reports whether a reversal without original is remembered,
// so that its original is declined when it arrives after all.
func (d *Dialect) RememberUnmatched() bool { return d.conv.rememberUnmatched }

// RepeatsAnswer reports whether a duplicate request gets the first answer
// again; otherwise it is declined as a duplicate.
func (d *Dialect) RepeatsAnswer() bool { return d.conv.repeatsAnswer }

// TellsBatch reports whether the reply to a sign-on tells the terminal its batch
// number.
func (d *Dialect) TellsBatch() bool {
	n := uint(d.conv.batch.field)
	return n > 0 && d.conv.batch.length > 0 && d.conv.replies[networkClass].echo[(n-1)/64]&(1<<(63-(n-1)%64)) != 0
}

// KeyDownload returns the form of working keys that a sign-on asks for; false
// if it asks for none.
func (d *Dialect) KeyDownload(req *Request) (security.Download, bool) {
	if req.Type != world.SignOn {
		return 0, false
	}
	for _, k := range d.conv.downloads {
		if k.code == req.NetworkCode {
			return k.form, true
		}
	}
	return 0, false
}

// Code returns the response code (DE 39) that stands for an outcome in the reply
// to a message of the given type, or in a message of that type. In ISO 8583:1993
// the class of the message makes a difference.
func (d *Dialect) Code(mti uint16, o world.Outcome) string { return d.codes[classOf(firstMTI(mti))][o] }

// HasKeys reports whether terminal and host can come to the same keys: by
// download or by DUKPT. Without them no MAC can be checked.
func (d *Dialect) HasKeys() bool { return len(d.conv.downloads) > 0 || d.DUKPT() }

// Verify reports whether the request's MAC is right under m; false if it has
// none.
func (d *Dialect) Verify(req *Request, m *security.MAC) bool {
	n := int(d.conv.macField)
	if m == nil || len(req.MAC) == 0 || !req.Index.Has(n) {
		return false
	}
	return m.Verify(req.MAC, req.Frame.Body[:req.Index.fields[n].start])
}
