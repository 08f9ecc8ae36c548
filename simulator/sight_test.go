package simulator

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// A concentrator's terminals are told apart however many they are, and a
// connection lets go of one that turns up on another.
func TestSightOfManyTerminals(t *testing.T) {
	const terminals = 4 * mostRecent
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	s, err := Start(t.Context(), Options{
		Listeners: []Listener{{Address: "127.0.0.1:0", Dialect: d}},
		Planner:   scenarios.NewPlanner(scenarios.PlannerOptions{}),
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	here, there := s.newConn(s.listeners[0], blackHole{}), s.newConn(s.listeners[0], blackHole{})
	assert.Nil(t, here.sight(dialect.ID{}))
	for round := range 3 {
		for n := range terminals {
			name := fmt.Sprintf("%08d", n)
			assert.Equal(t, name, *here.sight(dialect.MakeID(name)))
			assert.Equal(t, name, here.lastTerminal())
			require.NotNil(t, here.sighting)
			assert.Equal(t, name, here.sighting.terminal)
			assert.Same(t, here, here.sighting.conn.Load())
			if (n+round)%7 == 0 {
				assert.Equal(t, name, *there.sight(dialect.MakeID(name)))
				assert.Same(t, there, here.sighting.conn.Load())
				assert.Same(t, here.sighting, there.sighting)
			}
		}
	}
}

// BenchmarkSight is twenty terminals in turn on one connection.
func BenchmarkSight(b *testing.B) {
	d, err := dialect.Load("iso87-ascii")
	require.NoError(b, err)
	s, err := Start(b.Context(), Options{Listeners: []Listener{{Address: "127.0.0.1:0", Dialect: d}}})
	require.NoError(b, err)
	c := s.newConn(s.listeners[0], blackHole{})
	var ids []dialect.ID
	for n := range 20 {
		ids = append(ids, dialect.MakeID(fmt.Sprintf("%08d", 70_000_000+100*n)))
	}
	n := 0
	for b.Loop() {
		if c.sight(ids[n%20]) == nil {
			b.Fatal("a terminal has no name")
		}
		n++
	}
	require.NoError(b, s.Close())
}
