package host

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/security"
)

const (
	// maxEnrolled bounds what an open world learns from the wire, per kind, so
	// that a client which makes up numbers can't hold unlimited memory.
	maxEnrolled = 1_000_000

	// generous is the balance of an enrolled card's account, in major units.
	generous = 1_000_000

	// defaultPINTries is how many wrong PINs a card has before DE 39 = 75.
	defaultPINTries = 3
)

// terminal is a terminal as the running host knows it. What every request needs
// stands first, close together: it comes from memory that was not used for long.
type terminal struct {
	key       dialect.ID // what it is registered under
	id        string
	books     *ledger.Terminal
	merchant  *merchant
	mac       *security.MAC // of the working MAC key; nil: no keys
	asked     world.Chore   // what it has not done yet of what it is asked for
	status    world.TerminalStatus
	known     bool                  // named by the world, not enrolled
	algorithm security.MACAlgorithm // of mac

	facts *world.Terminal
	keys  security.SessionKeys // working keys; valid if mac is not nil
	ksn   security.KSN         // its last, under DUKPT; zero: none since the start

	settled *ledger.Kept // its last batch, while that may be uploaded; nil: it may not
}

type merchant struct {
	id      dialect.ID
	known   bool // named by the world, not enrolled
	facts   *world.Merchant
	account *ledger.Account
}

// card is a card with what happened to it.
type card struct {
	n       uint32 // card#n
	hash    uint64
	facts   *world.Card
	issuer  *world.Issuer // nil: nobody's range
	account *ledger.Account
	frozen  bool           // its account is
	use     ledger.CardUse // what its issuer counts; see keepUse
	chip    *security.Chip // checks its cryptograms; nil: not asked for yet, or keys unknown
}

// registry finds live entities by what a request carries.
type registry struct {
	terminals map[dialect.ID]*terminal
	merchants map[dialect.ID]*merchant
	cards     map[dialect.PAN]*card
	limited   map[uint64]*card    // those with limits, by the hash of the number
	foreign   map[uint64]struct{} // the hashes of those that are foreign
	enrolled  struct{ terminals, merchants, cards int }
}

func newRegistry(w *world.World, b *ledger.Book) registry {
	r := registry{
		terminals: make(map[dialect.ID]*terminal, len(w.Terminals)),
		merchants: make(map[dialect.ID]*merchant, len(w.Merchants)),
		cards:     make(map[dialect.PAN]*card, len(w.Cards)),
		limited:   make(map[uint64]*card),
		foreign:   make(map[uint64]struct{}),
	}
	for _, facts := range w.Merchants {
		m := &merchant{id: dialect.MakeID(facts.ID), known: true, facts: facts, account: openAccount(w, b, facts.Account, "merchant/"+facts.ID)}
		r.merchants[m.id] = m
	}
	// Sorted, so that card#n is the same in every run.
	for _, alias := range sortedKeys(w.Cards) {
		facts := w.Cards[alias]
		pan, err := dialect.ParsePAN(facts.PAN)
		if err != nil {
			continue // world.Validate has refused it already
		}
		c := &card{n: uint32(len(r.cards) + 1), hash: pan.Hash(), facts: facts, issuer: w.FindIssuer(facts.PAN)}
		c.use = b.CardUse(c.hash)
		c.account = openAccount(w, b, facts.Account, "card/"+alias)
		if a := w.Accounts[facts.Account]; a != nil {
			c.frozen = a.Frozen
		}
		r.cards[pan] = c
		r.noteForeign(facts.PAN, c.hash)
		if c.limited() {
			r.limited[c.hash] = c
		}
	}
	return r
}

// openAccount opens the account with the given alias, or one of its own where
// the world names none.
func openAccount(w *world.World, b *ledger.Book, alias, own string) *ledger.Account {
	if a := w.Accounts[alias]; a != nil {
		return b.EnsureAccount(alias, a.Currency, a.Balance, a.Held)
	}
	return b.EnsureAccount(own, w.Acquirer.Currency, 0, 0)
}

// enrolledCard is what an open world knows of every card that it enrols: nothing.
var enrolledCard = &world.Card{}

// findTerminal finds the terminal of the request, or enrols it. A nil result has
// refused the request.
func (c *call) findTerminal() *terminal {
	if t := c.found.terminal; t != nil {
		return t
	}
	r := &c.h.reg
	if t := r.terminals[c.req.Terminal]; t != nil {
		return t
	}
	id := c.req.Terminal.String()
	facts, known := c.h.world.Terminals[id]
	if !known {
		if c.h.strict {
			c.refuse(world.TerminalUnknown, "terminal "+id+" is not in the world (strict)")
			return nil
		}
		if r.enrolled.terminals >= maxEnrolled {
			c.refuse(world.TerminalUnknown, "the open world is full of terminals")
			return nil
		}
		r.enrolled.terminals++
		facts = &world.Terminal{ID: id, Merchant: c.req.Merchant.String()}
	}
	t := &terminal{
		key: c.req.Terminal, id: facts.ID, books: c.h.book.Terminal(facts.ID),
		asked: facts.Asked, status: facts.Status, known: known, facts: facts,
	}
	t.restoreKeys(c.d.MACAlgorithm(), c.h.masterKey(facts))
	if facts.Status == world.SignedOff {
		c.endSession(t)
	}
	r.terminals[c.req.Terminal] = t
	return t
}

// findMerchant finds the merchant that the request is for: the terminal's own,
// unless DE 42 names another. A nil result has refused the request.
func (c *call) findMerchant(t *terminal) *merchant {
	own := t.merchant
	if own == nil && t.facts.Merchant != "" {
		if own = c.merchantCalled(dialect.MakeID(t.facts.Merchant)); own == nil {
			return nil
		}
		t.merchant = own
	}
	named := c.req.Merchant
	if own != nil && (named.IsZero() || named == own.id) {
		return own
	}
	m := c.merchantCalled(named)
	if m == nil || own == nil {
		t.merchant = m
		return m
	}
	if c.h.strict || t.known && m.known {
		c.dec.Merchant = own.facts.ID
		c.refuse(world.TerminalOtherMerchant, fmt.Sprintf("terminal %s belongs to merchant %s, not %s", t.id, own.facts.ID, named))
		return nil
	}
	// In an open world a terminal may be set up anew for whom it likes.
	return m
}

// merchantCalled finds a merchant by its ID, or enrols it.
func (c *call) merchantCalled(id dialect.ID) *merchant {
	if m := c.h.reg.merchants[id]; m != nil {
		return m
	}
	if c.h.strict {
		c.refuse(world.MerchantUnknown, "merchant "+id.String()+" is not in the world (strict)")
		return nil
	}
	if c.h.reg.enrolled.merchants >= maxEnrolled {
		c.refuse(world.MerchantUnknown, "the open world is full of merchants")
		return nil
	}
	c.h.reg.enrolled.merchants++
	m := &merchant{
		id:      id,
		facts:   &world.Merchant{ID: id.String()},
		account: c.h.book.EnsureAccount("merchant/"+id.String(), c.h.world.Acquirer.Currency, 0, 0),
	}
	c.h.reg.merchants[id] = m
	return m
}

// findCard finds the card of the request, or enrols it. A nil result has
// declined the request.
func (c *call) findCard() *card {
	if k := c.found.card; k != nil {
		return k
	}
	k, why := c.cardCalled(c.req.Card)
	if k == nil {
		c.decline(world.CardUnknown, why)
	}
	return k
}

// cardCalled finds the card with the given number, or enrols it. A nil result
// comes with the reason.
func (c *call) cardCalled(pan dialect.PAN) (k *card, why string) {
	r := &c.h.reg
	if k := r.cards[pan]; k != nil {
		return k, ""
	}
	if c.h.strict {
		return nil, "the card is not in the world (strict)"
	}
	if r.enrolled.cards >= maxEnrolled {
		return nil, "the open world is full of cards"
	}
	digits := pan.Clear()
	issuer := c.h.world.FindIssuer(digits)
	r.enrolled.cards++
	cur := c.req.Currency
	if cur == 0 {
		cur = c.h.world.Acquirer.Currency
	}
	balance := int64(generous)
	for range cur.Decimals() {
		balance *= 10
	}
	hash := pan.Hash()
	k = &card{
		n: uint32(len(r.cards) + 1), hash: hash, issuer: issuer, facts: enrolledCard,
		// The name carries a hash: no book, file or event holds a clear PAN.
		account: c.h.book.EnsureAccount(fmt.Sprintf("card/%016x", hash), cur, balance, 0),
	}
	r.cards[pan] = k
	r.noteForeign(digits, hash)
	return k, ""
}
