package ledger

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// A file begins with a header:
//
//	8  "acqsimL\n" for a log, "acqsimS\n" for a snapshot
//	4  format version
//	4  generation
//	8  random
//	4  CRC-32C of what precedes; seeds the records' own
//
// and goes on with records:
//
//	4  length of the payload
//	4  CRC-32C of length and payload
//	…  payload; its first byte is the kind
//
// Because of the random seed, nothing that a terminal sends can look like a
// record where a search for the next good one begins at any byte.
const (
	formatVersion = 1
	headerSize    = 28
	frameSize     = 8
	maxRecord     = 1 << 20 // bytes of payload

	logMagic      = "acqsimL\n"
	snapshotMagic = "acqsimS\n"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// CorruptError is a state file that is damaged in a way that no kill can
// cause. Nothing was changed on disk.
type CorruptError struct {
	File   string
	Offset int64 // of the first byte that can't be used
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("ledger: %s is damaged at byte %d: %s; restore the state directory from a copy, "+
		"or move it away to start with empty books", e.File, e.Offset, e.Reason)
}

// newHeader makes the header of a new file and returns the seed of its records.
func newHeader(magic string, generation uint32) (header []byte, seed uint32, err error) {
	header = le.AppendUint32([]byte(magic), formatVersion)
	header = le.AppendUint32(header, generation)
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, 0, fmt.Errorf("ledger: no random number for a state file: %w", err)
	}
	header = append(header, random[:]...)
	seed = crc32.Checksum(header, castagnoli)
	return le.AppendUint32(header, seed), seed, nil
}

// appendFrame wraps a payload, leaving the checksum to seal.
func appendFrame(b, payload []byte) []byte {
	b = le.AppendUint32(b, uint32(len(payload)))
	b = append(b, 0, 0, 0, 0)
	return append(b, payload...)
}

// seal fills in the checksums of whole frames.
func seal(frames []byte, seed uint32) {
	for len(frames) >= frameSize {
		end := frameSize + int(le.Uint32(frames))
		le.PutUint32(frames[4:], checksum(frames[:end], seed))
		frames = frames[end:]
	}
}

// checksum is that of one frame.
func checksum(frame []byte, seed uint32) uint32 {
	return crc32.Update(crc32.Update(seed, castagnoli, frame[:4]), castagnoli, frame[frameSize:])
}

// source is a state file to read.
type source struct {
	io.ReaderAt
	name string
	size int64
}

// withFile opens a state file for as long as read takes.
func withFile(path string, read func(source) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return read(source{f, path, info.Size()})
}

// fileReader reads the records of one file.
type fileReader struct {
	source
	r      *bufio.Reader
	offset int64 // of the next record
	seed   uint32
	buf    []byte
}

// errBadRecord is why a record can't be used: torn, or damaged.
type errBadRecord string

func (e errBadRecord) Error() string { return string(e) }

// errNoHeader is a file whose header was not written to its end.
var errNoHeader = errors.New("the header is cut short")

// newReader reads the header.
func newReader(f source, magic string, generation uint32) (*fileReader, error) {
	const most = 256 << 10
	buffered := bufio.NewReaderSize(io.NewSectionReader(f, 0, f.size), int(min(f.size, most)))
	r := &fileReader{source: f, r: buffered}
	return r, r.open(magic, generation)
}

func (r *fileReader) open(magic string, generation uint32) error {
	var h [headerSize]byte
	if _, err := io.ReadFull(r.r, h[:]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errNoHeader
		}
		return fmt.Errorf("ledger: reading %s: %w", r.name, err)
	}
	if string(h[:8]) != magic {
		return &CorruptError{r.name, 0, "it is not an acqsim state file of this kind"}
	}
	if v := le.Uint32(h[8:]); v != formatVersion {
		return fmt.Errorf("ledger: %s has format version %d, and this program reads version %d: "+
			"use the acqsim that wrote it, or another state directory", r.name, v, formatVersion)
	}
	r.seed = le.Uint32(h[24:])
	if crc32.Checksum(h[:24], castagnoli) != r.seed {
		return &CorruptError{r.name, 0, "the checksum of the header is wrong"}
	}
	if g := le.Uint32(h[12:]); g != generation {
		return &CorruptError{r.name, 12, fmt.Sprintf("it says that it is generation %d: a renamed file", g)}
	}
	r.offset = headerSize
	return nil
}

// next returns the next record's payload, valid until the next call. It
// returns io.EOF at the end, and errBadRecord for a record that can't be used.
func (r *fileReader) next() ([]byte, error) {
	left := r.size - r.offset
	if left == 0 {
		return nil, io.EOF
	}
	if left < frameSize {
		return nil, errBadRecord("a record is cut short")
	}
	if cap(r.buf) < frameSize {
		r.buf = make([]byte, 512)
	}
	if _, err := io.ReadFull(r.r, r.buf[:frameSize]); err != nil {
		return nil, fmt.Errorf("ledger: reading %s: %w", r.name, err)
	}
	n := int64(le.Uint32(r.buf))
	switch {
	case n == 0 || n > maxRecord:
		return nil, errBadRecord(fmt.Sprintf("a record can't have %d bytes", n))
	case frameSize+n > left:
		return nil, errBadRecord("a record is cut short")
	case frameSize+n > int64(cap(r.buf)):
		r.buf = append(make([]byte, 0, frameSize+n), r.buf[:frameSize]...)
	}
	frame := r.buf[:frameSize+n]
	if _, err := io.ReadFull(r.r, frame[frameSize:]); err != nil {
		return nil, fmt.Errorf("ledger: reading %s: %w", r.name, err)
	}
	if checksum(frame, r.seed) != le.Uint32(frame[4:]) {
		return nil, errBadRecord("the checksum of a record is wrong")
	}
	r.offset += frameSize + n
	return frame[frameSize:], nil
}

// tornTail reports whether nothing after the current record can be used, as
// after a write that a kill or a power cut interrupted.
func (r *fileReader) tornTail() (bool, error) {
	rest := make([]byte, r.size-r.offset)
	if _, err := r.ReadAt(rest, r.offset); err != nil {
		return false, fmt.Errorf("ledger: reading %s: %w", r.name, err)
	}
	for i := 1; i+frameSize < len(rest); i++ {
		n := int(le.Uint32(rest[i:]))
		kind := recordKind(rest[i+frameSize])
		if n == 0 || n > maxRecord || n > len(rest)-i-frameSize || kind == 0 || kind >= recordKindCount {
			continue
		}
		if checksum(rest[i:i+frameSize+n], r.seed) == le.Uint32(rest[i+4:]) {
			return false, nil
		}
	}
	return true, nil
}

// tail says where a log ended.
type tail struct {
	size int64  // up to which it can be used; 0: not even its header
	torn int64  // bytes after that
	seed uint32 // of its records
}

// readLog replays a log. Only the last log may have a torn tail.
func (r *replayer) readLog(f source, generation uint32, last bool, stop func() error) (tail, error) {
	l, err := newReader(f, logMagic, generation)
	if errors.Is(err, errNoHeader) && last {
		return tail{torn: f.size}, nil
	}
	if err == nil {
		r.known = false
		err = r.readAll(l, stop)
	}
	if bad := errBadRecord(""); errors.As(err, &bad) {
		torn, terr := l.tornTail()
		switch {
		case terr != nil:
			return tail{}, terr
		case !torn:
			return tail{}, &CorruptError{f.name, l.offset, string(bad) + ", and good records follow"}
		case !last:
			return tail{}, &CorruptError{f.name, l.offset, string(bad) + ", and a newer log follows"}
		}
		err = nil
	}
	if errors.Is(err, errNoHeader) {
		err = &CorruptError{f.name, 0, err.Error() + ", and a newer log follows"}
	}
	return tail{size: l.offset, torn: f.size - l.offset, seed: l.seed}, err
}

// readSnapshot fills an empty book from a snapshot, which must be whole.
func (r *replayer) readSnapshot(f source, generation uint32, stop func() error) error {
	s, err := newReader(f, snapshotMagic, generation)
	if err == nil {
		err = r.readAll(s, stop)
	}
	if bad := errBadRecord(""); errors.As(err, &bad) || errors.Is(err, errNoHeader) {
		return &CorruptError{f.name, s.offset, err.Error()}
	}
	if err == nil && !r.ended {
		return &CorruptError{f.name, s.offset, "its end is missing"}
	}
	r.ended = false
	return err
}

func (r *replayer) readAll(f *fileReader, stop func() error) error {
	for {
		start := f.offset
		record, err := f.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stop(); err != nil {
			return err
		}
		if err := r.apply(record); err != nil {
			return &CorruptError{f.name, start, err.Error()}
		}
	}
}
