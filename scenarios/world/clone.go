package world

import (
	"maps"
	"slices"
)

// New returns an empty world, whose accounts are in CNY.
func New() *World {
	return &World{
		Acquirer:  Acquirer{Currency: CNY},
		Merchants: map[string]*Merchant{},
		Terminals: map[string]*Terminal{},
		Cards:     map[string]*Card{},
		Accounts:  map[string]*Account{},
		Issuers:   map[string]*Issuer{},
		Holidays:  map[string]*Holidays{},

		Parameters:   map[string]string{},
		PublicKeys:   map[string]*PublicKey{},
		Applications: map[string]*ChipApplication{},
	}
}

// Clone returns a deep copy; only time zones, which never change, are shared.
func (w *World) Clone() *World {
	c := New()
	c.Acquirer = w.Acquirer
	c.Acquirer.BaseKey = slices.Clone(w.Acquirer.BaseKey)
	c.Merge(w)
	return c
}

// Merge adds deep copies of everything that over names to w, in place of what
// w has under the same name. The acquirer stays w's own. The result may need
// Validate, since over can name what neither has.
func (w *World) Merge(over *World) {
	mergeInto(&w.Merchants, over.Merchants, (*Merchant).clone)
	mergeInto(&w.Terminals, over.Terminals, (*Terminal).clone)
	mergeInto(&w.Cards, over.Cards, (*Card).clone)
	mergeInto(&w.Accounts, over.Accounts, func(a *Account) *Account { c := *a; return &c })
	mergeInto(&w.Issuers, over.Issuers, (*Issuer).clone)
	mergeInto(&w.Holidays, over.Holidays, (*Holidays).clone)
	mergeInto(&w.PublicKeys, over.PublicKeys, (*PublicKey).clone)
	mergeInto(&w.Applications, over.Applications, (*ChipApplication).clone)
	if w.Parameters == nil {
		w.Parameters = make(map[string]string, len(over.Parameters))
	}
	maps.Copy(w.Parameters, over.Parameters)
}

func mergeInto[V any](to *map[string]*V, from map[string]*V, clone func(*V) *V) {
	if *to == nil {
		*to = make(map[string]*V, len(from))
	}
	for k, v := range from {
		if v != nil {
			(*to)[k] = clone(v)
		}
	}
}

func (m *Merchant) clone() *Merchant {
	c := *m
	c.Permitted = slices.Clone(m.Permitted)
	if m.Hours != nil {
		h := *m.Hours
		h.Holiday = slices.Clone(h.Holiday)
		h.Weekly = maps.Clone(h.Weekly)
		for day, windows := range h.Weekly {
			h.Weekly[day] = slices.Clone(windows)
		}
		c.Hours = &h
	}
	return &c
}

func (t *Terminal) clone() *Terminal {
	c := *t
	c.MasterKey = slices.Clone(t.MasterKey)
	return &c
}

func (c *Card) clone() *Card {
	d := *c
	d.Permitted = slices.Clone(c.Permitted)
	d.IMKAC = slices.Clone(c.IMKAC)
	return &d
}

func (i *Issuer) clone() *Issuer {
	c := *i
	c.BINs = slices.Clone(i.BINs)
	return &c
}

func (h *Holidays) clone() *Holidays {
	c := *h
	c.Days = maps.Clone(h.Days)
	return &c
}
