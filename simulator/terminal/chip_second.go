package terminal

import (
	"bytes"
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
)

// SecondAC is what the card says at its second GENERATE AC, once the issuer has
// answered (EMV Book 3, 9.3): its last word.
type SecondAC struct {
	Approves   bool    // a transaction certificate (TC); false: it declines (AAC)
	Cryptogram [8]byte // tag 9F26
}

// Kind is "TC" or "AAC", as receipts name it.
func (s SecondAC) Kind() string {
	if s.Approves {
		return "TC"
	}
	return "AAC"
}

// String is the kind and the cryptogram in hexadecimal.
func (s SecondAC) String() string { return fmt.Sprintf("%s %X", s.Kind(), s.Cryptogram) }

// askCard lets the card have its say about a reply: it declines what the host
// approved if the issuer's cryptogram is wrong, as a card does that is given
// wrong issuer authentication data before its second GENERATE AC, or if it
// refuses there by itself.
func (x *Exchange) askCard() {
	chip := x.Request.chip
	if chip == nil {
		return
	}
	why := x.authenticate(chip)
	if why.EN == "" && chip.declines {
		why = world.Say("the card refuses at its second GENERATE AC", "卡片在第二次 GENERATE AC 时拒绝")
	}
	x.Second = chip.second(x.Outcome == Approved && why.EN == "")
	if why.EN != "" && x.Outcome == Approved {
		x.Outcome, x.Why = CardDeclined, why
	}
}

// authenticate lets the card check who answered, and says why it does not
// believe it; empty: it does, or can't tell.
func (x *Exchange) authenticate(chip *asked) (why world.Bilingual) {
	d, r := x.Request.Dialect, x.Reply
	x.Chip = ChipNotAnswered
	if !d.HasChip(&r.facts.read) {
		return why
	}
	reply, err := d.ChipData(&r.facts.read)
	if err != nil {
		x.Chip = ChipWrong
		return world.Say("the chip data of the reply can't be read", "应答的 IC 卡数据无法解析")
	}
	auth := reply.Get(security.TagIssuerAuth)
	if auth == nil {
		return why
	}
	x.Chip = ChipWrong
	code, ok, err := chip.card.Authentic(chip.data, auth)
	switch {
	case err != nil || !ok:
		return world.Say("the issuer's cryptogram (ARPC, in tag 91) is wrong", "发卡行密文（ARPC，标签 91）错误")
	case code != r.Code && len(r.Code) == len(code):
		return world.Say("the issuer's cryptogram says response code %q, the reply %q", "发卡行密文中的应答码是 %q，应答中的是 %q", code, r.Code)
	}
	x.Chip = ChipVerified
	return why
}

// What the card verification results, in 9F10, say of the second GENERATE AC
// (Visa's coding, as PBOC has it): a TC or an AAC, after an ARQC at the first.
const (
	secondWasTC  = 0x60
	secondWasAAC = 0x20
)

// second makes the cryptogram of the second GENERATE AC, of the elements of the
// first and the card verification results that have changed; nil: the card
// can't make one.
func (a *asked) second(approves bool) *SecondAC {
	results := byte(secondWasAAC)
	if approves {
		results = secondWasTC
	}
	issuer := bytes.Clone(a.data.Get(security.TagIssuerData))
	at := len(issuer) - len(cardResults) + 1
	if at < 0 {
		return nil
	}
	issuer[at] = results
	elements := []security.Element{{Tag: security.TagIssuerData, Value: issuer}}
	for _, tag := range []security.Tag{
		security.TagUnpredictable, security.TagCounter, security.TagTVR, security.TagDate, security.TagType,
		security.TagAmount, security.TagCurrency, security.TagProfile, security.TagCountry, security.TagAmountOther,
	} {
		elements = append(elements, security.Element{Tag: tag, Value: a.data.Get(tag)})
	}
	ac, err := a.card.ARQC(security.MakeChipData(elements...))
	if err != nil {
		return nil
	}
	return &SecondAC{approves, ac}
}
