package scenarios_test

import (
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/world"
)

func TestFiles(t *testing.T) {
	disk := map[string]string{
		"a.yaml": head + "rules: [{fault: reply.drop}]\n",
		"b.yaml": head,
	}
	f := scenarios.NewFiles(func(path string) ([]byte, error) {
		src, ok := disk[path]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(src), nil
	}, nil)
	first, err := f.Add("a.yaml")
	require.NoError(t, err)
	_, err = f.Add("b.yaml")
	require.ErrorContains(t, err, "a.yaml and b.yaml both have a scenario x")
	_, err = f.Add("c.yaml")
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Empty(t, f.Changes())

	disk["a.yaml"] = head + "rules: [{fault: request.drop}]\n"
	changes := f.Changes()
	require.Len(t, changes, 1)
	require.NoError(t, changes[0].Err)
	assert.Same(t, first, changes[0].Old)
	assert.Equal(t, "request.drop", changes[0].New.Rules[0].Fault[0].Kind())
	assert.Empty(t, f.Changes())

	for what, broken := range map[string]string{
		"unknown fault": head + "rules: [{fault: request.dorp}]\n",
		"another name":  "name: y\ntitle: y\nlayer: reply\nsymptom: none\n",
	} {
		disk["a.yaml"] = broken
		changes = f.Changes()
		require.Len(t, changes, 1, what)
		require.ErrorContains(t, changes[0].Err, "x goes on as it was: ", what)
		assert.Equal(t, "request.drop", changes[0].New.Rules[0].Fault[0].Kind(), what)
		assert.Empty(t, f.Changes(), "%s is told of once", what)
	}
	delete(disk, "a.yaml")
	changes = f.Changes()
	require.Len(t, changes, 1)
	require.ErrorIs(t, changes[0].Err, fs.ErrNotExist)
	assert.Empty(t, f.Changes())
	disk["a.yaml"] = head + "rules: [{fault: request.drop}]\n"
	changes = f.Changes()
	require.Len(t, changes, 1, "it is in order again")
	require.NoError(t, changes[0].Err)
}

func TestChosen(t *testing.T) {
	w, err := world.Load("w.yaml", []byte(`
terminals: {"10000001": {cause: reply-lost}}
cards: {good: {cause: request-lost}}
`))
	require.NoError(t, err)
	find := func(name string) (*scenarios.Scenario, error) { return library.Load(name, w) }
	arm, byCard, err := scenarios.Chosen(w, find, noon)
	require.NoError(t, err)
	require.Len(t, arm, 1)
	assert.Equal(t, "10000001", arm[0].Terminals)
	assert.Equal(t, "reply-lost", arm[0].Scenario.Name)
	assert.Equal(t, "request-lost", byCard["good"].Name)

	p := scenarios.NewPlanner(scenarios.PlannerOptions{})
	require.NoError(t, p.Arm(arm...))
	_, d := exchange(p, request("10000001", "sale", 1000))
	assert.True(t, d.Lost)
	_, d = exchange(p, request("10000002", "sale", 1000))
	assert.False(t, d.Lost)

	w.Terminals["10000001"].Cause = "reply-lsot"
	_, _, err = scenarios.Chosen(w, find, time.Time{})
	require.ErrorContains(t, err, "terminal 10000001 has a cause: no cause is called \"reply-lsot\" (did you mean `reply-lost`?)")
	_, err = world.Load("w.yaml", []byte("cards: {good: {cause: \"Reply Lost\"}}\n"))
	require.ErrorContains(t, err, "a cause is called by small letters")
}
