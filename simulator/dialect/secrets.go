package dialect

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// secretKind is what masking hid.
type secretKind uint8

const (
	noSecret secretKind = iota
	panSecret
	trackSecret
	pinSecret
	keySecret
)

var secretNames = [...]string{panSecret: "pan", trackSecret: "track", pinSecret: "pin-block", keySecret: "key"}

// secretSet is the secrets of one message. The ones that stand where they
// belong make a key under which their list is kept; anything else is rare.
type secretSet struct {
	all  [16]struct{ field, kind uint8 }
	n    int
	more []transcript.Secret
}

func (s *secretSet) add(n int, kind secretKind) {
	if s.n < len(s.all) {
		s.all[s.n].field, s.all[s.n].kind = uint8(n), uint8(kind) //nolint:gosec // a field number
		s.n++
		return
	}
	s.more = append(s.more, transcript.Secret{Field: n, Kind: secretNames[kind]})
}

// secretLists keeps one list for each combination of up to 4 secrets that was
// seen, so that recording a message allocates nothing. Combinations are few:
// terminals send the same fields again and again. It is bounded all the same.
type secretLists struct {
	mu    sync.Mutex // held while a list is added
	lists atomic.Pointer[map[uint64][]transcript.Secret]
}

const mostSecretLists = 1024

func (c *secretLists) list(s *secretSet) []transcript.Secret {
	if s.n == 0 {
		return nil
	}
	if s.n > 4 {
		return s.build()
	}
	var key uint64
	for _, e := range s.all[:s.n] {
		key = key<<16 | uint64(e.field)<<8 | uint64(e.kind)
	}
	if known := c.lists.Load(); known != nil {
		if list, ok := (*known)[key]; ok {
			return list
		}
	}
	list := s.build()
	c.add(key, list)
	return list
}

// add keeps a list, in a new map: readers take no lock.
func (c *secretLists) add(key uint64, list []transcript.Secret) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var known map[uint64][]transcript.Secret
	if p := c.lists.Load(); p != nil {
		known = *p
	}
	if len(known) >= mostSecretLists {
		return
	}
	longer := map[uint64][]transcript.Secret{key: list}
	maps.Copy(longer, known)
	c.lists.Store(&longer)
}

func (s *secretSet) build() []transcript.Secret {
	list := make([]transcript.Secret, 0, s.n+len(s.more))
	for _, e := range s.all[:s.n] {
		list = append(list, transcript.Secret{Field: int(e.field), Kind: secretNames[e.kind]})
	}
	return append(list, s.more...)
}
