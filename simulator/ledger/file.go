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

// fileReader reads the records of one file.
type fileReader struct {
	f      *os.File
	r      *bufio.Reader
	name   string
	size   int64
	offset int64 // of the next record
	seed   uint32
	buf    []byte
}

// errBadRecord is why a record can't be used: torn, or damaged.
type errBadRecord string

func (e errBadRecord) Error() string { return string(e) }

// errNoHeader is a log whose header was not written to its end.
var errNoHeader = errors.New("ledger: the header is cut short")

// openReader opens a state file. The caller closes r.f, also where the error
// is errNoHeader.
func openReader(path, magic string, generation uint32) (*fileReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	r := &fileReader{f: f, r: bufio.NewReaderSize(f, 1<<18), name: path}
	if err := r.open(magic, generation); err != nil {
		if errors.Is(err, errNoHeader) {
			return r, err
		}
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

func (r *fileReader) open(magic string, generation uint32) error {
	info, err := r.f.Stat()
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	r.size = info.Size()
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
	if _, err := r.f.ReadAt(rest, r.offset); err != nil {
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
func (r *replayer) readLog(path string, generation uint32, last bool, stop func() error) (t tail, err error) {
	f, err := openReader(path, logMagic, generation)
	if f == nil {
		return tail{}, err
	}
	defer func() { err = errors.Join(err, f.f.Close()) }()
	if err != nil {
		if last {
			return tail{torn: f.size}, nil
		}
		return tail{}, &CorruptError{path, 0, "the header is cut short, and a newer log follows"}
	}
	r.known = false
	err = r.readAll(f, stop)
	if bad := errBadRecord(""); errors.As(err, &bad) {
		torn, terr := f.tornTail()
		switch {
		case terr != nil:
			return tail{}, terr
		case !torn:
			return tail{}, &CorruptError{path, f.offset, string(bad) + ", and good records follow"}
		case !last:
			return tail{}, &CorruptError{path, f.offset, string(bad) + ", and a newer log follows"}
		}
		err = nil
	}
	return tail{size: f.offset, torn: f.size - f.offset, seed: f.seed}, err
}

// readSnapshot fills an empty book from a snapshot, which must be whole.
func (r *replayer) readSnapshot(path string, generation uint32, stop func() error) (size int64, err error) {
	f, err := openReader(path, snapshotMagic, generation)
	if f == nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.f.Close()) }()
	if err == nil {
		err = r.readAll(f, stop)
	}
	if bad := errBadRecord(""); errors.As(err, &bad) || errors.Is(err, errNoHeader) {
		return 0, &CorruptError{path, f.offset, err.Error()}
	}
	if err == nil && !r.ended {
		return 0, &CorruptError{path, f.offset, "its end is missing"}
	}
	r.ended = false
	return f.size, err
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
