package scenarios_test

import (
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
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
	arm, byCard, err := scenarios.Chosen(w, strictyaml.Node{}, find, noon)
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

	w.Terminals["10000001"].Cause = "reply-lsot" // of a world without a file
	_, _, err = scenarios.Chosen(w, strictyaml.Node{}, find, time.Time{})
	require.ErrorContains(t, err, "terminal 10000001 has a cause: no cause is called \"reply-lsot\" (did you mean `reply-lost`?)")
	_, err = world.Load("w.yaml", []byte("cards: {good: {cause: \"Reply Lost\"}}\n"))
	require.ErrorContains(t, err, "a cause is called by small letters")
}

// What a world's file chooses and nobody can have is told where it stands.
func TestChosenHasPlaces(t *testing.T) {
	src := []byte(`terminals:
  "10000001": {cause: reply-lsot}
  "10000009": {cause: port-closed}
  "10000013": {cause: merchant-off-hours-silent}
cards:
  trap: {pan: "6212345678901232", pin: "4711", cause: wrong-amont}
  other: {pan: "6212345678901240", cause: port-closed}
  shop: {pan: "6212345678901257", cause: cable-loose}
`)
	w, err := world.Load("w.yaml", src)
	require.NoError(t, err)
	n, err := strictyaml.Parse("w.yaml", src)
	require.NoError(t, err)
	_, _, err = scenarios.Chosen(w, n, func(name string) (*scenarios.Scenario, error) { return library.Load(name, w) }, noon)
	var all strictyaml.Problems
	require.ErrorAs(t, err, &all)
	var got []string
	for _, p := range all {
		got = append(got, p.Error())
	}
	assert.Equal(t, []string{
		"w.yaml:2:23: terminal 10000001 has a cause: no cause is called \"reply-lsot\" (did you mean `reply-lost`?)",
		"w.yaml:3:23: terminal 10000009 has a cause: port-closed can't be armed: rule 1 (connect.refuse) strikes all terminals alike: arm it for all",
		"w.yaml:4:23: terminal 10000013 has a cause: merchant-off-hours-silent can't be armed: what it changes in the world concerns others than terminal 10000013, too: arm it for all",
		"w.yaml:6:55: card trap has a cause: no cause is called \"wrong-amont\" (did you mean `wrong-amount`?)",
		"w.yaml:7:43: card other has a cause: port-closed can't be armed: rule 1 (connect.refuse) strikes all terminals alike, so no card triggers it",
		"w.yaml:8:42: card shop has a cause: cable-loose can't be armed: a person brings it about in the shop, so no card triggers it",
	}, got)
	assert.NotContains(t, err.Error(), "4711")
}
