package host

import (
	"errors"
	"strings"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
)

// chipState is what the host knows about a request's cryptogram.
type chipState uint8

const (
	chipUnread   chipState = iota
	chipUnproved           // it can't be told; the remark says why
	chipRight
	chipWrong
)

// chipCheck is the chip's side of a request.
type chipCheck struct {
	state  chipState
	data   security.ChipData
	remark string
}

// answersChip reports whether the request is one whose reply reaches the chip.
// What is told afterwards, by an advice or a reversal, finds the card gone.
func (c *call) answersChip() bool {
	class, function := c.req.MTI/100%10, c.req.MTI/10%10
	return (class == 1 || class == 2) && function == 0 && c.d.HasChip(c.req)
}

// readChip verifies the cryptogram (9F26) where the card's keys are known. It
// wants the card.
func (c *call) readChip() {
	if c.chip.state != chipUnread {
		return
	}
	c.chip.state = chipUnproved
	data, err := c.d.ChipData(c.req)
	if err != nil {
		c.chip.remark = unproved(err)
		return
	}
	c.chip.data = data
	chip, err := c.card.secrets()
	if err == nil {
		var right bool
		if right, err = chip.Verify(data); err == nil {
			c.chip.state, c.chip.remark = chipWrong, ""
			if right {
				c.chip.state, c.chip.remark = chipRight, "; cryptogram verified"
			}
			return
		}
	}
	c.chip.remark = unproved(err)
}

func unproved(err error) string {
	return "; cryptogram not verified, and none sent: " + strings.TrimPrefix(err.Error(), "security: ")
}

var errNoChipKey = errors.New("the issuer's master key is not known to the world (imk_ac)")

// secrets returns what checks the card's cryptograms.
func (k *card) secrets() (*security.Chip, error) {
	if k.chip != nil {
		return k.chip, nil
	}
	if len(k.facts.IMKAC) == 0 {
		return nil, errNoChipKey
	}
	issuer, err := security.NewKey(k.facts.IMKAC)
	if err != nil {
		return nil, err
	}
	scheme := security.CVN10
	if k.facts.Derivation == world.DeriveEMVCSK {
		scheme = security.CVN18
	}
	k.chip, err = security.NewChip(scheme, issuer, k.facts.PAN, k.facts.PSN)
	return k.chip, err
}

// verifyChip declines a wrong cryptogram: a cloned card, or data that was
// changed on the way. What can't be verified is accepted, and the reason says so.
func (c *call) verifyChip() bool {
	if !c.answersChip() {
		return true
	}
	if c.readChip(); c.chip.state == chipWrong {
		c.decline(world.CryptogramWrong, "the chip's cryptogram (9F26) does not verify with the issuer's master key")
		return false
	}
	return true
}

// ofIssuer reports whether an outcome is the issuer's: only then there is a
// cryptogram of the issuer's in the reply.
func ofIssuer(o world.Outcome) bool {
	switch o {
	case world.Approved, world.CardExpired, world.CardFrozen, world.CardLost, world.CardStolen, world.CardRestricted,
		world.NotPermittedCard, world.AccountFrozen, world.InsufficientFunds, world.ExceedsAmountLimit,
		world.ExceedsCountLimit, world.IncorrectPIN, world.PINTriesExceeded, world.DoNotHonour:
		return true
	}
	return false
}

// answerChip puts into the reply what the chip waits for: its counter (9F36) as
// it came, and the issuer authentication data (91) where they can be made right.
// A guess would have a real card decline what the host approved.
func (c *call) answerChip() {
	if c.card == nil || !c.answersChip() {
		return
	}
	c.readChip()
	c.dec.Why += c.chip.remark
	var elements []security.Element
	if atc := c.chip.data.Get(security.TagCounter); atc != nil {
		elements = append(elements, security.Element{Tag: security.TagCounter, Value: atc})
	}
	if c.chip.state == chipRight && ofIssuer(c.dec.Outcome) {
		auth, err := c.card.chip.IssuerAuth(c.chip.data, arpcCode(c.d.Code(c.req.MTI, c.dec.Outcome), c.dec.Outcome))
		if err != nil {
			c.dec.Why += unproved(err)
		} else {
			elements = append(elements, security.Element{Tag: security.TagIssuerAuth, Value: auth})
		}
	}
	if len(elements) == 0 {
		return
	}
	chip, err := security.MakeChipData(elements...).Encode()
	if err != nil {
		c.dec.Why += unproved(err)
		return
	}
	c.dec.Chip = chip
}

// arpcCode is the response code that the ARPC is made of: that of DE 39, or,
// where the dialect's are longer, EMV's own for approved and declined (EMV Book
// 4, A6).
func arpcCode(code string, o world.Outcome) string {
	switch {
	case len(code) == 2:
		return code
	case o == world.Approved:
		return "00"
	default:
		return "05"
	}
}
