package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"

	"github.com/acqsim/acqsim/simulator/durable"
)

// records yields the whole book as records, oldest things first. A record is
// valid until the next.
func (b *Book) records(yield func([]byte) error) error {
	var buf []byte
	put := func(record []byte) error {
		buf = record
		return yield(record)
	}
	if err := put(appendNames(buf[:0])); err != nil {
		return err
	}
	for _, d := range b.days {
		if err := put(appendSerials(buf[:0], d.day, d.next)); err != nil {
			return err
		}
	}
	for _, a := range b.accounts {
		if err := put(appendAccount(buf[:0], a)); err != nil {
			return err
		}
	}
	for _, h := range b.keptHolds() {
		if err := put(appendHeld(buf[:0], h)); err != nil {
			return err
		}
	}
	for _, card := range b.usedCards() {
		if err := put(appendCardUse(buf[:0], card, b.cards[card])); err != nil {
			return err
		}
	}
	at := make([]int, len(b.terminals)) // by terminal, the next open transaction to write
	for _, t := range b.terminals {
		if err := put(appendBooks(buf[:0], t)); err != nil {
			return err
		}
		if err := t.settlements(func(kind recordKind) []byte { return le.AppendUint32(append(buf[:0], byte(kind)), t.n) }, put); err != nil {
			return err
		}
	}
	for _, s := range b.queue[b.head:] {
		if !b.isOpen(s) {
			continue
		}
		x := b.terminals[s.terminal].open.nth(at[s.terminal])
		at[s.terminal]++
		if err := put(b.appendOpen(buf[:0], x)); err != nil {
			return err
		}
	}
	return put(le.AppendUint32(append(buf[:0], byte(recordEnd)), uint32(b.open)))
}

// keptHolds lists the holds that are known, and those that only an open
// transaction knows of, oldest first.
func (b *Book) keptHolds() []*Hold {
	all := maps.Clone(b.holds.byID)
	for _, t := range b.terminals {
		for x := range t.open.from(0) {
			if h := x.Hold; h != nil && h.at < 0 {
				if all == nil {
					all = map[uint32]*Hold{}
				}
				all[h.id] = h
			}
		}
	}
	return inOrder(all)
}

// settlements yields what the terminal's books are followed by: how its closed
// batches were settled, and what it said about the open one.
func (t *Terminal) settlements(about func(recordKind) []byte, put func([]byte) error) error {
	for i := range t.closed {
		c := &t.closed[i]
		if c.Settlement == nil {
			continue
		}
		if err := put(appendSettlement(about(recordSettle), uint32(i), 0, c.Settlement)); err != nil {
			return err
		}
	}
	if t.Told == nil {
		return nil
	}
	return put(appendTotals(about(recordTold), *t.Told))
}

// appendOpen writes an open transaction, without an original that has left.
func (b *Book) appendOpen(buf []byte, x *Txn) []byte {
	var flags byte
	if x.marks&unmatched != 0 {
		flags = flagRemember
	}
	if x.marks&marksOfUpload != 0 {
		flags |= flagUploaded
	}
	original := x.Original
	if original != nil && b.hasLeft(original) {
		original = nil
	}
	if x.Adjusted != 0 {
		flags |= flagAdjusted
	}
	buf = le.AppendUint64(appendTxn(buf, recordOpen, x, original, x.Hold, flags), uint64(x.Refunded))
	if x.Adjusted != 0 {
		buf = le.AppendUint64(buf, uint64(x.Adjusted))
	}
	if flags&flagUploaded != 0 {
		buf = append(buf, byte(x.marks&marksOfUpload))
	}
	return buf
}

// writeSnapshot writes a book under a temporary name, makes sure that it is on
// the disk, and only then gives it its name.
func writeSnapshot(dir string, generation uint32, b *Book, stop func() error) (size int64, err error) {
	path := snapshotPath(dir, generation)
	tmp := path + tmpSuffix
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("ledger: %w", err)
	}
	size, err = writeRecords(f, generation, b, stop)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return 0, fmt.Errorf("ledger: writing %s: %w", path, errors.Join(err, os.Remove(tmp)))
	}
	return size, durable.SyncDir(dir)
}

func writeRecords(f io.Writer, generation uint32, b *Book, stop func() error) (size int64, err error) {
	w := bufio.NewWriterSize(f, 1<<18)
	header, seed, err := newHeader(snapshotMagic, generation)
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(header); err != nil {
		return 0, err
	}
	size = int64(len(header))
	var frame []byte
	err = b.records(func(record []byte) error {
		if err := stop(); err != nil {
			return err
		}
		if len(record) > maxRecord {
			return errTooLong
		}
		frame = appendFrame(frame[:0], record)
		seal(frame, seed)
		size += int64(len(frame))
		_, err := w.Write(frame)
		return err
	})
	if err != nil {
		return 0, err
	}
	return size, w.Flush()
}
