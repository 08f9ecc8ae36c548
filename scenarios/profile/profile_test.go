package profile_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/schema/schematest"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

func TestEmbeddedProfiles(t *testing.T) {
	judge := schematest.New(t, profile.Schema())
	for _, name := range profile.Names() {
		p, err := profile.Open(name)
		require.NoError(t, err, name)
		assert.Equal(t, name, p.Name)
		assert.NotEmpty(t, p.Title.EN, name)
		assert.NotEmpty(t, p.Title.ZH, name)
		assert.NotEmpty(t, p.About.EN, name)
		assert.NotEmpty(t, p.About.ZH, name)
		src, err := profile.Source(name)
		require.NoError(t, err)
		judge.Accepts(name, src)
	}
	_, err := profile.Open("unionpay-btcc")
	require.ErrorContains(t, err, "did you mean `unionpay-bctc`?")
}

// What BCTC tests is the one difference that decides about money.
func TestTheDifferencesBetweenProfiles(t *testing.T) {
	open := func(name string) *profile.Profile {
		p, err := profile.Open(name)
		require.NoError(t, err)
		return p
	}
	strict, bctc, nac := open("strict"), open("unionpay-bctc"), open("nac")
	assert.Equal(t, profile.Reverse, strict.Replies.Mismatch)
	assert.Equal(t, profile.Delete, bctc.Replies.Mismatch)
	assert.Equal(t, profile.BeforeConnect, bctc.Reversal.Stored)
	assert.Equal(t, profile.BeforeNext, strict.Reversal.Sent)
	assert.Equal(t, profile.AtOnce, nac.Reversal.Sent)
	assert.Equal(t, strict.Reversal.Types, bctc.Reversal.Types, "what a file does not say is as in its base")
	assert.True(t, strict.Reverses(world.Sale))
	assert.False(t, strict.Reverses(world.Refund))
	assert.True(t, strict.Reversal.SettledBy.Has("25"))
	assert.False(t, nac.Reversal.SettledBy.Has("12"))
}

// The default profile has no hidden values: every key is in its file.
func TestStrictSaysEverything(t *testing.T) {
	src, err := profile.Source(profile.Default)
	require.NoError(t, err)
	n, err := strictyaml.Parse("strict.yaml", src)
	require.NoError(t, err)
	var walk func(n strictyaml.Node, properties map[string]any)
	walk = func(n strictyaml.Node, properties map[string]any) {
		for key, v := range properties {
			if n.Path() == "" && key == "based_on" {
				continue
			}
			if !assert.True(t, n.Key(key).Exists(), "%s.%s is not in strict.yaml", n.Path(), key) {
				continue
			}
			if sub, ok := v.(map[string]any)["properties"].(map[string]any); ok {
				walk(n.Key(key), sub)
			}
		}
	}
	walk(n, schematest.Plain(t, profile.Schema())["properties"].(map[string]any))
}

func TestAProfileOfOnesOwn(t *testing.T) {
	p, err := profile.Load("mine.yaml", []byte(`
name: mine
based_on: nac
timeouts: {response: 300ms}
replies: {tolerate: [42]}
reversal: {settled_by: any, pending: 4}
`))
	require.NoError(t, err)
	assert.Equal(t, 300*time.Millisecond, p.Timeouts.Response)
	assert.Equal(t, 15*time.Second, p.Timeouts.Connect)
	assert.True(t, p.Tolerates(42))
	assert.False(t, p.Tolerates(11))
	assert.True(t, p.Reversal.SettledBy.Has("40"))
	assert.Equal(t, 4, p.Reversal.Pending)
	assert.Equal(t, profile.AtOnce, p.Reversal.Sent)
	assert.Empty(t, p.Title.EN, "the title is the base's own")

	nac, err := profile.Open("nac")
	require.NoError(t, err)
	assert.Empty(t, nac.Replies.Tolerate, "a profile of one's own changes no embedded one")
}

func TestMistakes(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"title: x\n", "p.yaml:1:1: the key `name` is missing"},
		{"name: x\nbased_on: nca\n", "p.yaml:2:11: no profile is called \"nca\" (did you mean `nac`?)"},
		{"name: x\nreversal: {sent: at-onec}\n", "p.yaml:2:18: no time to send a reversal is called \"at-onec\" (did you mean `at-once`?)"},
		{"name: x\nreversal: {sett: any}\n", "p.yaml:2:12: unknown key `sett`"},
		{"name: x\nreversal: {settled_by: [00]}\n", `p.yaml:2:25: a text is wanted, but YAML reads an unquoted 00 as a number (quote it: "00")`},
		{"name: x\nreversal: {settled_by: []}\n", "p.yaml:2:24: a reversal that nothing settles"},
		{"name: x\nreversal: {settled_by: some}\n", "p.yaml:2:24: response codes are a list"},
		{"name: x\nreversal: {types: [echo]}\n", "p.yaml:2:20: echo moves no money"},
		{"name: x\nreversal: {within: 5s}\n", "p.yaml:2:20: `within` goes with sent: at-once"},
		{"name: x\nreversal: {reasons: {mac: a0}}\n", `p.yaml:2:27: "a0" is not a code of DE 39`},
		{"name: x\nreversal: {pending: 0}\n", "p.yaml:2:21: 0 is out of bounds: it is 1 to 100"},
		{"name: x\nreplies: {tolerate: [39]}\n", "p.yaml:2:22: terminals compare the data elements"},
		{"name: x\ntimeouts: {response: 0s}\n", "p.yaml:2:22: a timeout is between 1ms and 10m0s"},
		{"name: x\nsign_on: {codes: [\"7\"]}\n", `p.yaml:2:19: "7" is not a response code`},
		{"name: X Y\n", "p.yaml:1:7: a profile's name has small letters"},
		{"name: x\nconnecting: {retries: -1, backoff: -1s}\n", "p.yaml:2:23: -1 is out of bounds"},
	} {
		_, err := profile.Load("p.yaml", []byte(tt.src))
		var found strictyaml.Problems
		if assert.True(t, errors.As(err, &found), "%s: %v", tt.src, err) {
			assert.True(t, strings.HasPrefix(found[0].Error(), tt.want), "%s\ngot  %s\nwant %s", tt.src, found[0], tt.want)
		}
	}
}

// FuzzLoad: no file makes the loader panic, and what it takes can be used.
func FuzzLoad(f *testing.F) {
	for _, name := range profile.Names() {
		src, err := profile.Source(name)
		require.NoError(f, err)
		f.Add(string(src))
	}
	f.Add("name: x\nreversal: {settled_by: any}\n")
	f.Add("name: x\nbased_on: [nac]\ntimeouts:\n")
	f.Fuzz(func(t *testing.T, src string) {
		p, err := profile.Load("p.yaml", []byte(src))
		if err != nil {
			var found strictyaml.Problems
			require.ErrorAs(t, err, &found)
			return
		}
		require.Positive(t, p.Timeouts.Response)
		require.Positive(t, p.Reversal.Pending)
		require.True(t, p.Reversal.SettledBy.Any || len(p.Reversal.SettledBy.List) > 0)
	})
}
