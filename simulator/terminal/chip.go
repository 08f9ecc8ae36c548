package terminal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
)

// ChipCard is the chip of a card whose issuer's master key is known, so that it
// can be simulated: it makes the cryptogram of a request (ARQC), checks the
// issuer's in the reply (ARPC), and has the last word at its second GENERATE AC.
// It simulates a card that decides to go online and has no opinion of its own
// but for Declines: no risk management, no offline PIN, no scripts. It is for one
// transaction at a time.
type ChipCard struct {
	// Declines makes the card refuse at its second GENERATE AC what the issuer
	// approved, as a card does whose own limits are reached.
	Declines bool

	// Counter is the application transaction counter (9F36) of the next
	// request; it advances with each.
	Counter uint16

	chip *security.Chip
	psn  string
}

// NewChipCard makes the chip of a card of the world. It fails with
// [ErrNoChipKey] where the world does not know the issuer's master key.
func NewChipCard(c *world.Card) (*ChipCard, error) {
	if len(c.IMKAC) == 0 {
		return nil, fmt.Errorf("terminal: %w", ErrNoChipKey)
	}
	issuer, err := security.NewKey(c.IMKAC)
	if err != nil {
		return nil, fmt.Errorf("terminal: the issuer's master key: %w", err)
	}
	scheme := security.CVN10
	if c.Derivation == world.DeriveEMVCSK {
		scheme = security.CVN18
	}
	chip, err := security.NewChip(scheme, issuer, c.PAN, c.PSN)
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	psn := c.PSN
	if psn == "" {
		psn = "00"
	}
	return &ChipCard{Counter: 1, chip: chip, psn: psn}, nil
}

// ErrNoChipKey says that a card's chip can't be simulated.
var ErrNoChipKey = errors.New("the world does not know the master key of the card's issuer (imk_ac)")

// ChipResult says what a chip made of the issuer's answer.
type ChipResult uint8

// The results.
const (
	ChipNotAsked    ChipResult = iota // no chip, or no reply to it
	ChipVerified                      // the ARPC in tag 91 is the issuer's
	ChipWrong                         // tag 91 is not the issuer's: the card declines
	ChipNotAnswered                   // the reply has no tag 91: the card goes by the terminal's word
	chipResults
)

var chipResultNames = [chipResults]string{
	ChipNotAsked: "not asked", ChipVerified: "verifies", ChipWrong: "wrong", ChipNotAnswered: "absent",
}

// String returns the result as one says it of an ARPC: "verifies".
func (r ChipResult) String() string {
	if r < chipResults {
		return chipResultNames[r]
	}
	return fmt.Sprintf("chip result(%d)", uint8(r))
}

// Text is String in both languages.
func (r ChipResult) Text() world.Bilingual {
	zh := [chipResults]string{ChipNotAsked: "未校验", ChipVerified: "正确", ChipWrong: "错误", ChipNotAnswered: "缺失"}
	if r < chipResults {
		return world.Bilingual{EN: r.String(), ZH: zh[r]}
	}
	return world.Same(r.String())
}

// asked is what a card asked its issuer.
type asked struct {
	card     *security.Chip
	data     security.ChipData
	declines bool
}

// AsksIssuer reports whether the card goes online in such a transaction. Voids
// and what is told afterwards do without it.
func AsksIssuer(t world.TransactionType) bool {
	switch t {
	case world.Inquiry, world.Sale, world.Cash, world.CashBack, world.PreAuth:
		return true
	}
	return false
}

// fieldSequence is DE 23, the card's sequence number.
const fieldSequence = 23

// addChip puts the card's question into the message.
func (m *Messages) addChip(t world.TransactionType, r *rendered, p *Params) (*asked, error) {
	c := p.Card.Chip
	if c == nil || m.d.ChipField() == 0 || !AsksIssuer(t) {
		return nil, nil
	}
	elements, err := c.elements(r, p)
	if err != nil {
		return nil, err
	}
	arqc, err := c.chip.ARQC(security.MakeChipData(elements...))
	if err != nil {
		return nil, err
	}
	data := security.MakeChipData(append([]security.Element{
		{Tag: security.TagCryptogram, Value: arqc[:]},
		{Tag: security.TagCryptogramKind, Value: []byte{0x80}},
	}, elements...)...)
	b, err := data.Encode()
	if err != nil {
		return nil, err
	}
	r.fields[m.d.ChipField()] = fmt.Sprintf("%X", b)
	if m.d.Defines(fieldSequence) {
		r.fields[fieldSequence] = "0" + c.psn
	}
	c.Counter++
	return &asked{c.chip, data, c.Declines}, nil
}

// What a plain terminal says of itself and of its checks: it stands in China
// (ISO 3166-1: 156), the holder was not verified offline, and the transaction
// went online by force of its amount (EMV Book 3, annex C).
var (
	terminalCountry = []byte{0x01, 0x56}
	terminalResults = []byte{0x00, 0x00, 0x00, 0x80, 0x00}
	cardProfile     = []byte{0x5C, 0x00}
	cardResults     = []byte{0x03, 0xA0, 0x00, 0x00}
)

// elements are the data elements that the cryptogram is made of.
func (c *ChipCard) elements(r *rendered, p *Params) ([]security.Element, error) {
	amount, err := packed(fmt.Sprintf("%012d", p.Amount))
	if err != nil {
		return nil, err
	}
	other, err := packed(fmt.Sprintf("%012d", p.Cash)) // cash-back
	if err != nil {
		return nil, err
	}
	currency, err := packed(fmt.Sprintf("%04d", uint16(p.Currency)))
	if err != nil {
		return nil, err
	}
	date, err := packed(clock(p.Time, "060102", "000000"))
	if err != nil {
		return nil, err
	}
	kind := []byte{0}
	if code := r.fields[3]; len(code) >= 2 {
		// The transaction type of EMV is the first two digits of the processing
		// code (EMV Book 3, annex A: tag 9C).
		if kind, err = packed(code[:2]); err != nil {
			return nil, err
		}
	}
	counter := binary.BigEndian.AppendUint16(nil, c.Counter)
	version := byte(10)
	if c.chip.Scheme() == security.CVN18 {
		version = 18
	}
	return []security.Element{
		{Tag: security.TagIssuerData, Value: append([]byte{6, 1, version}, cardResults...)},
		{Tag: security.TagUnpredictable, Value: unpredictable(p, counter)},
		{Tag: security.TagCounter, Value: counter},
		{Tag: security.TagTVR, Value: terminalResults},
		{Tag: security.TagDate, Value: date},
		{Tag: security.TagType, Value: kind},
		{Tag: security.TagAmount, Value: amount},
		{Tag: security.TagCurrency, Value: currency},
		{Tag: security.TagProfile, Value: cardProfile},
		{Tag: security.TagCountry, Value: terminalCountry},
		{Tag: security.TagAmountOther, Value: other},
	}, nil
}

// unpredictable is the terminal's unpredictable number (9F37). It depends on the
// transaction only, so that a run can be repeated.
func unpredictable(p *Params, counter []byte) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %06d %s %x", p.Terminal, p.STAN, p.Time, counter))
	return sum[:4]
}

func packed(digits string) ([]byte, error) {
	b, err := hex.DecodeString(digits)
	if err != nil {
		return nil, fmt.Errorf("chip data: %d characters are not pairs of digits", len(digits))
	}
	return b, nil
}
