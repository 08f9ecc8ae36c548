package strictyaml_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

func TestChoose(t *testing.T) {
	n, err := strictyaml.Parse("f.yaml", []byte("a: fast\nb: fsat\nc: 007\nd: [fast]\n"))
	require.NoError(t, err)
	words := []string{"fast", "slow"}
	word, err := n.At("a").Choose("speed", words)
	require.NoError(t, err)
	assert.Equal(t, "fast", word)
	for key, want := range map[string]string{
		"b": "f.yaml:2:4: no speed is called \"fsat\" (did you mean `fast`?)",
		"c": "f.yaml:3:4: a text is wanted, but YAML reads an unquoted 007 as a number (the words are fast, slow)",
		"d": "f.yaml:4:4: a text is wanted, not a list (the words are fast, slow)",
	} {
		_, err := n.At(key).Choose("speed", words)
		assert.EqualError(t, err, want)
	}
	_, err = n.At("c").NeedText()
	require.Error(t, err)
}

func TestWithout(t *testing.T) {
	n, err := strictyaml.Parse("f.yaml", []byte("a: 1\nb: 2\nc: 3\n"))
	require.NoError(t, err)
	rest := n.Without("a", "c", "x")
	require.Len(t, rest.Entries(), 1)
	assert.False(t, rest.At("a").Exists())
	assert.Equal(t, "2", rest.At("b").Text())
	assert.True(t, n.At("a").Exists(), "the file itself stays")
	assert.Equal(t, "1", n.At("a").Without("b").Text())
}
