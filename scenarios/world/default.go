package world

import (
	_ "embed"
	"sync"
	_ "time/tzdata" // the default world has opening hours, also where the system knows no time zones

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

//go:embed default.yaml
var defaultYAML []byte

// loadDefault reads the embedded file once; a test proves that it is right.
var loadDefault = sync.OnceValues(func() (*World, error) {
	n, err := strictyaml.Parse("default.yaml", defaultYAML)
	if err != nil {
		return nil, err
	}
	return New().OverlayNode(n)
})

// Default returns a copy of the embedded world: one card, merchant and terminal
// for each state that they can be in, on card numbers that payment companies
// publish for tests. "good" is a card without any fault, and terminal 10000001
// one at a merchant without any.
func Default() *World {
	w, err := loadDefault()
	if err != nil {
		panic("world: the embedded default.yaml is broken: " + err.Error())
	}
	return w.Clone()
}
