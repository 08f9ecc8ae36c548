package journal

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// OpenFile is Persist to the file at path, which is made where it doesn't exist
// (for all to read: events are masked). A transcript that is there is continued
// behind a header of its own; a last line that a kill has torn is ended first.
// A file that is something else is left alone, with an error.
func (j *Journal) OpenFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	first, err := continueTranscript(f)
	if err != nil {
		return errors.Join(fmt.Errorf("journal: %s: %w", path, err), f.Close())
	}
	if err := j.persist(f, path, first); err != nil {
		return errors.Join(err, f.Close())
	}
	return nil
}

// continueTranscript makes sure that f is empty or a transcript, and returns
// what must be written to end its last line.
func continueTranscript(f *os.File) (first []byte, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return nil, nil
	}
	d := transcript.NewDecoder(io.NewSectionReader(f, 0, info.Size()), "")
	if _, err := d.Next(); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("this is not a transcript, so nothing is added to it; name another file: %w", err)
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil {
		return nil, err
	}
	if last[0] != '\n' {
		first = []byte("\n")
	}
	return first, nil
}
