package host

import (
	"fmt"
	"slices"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/security"
)

// cardStates are what a card's status means for a request.
var cardStates = map[world.CardStatus]struct {
	outcome world.Outcome
	why     string
}{
	world.CardIsFrozen:     {world.CardFrozen, "the card is frozen"},
	world.CardIsLost:       {world.CardLost, "the card is reported lost"},
	world.CardIsStolen:     {world.CardStolen, "the card is reported stolen"},
	world.CardIsRestricted: {world.CardRestricted, "the card is restricted"},
	world.CardIsExpired:    {world.CardExpired, "the card has expired"},
}

// admitCard finds the card and asks its issuer whether it is in order. A false
// result has declined the request.
func (c *call) admitCard() bool {
	if !c.identifyCard() || !c.issuerAnswers(c.card.issuer) {
		return false
	}
	if o, why := c.cardTrouble(); why != "" {
		c.decline(o, why)
		return false
	}
	return c.verifyChip()
}

// identifyCard finds the card and whether its account can be posted to.
func (c *call) identifyCard() bool {
	if c.req.Card.IsZero() {
		c.decline(world.FormatError, "no card number: DE 2, 35 and 45 are absent")
		return false
	}
	k := c.findCard()
	if k == nil {
		return false
	}
	c.note(k)
	if cur := c.req.Currency; cur != 0 && cur != k.account.Currency {
		c.decline(world.WrongCurrency, fmt.Sprintf("DE 49 is %s, the account's currency is %s", cur.Alpha(), k.account.Currency.Alpha()))
		return false
	}
	return true
}

// cardTrouble says why the card may not do this; an empty reason: it may.
func (c *call) cardTrouble() (o world.Outcome, why string) {
	k, f := c.card, c.card.facts
	if s, bad := cardStates[f.Status]; bad {
		return s.outcome, s.why
	}
	if f.Expiry != "" && expired(f.Expiry, c.now.Year(), int(c.now.Month())) {
		return world.CardExpired, "the card expired at the end of " + f.Expiry[2:] + "/" + f.Expiry[:2]
	}
	if len(f.Permitted) > 0 && !slices.Contains(f.Permitted, c.req.Type) {
		return world.NotPermittedCard, fmt.Sprintf("the card may not do %s", c.req.Type)
	}
	if k.frozen {
		return world.AccountFrozen, "the account is frozen"
	}
	return 0, ""
}

// expired reports whether a YYMM expiry lies before the given month. Years are
// of this century.
func expired(yymm string, year, month int) bool {
	exp := 0
	for _, d := range []byte(yymm) {
		exp = exp*10 + int(d-'0')
	}
	return 2000+exp/100 < year || 2000+exp/100 == year && exp%100 < month
}

// issuerAnswers applies the issuer's state: down declines, slow answers later,
// silent declines when the host gives up on it.
func (c *call) issuerAnswers(i *world.Issuer) bool {
	if i == nil {
		return true
	}
	switch i.State {
	case world.IssuerIsDown:
		c.decline(world.IssuerDown, "issuer "+i.Alias+" is down")
		return false
	case world.IssuerSlow:
		c.dec.ReadyAt = c.now.Add(i.Delay)
	case world.IssuerIsSilent:
		c.decline(world.IssuerTimeout, "issuer "+i.Alias+" did not answer in time")
		c.dec.ReadyAt = c.now.Add(i.Delay)
		return false
	case world.IssuerUp:
	}
	return true
}

// verifyPIN checks the PIN block where there is one. What can't be verified
// is accepted, and the reason says so. The returned remark is empty when there
// is nothing to say.
func (c *call) verifyPIN() (remark string, ok bool) {
	if c.req.PINBlock == nil {
		return "", true
	}
	k := c.card
	key, ok := c.pinKey()
	if !ok {
		return "", false
	}
	if key.IsZero() {
		return "; PIN not verified: no PIN key was agreed", true
	}
	if k.facts.PIN == "" {
		return "; PIN not verified: the card's PIN is not known", true
	}
	pin, err := security.DecryptPIN(c.d.PINFormat(), key, c.req.PINBlock, c.req.Card.Clear())
	if err != nil {
		c.decline(world.PINBlockWrong, "the PIN block does not decrypt to a PIN: the PIN key is out of step, or the format is not "+c.d.PINFormat().String())
		return "", false
	}
	tries := k.facts.PINTries
	if tries == 0 {
		tries = defaultPINTries
	}
	wrong := &k.use.WrongPINs
	if *wrong >= tries {
		c.decline(world.PINTriesExceeded, fmt.Sprintf("the PIN was wrong %d times", *wrong))
		return "", false
	}
	if !pin.Equal(k.facts.PIN) {
		*wrong++
		c.keepUse(k)
		if *wrong >= tries {
			c.decline(world.PINTriesExceeded, fmt.Sprintf("the PIN is wrong for the %d. time", *wrong))
		} else {
			c.decline(world.IncorrectPIN, fmt.Sprintf("the PIN is wrong (%d of %d)", *wrong, tries))
		}
		return "", false
	}
	if *wrong > 0 {
		*wrong = 0
		c.keepUse(k)
	}
	return "; PIN verified", true
}

// withinLimits applies the card's limits of the business day. Purchases and
// pre-authorisations count; what a terminal tells by advice does not.
func (c *call) withinLimits(amount int64) bool {
	k := c.card
	if !k.limited() {
		return true
	}
	if day := c.h.today.at(c.now).day; k.use.Day != day {
		k.use.Day, k.use.Spent, k.use.Count = day, 0, 0
	}
	switch l := k.facts.Limits; {
	case l.Single > 0 && amount > l.Single:
		c.decline(world.ExceedsAmountLimit, "the amount exceeds the card's limit for one transaction")
	case l.Daily > 0 && amount > l.Daily-k.use.Spent:
		c.decline(world.ExceedsAmountLimit, "the amount exceeds what is left of the card's daily limit")
	case l.DailyCount > 0 && k.use.Count >= l.DailyCount:
		c.decline(world.ExceedsCountLimit, "the card has been used as often today as it may")
	default:
		return true
	}
	return false
}

// limited reports whether the card has limits. What others spend is not counted.
func (k *card) limited() bool { return k.facts.Limits != world.Limits{} }

// keepUse has the books keep what the card's issuer counts, over a restart. Only
// cards that the world names have a PIN or limits.
func (c *call) keepUse(k *card) { c.h.book.SetCardUse(k.hash, k.use) }

// spend takes an amount from the card's limits of today.
func (c *call) spend(amount int64) {
	if c.card.limited() {
		c.count(c.card, amount, 1)
	}
}

// count adds to what has been used of the card's limits of today.
func (c *call) count(k *card, amount int64, n int) {
	k.use.Spent += amount
	k.use.Count += n
	c.keepUse(k)
}

// unspend gives back what a transaction took from the card's limits of today.
// Restoring it, by reversing its void, takes it again.
func (c *call) unspend(undone *ledger.Txn) {
	k, about := c.card, undone.Original
	if k == nil { // a void, and its reversal, may come without the card
		id := undone.Card
		if id == 0 && about != nil {
			id = about.Card
		}
		k = c.h.reg.limited[id]
	}
	if k == nil || !k.limited() || k.use.Day != daysSinceEpoch(undone.At) {
		return
	}
	switch {
	case counts(undone.Type):
		c.count(k, -undone.Amount, -1)
	case undone.Type == world.PreAuthVoid, undone.Type == world.Void && about != nil && counts(about.Type):
		c.count(k, undone.Amount, 1)
	}
}

// counts reports whether transactions of a type count towards the card's
// limits.
func counts(t world.TransactionType) bool {
	return t == world.Sale || t == world.Cash || t == world.CashBack || t == world.PreAuth
}
