package simulator_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// at is what scenarios find at a listener of a dialect.
func at(t *testing.T, name string) scenarios.Listener {
	t.Helper()
	l := simulator.Listener{Name: name, Dialect: load(t, name)}
	return scenarios.Listener{Name: name, Layer: l.Layer()}
}

// What no reply of a dialect can hold is refused before anything starts.
func TestLayerOfWhatFieldsCanBeSetTo(t *testing.T) {
	const nobody = "s.yaml:6:25: no listener can show it: "
	for _, c := range []struct {
		edit string
		want map[string]string // by dialect; elsewhere it can be had
	}{
		{edit: `{field: 11, edit: set, value: "123456"}`},
		{edit: `{field: 11, edit: set, value: "7"}`},
		{edit: `{field: 41, edit: set, value: "10000099"}`},
		{edit: `{field: 52, edit: set, value: "0011223344556677"}`},
		{`{field: 11, edit: set, value: "toolong12345"}`, map[string]string{
			"": "message.field: value: the dialect's data element 11 can't have it: a value of 12 characters; the field has at most 6"}},
		{`{field: 4, edit: set, value: "abc"}`, map[string]string{
			"": "message.field: value: the dialect's data element 4 can't have it: character 1 is 'a', not a digit"}},
		{`{field: 52, edit: set, value: "0011"}`, map[string]string{
			"": "message.field: value: the dialect's data element 52 can't have it: "}},
		{`{field: 52, edit: set, value: "secret"}`, map[string]string{
			"": "message.field: value: the dialect's data element 52 can't have it: this field is binary: its value is given in hexadecimal"}},
		{`{field: 120, edit: set, value: "x"}`, map[string]string{
			"unionpay-pos": "message.field: field: the dialect has no data element 120"}},
		{`{field: 39, edit: set, value: "005"}`, map[string]string{
			"": "message.field: the dialect's response code can't be \"005\"", "iso93-ascii": "none"}},
		{`{field: 39, edit: set, value: "ZZ"}`, map[string]string{
			"iso93-ascii": "message.field: the dialect's response code can't be \"ZZ\""}},
	} {
		src := "name: one\ntitle: {en: One, zh: 一}\nlayer: reply\nsymptom: no-answer\nrules:\n  - {match: {}, fault: {message.field: " + c.edit + "}}\n"
		s, err := scenarios.Load("s.yaml", []byte(src), nil)
		require.NoError(t, err)
		for _, name := range dialect.Names() {
			err := s.Fits(at(t, name))
			want, own := c.want[name]
			if !own {
				want = c.want[""]
			}
			if want == "" || want == "none" {
				assert.NoError(t, err, "%s in %s", c.edit, name)
				continue
			}
			require.Error(t, err, "%s in %s", c.edit, name)
			assert.True(t, strings.HasPrefix(err.Error(), nobody+want), "%s in %s: %v", c.edit, name, err)
			var misfit *faults.MisfitError
			require.ErrorAs(t, err, &misfit)
			assert.Regexp(t, `\p{Han}`, misfit.Text().ZH)
			assert.NoError(t, s.Fits(at(t, name), scenarios.Listener{Name: "other"}), "one listener that can show it is enough")
		}
	}
}

// The shortest reply of a dialect is one with no data elements.
func TestLayerKnowsTheShortestReply(t *testing.T) {
	for _, name := range dialect.Names() {
		d := load(t, name)
		body, err := d.Build(map[int]string{0: "0210"}, nil)
		require.NoError(t, err)
		frame, err := d.AppendRequest(nil, nil, nil, body)
		require.NoError(t, err)
		assert.Equal(t, len(frame), at(t, name).Layer.MinFrame, name)
	}
}
