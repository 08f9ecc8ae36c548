package terminal

import (
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// Messages are how a terminal words its transactions in one dialect: a template
// per transaction type. They are immutable but for TPDU and Header, and safe
// for concurrent use.
type Messages struct {
	// TPDU and Header go in front of every request. They are used where the
	// dialect's frame has them; nil: ones that a host of the dialect expects.
	TPDU, Header []byte

	d       *dialect.Dialect
	source  string
	withPIN map[int]template
	types   map[world.TransactionType]*message
}

// message is the template of one transaction type.
type message struct {
	mti    string
	needs  [][]string // all of them; of each, one
	fields map[int]template
	most   int // transactions that one message can hold
}

//go:embed messages
var embedded embed.FS

// MessagesFor returns the embedded messages for a dialect. A dialect that is
// not embedded gets those of the embedded one that it resembles most: whose
// messages it takes for what they are meant to be. If it takes none, the error
// says that a file is needed.
func MessagesFor(d *dialect.Dialect) (*Messages, error) {
	name, _, _ := strings.Cut(d.Name(), "/")
	if src, err := embedded.ReadFile("messages/" + name + ".yaml"); err == nil {
		return ParseMessages(d, name+".yaml", src)
	}
	entries, err := embedded.ReadDir("messages")
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	var best *Messages
	most := 0
	for _, e := range entries {
		src, err := embedded.ReadFile(path.Join("messages", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("terminal: %w", err)
		}
		m, err := ParseMessages(d, e.Name(), src)
		if err != nil {
			return nil, err
		}
		score := 3 * m.understood()
		if score == 0 {
			continue
		}
		// Of two that are understood alike, the one with such a frame.
		if d.Format().TPDU == (len(m.TPDU) > 0) {
			score++
		}
		if d.Format().Header == len(m.Header) {
			score++
		} else {
			m.Header = nil
		}
		if score > most {
			best, most = m, score
		}
	}
	if best == nil {
		return nil, fmt.Errorf("terminal: no embedded messages suit dialect %s: write a file of messages for it", d.Name())
	}
	return best, nil
}

// LoadMessages reads a user's file of messages for a dialect. Its mistakes are
// [strictyaml.Problems].
func LoadMessages(d *dialect.Dialect, file string) (*Messages, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("terminal: messages: %w", err)
	}
	return ParseMessages(d, file, src)
}

type messagesFile struct {
	Dialect  string                      `yaml:"dialect"`
	BasedOn  string                      `yaml:"based_on"` // embedded messages, which count where the file has none
	TPDU     hexText                     `yaml:"tpdu"`
	Header   hexText                     `yaml:"header"`
	WithPIN  strictyaml.Map[string]      `yaml:"with_pin"`
	Messages strictyaml.Map[messageFile] `yaml:"messages"`
	Place    strictyaml.Node
}

type messageFile struct {
	MTI    string                 `yaml:"mti,required"`
	Needs  []string               `yaml:"needs"`
	Fields strictyaml.Map[string] `yaml:"fields,required"`
	Block  *blockFile             `yaml:"block"` // several transactions in one message
	Place  strictyaml.Node
}

// blockFile says how a message holds several transactions.
type blockFile struct {
	Most   int    `yaml:"most,required"`
	Record string `yaml:"record,required"` // of one: what {records} repeats
	Place  strictyaml.Node
}

type hexText []byte

// UnmarshalText reads pairs of hexadecimal digits.
func (h *hexText) UnmarshalText(b []byte) (err error) {
	if *h, err = hex.DecodeString(string(b)); err != nil {
		return errors.New("bytes are wanted, as pairs of hexadecimal digits")
	}
	return nil
}

// ParseMessages reads a file of messages. The file name is for its errors,
// which are [strictyaml.Problems].
func ParseMessages(d *dialect.Dialect, file string, src []byte) (*Messages, error) {
	var f messagesFile
	var found strictyaml.Problems
	found.Add(strictyaml.Decode(file, src, &f))
	m := &Messages{
		TPDU: f.TPDU, Header: f.Header, d: d, source: file,
		types: map[world.TransactionType]*message{},
	}
	if f.BasedOn != "" {
		found.Add(m.base(&f))
	} else if len(f.Messages) == 0 {
		found.Add(f.Place.Errorf("there are no messages: name them under `messages`, or embedded ones under `based_on`"))
	}
	if len(f.TPDU) > 0 && len(f.TPDU) != frame.TPDUSize {
		found.Add(f.Place.At("tpdu").Errorf("a TPDU has %d bytes, not %d", frame.TPDUSize, len(f.TPDU)))
	}
	if len(f.WithPIN) > 0 || m.withPIN == nil {
		m.withPIN = parseFields(f.WithPIN, &found)
	}
	for _, e := range f.Messages {
		t, err := world.ParseTransactionType(e.Key)
		if err != nil {
			found.Add(e.AtKey.Errorf("%w", err).Suggest(e.Key, typeNames()))
			continue
		}
		m.types[t] = e.Value.compile(&found)
	}
	return m, found.Err()
}

// base takes over what the file that f is based on says.
func (m *Messages) base(f *messagesFile) error {
	at := f.Place.At("based_on")
	src, err := embedded.ReadFile("messages/" + f.BasedOn + ".yaml")
	if err != nil {
		var names []string
		for _, name := range dialect.Names() {
			if _, err := embedded.Open("messages/" + name + ".yaml"); err == nil {
				names = append(names, name)
			}
		}
		return at.Errorf("no embedded messages are called %q; there are those of %s", f.BasedOn, strings.Join(names, ", ")).
			Suggest(f.BasedOn, names)
	}
	b, err := ParseMessages(m.d, f.BasedOn+".yaml", src)
	if err != nil {
		return err
	}
	m.withPIN, m.types = b.withPIN, b.types
	if m.TPDU == nil {
		m.TPDU = b.TPDU
	}
	if m.Header == nil {
		m.Header = b.Header
	}
	return nil
}

func (f *messageFile) compile(found *strictyaml.Problems) *message {
	if len(f.MTI) != 4 || strings.Trim(f.MTI, "0123456789") != "" {
		found.Add(f.Place.At("mti").Errorf("an MTI has 4 digits, such as 0200"))
	}
	msg := &message{mti: f.MTI, fields: parseFields(f.Fields, found), most: 1}
	f.compileBlock(msg, found)
	for i, need := range f.Needs {
		names := strings.Split(need, "|")
		for _, name := range names {
			if needs[name] == nil {
				found.Add(f.Place.At("needs", i).Errorf("there is no value called %q to be needed", name).
					Suggest(name, slices.Sorted(maps.Keys(needs))))
			}
		}
		msg.needs = append(msg.needs, names)
	}
	return msg
}

// compileBlock lets {records} stand for as many records as there are.
func (f *messageFile) compileBlock(msg *message, found *strictyaml.Problems) {
	var records []*piece
	for _, t := range msg.fields {
		for i := range t {
			if t[i].isRecords {
				records = append(records, &t[i])
			}
		}
	}
	b := f.Block
	switch {
	case b == nil && len(records) > 0:
		found.Add(f.Place.At("fields").Errorf("{records} repeats a record that is not given: say what one holds, and how many there are at most, under `block`"))
	case b == nil:
	case len(records) == 0:
		found.Add(b.Place.Errorf("no field has {records} in it, so that these are sent nowhere"))
	case b.Most < 1 || b.Most > maxBlock:
		found.Add(b.Place.At("most").Errorf("one message holds 1 to %d transactions, not %d", maxBlock, b.Most))
	default:
		msg.most = b.Most
		record := parseAt(b.Place.At("record"), b.Record, found)
		if !record.ofOne() {
			found.Add(b.Place.At("record").Errorf("a record holds values of its own transaction, and neither {records} nor fields of an original"))
		}
		for _, r := range records {
			r.value = record.repeat
		}
	}
}

// maxBlock is the highest count of two digits.
const maxBlock = 99

func parseFields(m strictyaml.Map[string], found *strictyaml.Problems) map[int]template {
	all := map[int]template{}
	for _, e := range m {
		n, err := strconv.Atoi(e.Key)
		if err != nil || n < 2 || n > dialect.MaxField {
			found.Add(e.AtKey.Errorf("%q is no field number from 2 to %d", e.Key, dialect.MaxField))
			continue
		}
		all[n] = parseAt(e.At, e.Value, found)
	}
	return all
}

// parseAt is parseTemplate, and says where a mistake is.
func parseAt(at strictyaml.Node, s string, found *strictyaml.Problems) template {
	t, err := parseTemplate(s)
	var unknown *unknownNameError
	switch {
	case errors.As(err, &unknown):
		found.Add(at.Errorf("%w", err).Suggest(unknown.name, slices.Sorted(maps.Keys(values))))
	case err != nil:
		found.Add(at.Errorf("%w", err))
	}
	return t
}

func typeNames() (names []string) {
	for _, t := range world.TransactionTypes() {
		names = append(names, t.String())
	}
	return names
}

// Dialect returns the dialect that the messages are written in.
func (m *Messages) Dialect() *dialect.Dialect { return m.d }

// Source names the file that the messages come from.
func (m *Messages) Source() string { return m.source }

// Types lists the transaction types that there are messages for, in the order
// of [world.TransactionTypes].
func (m *Messages) Types() (all []world.TransactionType) {
	for _, t := range world.TransactionTypes() {
		if m.types[t] != nil {
			all = append(all, t)
		}
	}
	return all
}

// Needs returns what a transaction of this type must be given: of each element
// one of its names, such as "card" or "original_stan".
func (m *Messages) Needs(t world.TransactionType) [][]string {
	if msg := m.types[t]; msg != nil {
		return msg.needs
	}
	return nil
}

// understood counts the messages that the dialect takes for what they are.
func (m *Messages) understood() (n int) {
	p := Params{
		Terminal: "10000001", Merchant: "104110045110012", Card: Card{PAN: "6222020000000000"},
		HasAmount: true, Amount: 1000, Cash: 100, Tip: 100, Currency: world.CNY, STAN: 2, Batch: 1,
		Original: Original{STAN: 1}, Approval: "123456",
		Time: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	var req dialect.Request
	for t := range m.types {
		r, err := m.Request(t, p, nil)
		if err != nil {
			continue
		}
		if m.d.Read(frame.Frame{Body: r.Body}, &req) == nil && req.Type == t {
			n++
		}
	}
	return n
}
