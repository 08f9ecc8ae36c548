package ledger

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

// memoryLog keeps records as a log would: framed.
type memoryLog struct{ frames []byte }

func (l *memoryLog) Append(record []byte) { l.frames = appendFrame(l.frames, record) }

// seedFrames is a log with a record of every kind.
func seedFrames() []byte {
	log := &memoryLog{frames: appendFrame(nil, appendNames(nil))}
	b := New(Options{Log: log, MaxOpen: 5})
	card, merchant := b.EnsureAccount("card", world.CNY, 1000, 10), b.EnsureAccount("merchant", world.CNY, 0, 0)
	t := b.Terminal("T0000001")
	b.SetBatch(t, 3)
	b.SetSession(t, Session{Generation: 1, SignedOn: true, Keys: []byte{1, 2}})
	b.NextSerial(20_000)
	sell := func(stan uint32) *Txn {
		return b.Post(Txn{Terminal: t, Type: world.Sale, State: Posted, STAN: stan, Amount: 7, From: card, To: merchant, RRN: [12]byte{1}})
	}
	void := b.PostVoid(Txn{Terminal: t, State: Posted, STAN: 2}, sell(1))
	b.PostReversal(Txn{Terminal: t, STAN: 2, State: Posted}, void, true)
	sale := sell(4)
	b.Post(Txn{Terminal: t, Type: world.Refund, State: Posted, STAN: 5, Amount: 3, From: merchant, To: card, Original: sale})
	b.Consume(b.PostReversal(Txn{Terminal: t, STAN: 6}, nil, false))
	b.PostReversal(Txn{Terminal: t, STAN: 7, OriginalSTAN: 9}, nil, false)
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	hold := func(stan uint32, days int) *Hold {
		return b.PostHold(Txn{Terminal: t, State: Posted, STAN: stan, Amount: 9, From: card, At: now, Approval: [6]byte{'7'}}, "M1", now.AddDate(0, 0, days)).Hold
	}
	h := hold(10, 30)
	done := b.Post(Txn{Terminal: t, Type: world.Completion, State: Posted, STAN: 11, Amount: 8, From: card, To: merchant, At: now, Hold: h})
	b.PostReversal(Txn{Terminal: t, STAN: 12, State: Posted, At: now}, b.PostVoid(Txn{Terminal: t, Type: world.CompletionVoid, State: Posted, STAN: 12, At: now}, done), true)
	b.Post(Txn{Terminal: t, Type: world.Tip, State: Posted, STAN: 13, Amount: 10, Original: done})
	b.Post(Txn{Terminal: t, Type: world.PreAuthVoid, State: Posted, STAN: 14, Amount: 9, Hold: hold(14, 30)})
	hold(15, 1)
	b.Expire(now.AddDate(0, 0, 2))
	b.holds.forgetUsed()
	b.logForget()
	hold(16, 30)
	b.CloseBatch(t, 4)
	b.PostReversal(Txn{Terminal: t, STAN: 8, Invoice: 5}, nil, false)
	b.SetCardUse(1, CardUse{WrongPINs: 1, Day: 20_000, Spent: 7, Count: 1})
	return log.frames
}

// FuzzRecords carries out any records, framed. None may panic, and whatever
// book comes of them must survive a snapshot.
func FuzzRecords(f *testing.F) {
	f.Add(seedFrames())
	b := New(Options{})
	_, err := newReplayer(b).readLog(sealed(f, logMagic, seedFrames()), 1, true, never)
	require.NoError(f, err)
	var snapshot []byte
	require.NoError(f, b.records(func(r []byte) error { snapshot = appendFrame(snapshot, r); return nil }))
	f.Add(snapshot)
	f.Fuzz(func(t *testing.T, frames []byte) {
		b := New(Options{})
		r := newReplayer(b)
		for len(frames) > frameSize {
			n := min(uint64(le.Uint32(frames)), uint64(len(frames)-frameSize))
			if r.apply(frames[frameSize:frameSize+n]) != nil {
				break
			}
			frames = frames[frameSize+n:]
		}
		var file bytes.Buffer
		_, err := writeRecords(&file, 1, b, never)
		require.NoError(t, err)
		again := New(Options{})
		require.NoError(t, newReplayer(again).readSnapshot(sourceOf(file.Bytes()), 1, never))
		require.Equal(t, describe(b), describe(again))
	})
}

// sealed makes a file of frames.
func sealed(t testing.TB, magic string, frames []byte) source {
	header, seed, err := newHeader(magic, 1)
	require.NoError(t, err)
	frames = bytes.Clone(frames)
	seal(frames, seed)
	return sourceOf(append(header, frames...))
}

// FuzzFiles reads any bytes as a log and as a snapshot: never a panic, and an
// error says where.
func FuzzFiles(f *testing.F) {
	for _, magic := range []string{logMagic, snapshotMagic} {
		src := sealed(f, magic, seedFrames())
		whole := make([]byte, src.size)
		_, err := src.ReadAt(whole, 0)
		require.NoError(f, err)
		f.Add(whole)
		f.Add(whole[:len(whole)-3])
		f.Add(whole[:headerSize-3])
		whole = bytes.Clone(whole)
		whole[len(whole)/2] ^= 1
		f.Add(whole)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		end, err := newReplayer(New(Options{})).readLog(sourceOf(data), 1, true, never)
		var corrupt *CorruptError
		switch {
		case err == nil:
			require.Equal(t, int64(len(data)), end.size+end.torn)
		case errors.As(err, &corrupt):
			require.LessOrEqual(t, corrupt.Offset, int64(len(data)))
		default:
			require.ErrorContains(t, err, "has format version")
		}
		_ = newReplayer(New(Options{})).readSnapshot(sourceOf(data), 1, never)
	})
}

func TestSeedRecordsAreWhole(t *testing.T) {
	b := New(Options{})
	end, err := newReplayer(b).readLog(sealed(t, logMagic, seedFrames()), 1, false, never)
	require.NoError(t, err)
	require.Zero(t, end.torn)
	require.Equal(t, 1, b.open)
	require.Equal(t, 1, b.LiveHolds())
	require.Equal(t, 1, b.CardUse(1).WrongPINs)
}
