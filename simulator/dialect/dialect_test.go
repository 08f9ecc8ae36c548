package dialect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

// TestEBCDICIsASCIIInOtherCharacters: what messages mean is the same in both.
func TestEBCDICIsASCIIInOtherCharacters(t *testing.T) {
	conventions := func(name string) string {
		src, err := Source(name)
		require.NoError(t, err)
		text := string(src)
		from, to := strings.Index(text, "\n  # The first row that fits counts."), strings.Index(text, "\nspec:")
		require.Positive(t, from)
		require.Greater(t, to, from)
		return text[from:to]
	}
	assert.Equal(t, conventions("iso87-ascii"), conventions("iso87-ebcdic"), "change both files")
	ascii, ebcdic := load(t, "iso87-ascii"), load(t, "iso87-ebcdic")
	for n := range ascii.fields {
		a, e := &ascii.fields[n], &ebcdic.fields[n]
		assert.Equal(t, a.max, e.max, "field %d", n)
		assert.Equal(t, a.numeric(), e.numeric(), "field %d", n)
		assert.Equal(t, a.prefix == fixedLength, e.prefix == fixedLength, "field %d", n)
		assert.Equal(t, ascii.names[n], ebcdic.names[n])
		assert.Equal(t, ascii.parts[n], ebcdic.parts[n])
	}
}

func TestEmbeddedDialects(t *testing.T) {
	for _, name := range Names() {
		d := load(t, name)
		assert.Equal(t, name, d.Name())
		assert.NotEmpty(t, d.Title().EN)
		assert.NotEmpty(t, d.Title().ZH)
		last := 128
		if name == "unionpay-pos" {
			last = 64
		}
		for n := 2; n <= last; n++ {
			if n == 65 && name == "iso87-bcd" {
				continue // a third bitmap's
			}
			assert.True(t, d.Defines(n), "%s defines field %d", name, n)
			assert.NotEmpty(t, d.FieldName(n).EN, "%s field %d", name, n)
			assert.NotEmpty(t, d.FieldName(n).ZH, "%s field %d", name, n)
			assert.NotEqual(t, viaMoov, d.fields[n].value, "%s field %d: the index should know it", name, n)
		}
		for c := range d.codes {
			for _, o := range world.Outcomes() {
				code := d.codes[c][o]
				assert.Len(t, code, int(d.fields[39].max), "%s code of %s", name, o)
				if o != world.Approved {
					assert.NotEqual(t, d.codes[c][world.Approved], code, "%s code of %s", name, o)
				}
			}
		}
		for _, v := range d.Variants() {
			vd := load(t, name+"/"+v)
			assert.Equal(t, name+"/"+v, vd.Name())
			assert.False(t, d.Format() == vd.Format() && d.Spec() == vd.Spec(), "%s/%s is no variant", name, v)
		}
	}
	_, err := Load("iso87-asci")
	require.ErrorContains(t, err, `did you mean "iso87-ascii"?`)
	_, err = Load("iso87-ascii/binary3")
	require.ErrorContains(t, err, `did you mean "binary2"?`)
}
