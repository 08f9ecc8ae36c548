package ledger

import (
	"maps"
	"slices"
)

// CardUse is what has been done with a card that its issuer counts.
type CardUse struct {
	WrongPINs int   // since the last right one
	Day       int32 // business day of Spent and Count, in days since the epoch
	Spent     int64 // towards the daily limit, minor units
	Count     int   // transactions towards the daily limit
}

// CardUse returns what [Book.SetCardUse] has noted of a card, by the hash of its
// number; the zero CardUse if nothing.
func (b *Book) CardUse(card uint64) CardUse { return b.cards[card] }

// SetCardUse notes what has been done with a card. The book keeps one record
// for each card that it is told of: tell it only of cards that have something
// to count.
func (b *Book) SetCardUse(card uint64, u CardUse) {
	if b.cards[card] == u {
		return
	}
	b.keepCardUse(card, u)
	if b.o.Log != nil {
		b.send(appendCardUse(b.record, card, u))
	}
}

func (b *Book) keepCardUse(card uint64, u CardUse) {
	if b.cards == nil {
		b.cards = map[uint64]CardUse{}
	}
	b.cards[card] = u
}

// usedCards lists the cards that the book was told of.
func (b *Book) usedCards() []uint64 { return slices.Sorted(maps.Keys(b.cards)) }

func appendCardUse(b []byte, card uint64, u CardUse) []byte {
	b = le.AppendUint64(append(b, byte(recordCard)), card)
	b = le.AppendUint64(b, uint64(u.WrongPINs))
	b = le.AppendUint32(b, uint32(u.Day))
	b = le.AppendUint64(b, uint64(u.Spent))
	return le.AppendUint64(b, uint64(u.Count))
}

// card reads what appendCardUse wrote.
func (r *replayer) card(d *decoder) {
	card := d.u64()
	u := CardUse{WrongPINs: int(d.i64()), Day: d.i32(), Spent: d.i64(), Count: int(d.i64())}
	if d.done() {
		r.book.keepCardUse(card, u)
	}
}
