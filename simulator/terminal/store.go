package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/acqsim/acqsim/simulator/durable"
)

// Store keeps a terminal's state. Load returns nil if there is none yet. When
// Save returns, a power cut can't undo it.
type Store interface {
	Load() (*State, error)
	Save(*State) error
}

// MemoryStore keeps a state for as long as the process lives. The zero value is
// empty.
type MemoryStore struct{ state *State }

// Load returns the state last saved.
func (m *MemoryStore) Load() (*State, error) {
	if m.state == nil {
		return nil, nil
	}
	return m.state.clone(), nil
}

// Save keeps a copy.
func (m *MemoryStore) Save(s *State) error {
	m.state = s.clone()
	return nil
}

// FileStore keeps a state in a file, which one process at a time can use. The
// file holds card numbers: only its owner can read it.
type FileStore struct {
	path string
	lock *os.File
}

// OpenFile opens a state file, which need not exist yet. Beside it is a lock,
// PATH.lock; if another process holds that, the error is [ErrInUse].
func OpenFile(path string) (*FileStore, error) {
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("terminal: state: %w", err)
	}
	mine, err := durable.Lock(lock)
	if err == nil && !mine {
		err = ErrInUse
	}
	if err != nil {
		return nil, fmt.Errorf("terminal: state %s: %w", path, errors.Join(err, lock.Close()))
	}
	return &FileStore{path, lock}, nil
}

// ErrInUse says that another process uses a state file.
var ErrInUse = errors.New("another process uses it: wait for its end, or give this terminal a file of its own")

// Load reads the file; nil if there is none.
func (f *FileStore) Load() (*State, error) {
	b, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("terminal: state: %w", err)
	}
	s, err := ParseState(b)
	if err != nil {
		return nil, fmt.Errorf("terminal: state %s: %w; restore it, or move it away to begin with an empty batch", f.path, err)
	}
	return s, nil
}

// Save replaces the file, durably.
func (f *FileStore) Save(s *State) error {
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return fmt.Errorf("terminal: state: %w", err)
	}
	if err := durable.WriteFile(f.path, append(b, '\n')); err != nil {
		return fmt.Errorf("terminal: state: %w", err)
	}
	return nil
}

// Close lets other processes use the file.
func (f *FileStore) Close() error {
	if err := f.lock.Close(); err != nil {
		return fmt.Errorf("terminal: state: %w", err)
	}
	return nil
}

// ParseState reads a state as a [FileStore] writes it. Its errors show none of
// the content.
func ParseState(b []byte) (*State, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	s := &State{}
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("it is no state of a terminal, at byte %d", d.InputOffset())
	}
	switch {
	case d.More():
		return nil, fmt.Errorf("something follows the state, at byte %d", d.InputOffset())
	case s.Version != stateVersion:
		return nil, fmt.Errorf("its version is %d, this program reads %d", s.Version, stateVersion)
	case s.STAN > 999_999 || s.Batch > 999_999:
		return nil, errors.New("a STAN or batch number has more than 6 digits")
	}
	s.total()
	return s, nil
}
