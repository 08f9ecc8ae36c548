package faults

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRandomFieldKeepsItsForm(t *testing.T) {
	classes := map[byte]string{'0': "[0-9]", 'A': "[A-F]", 'G': "[G-Z]", 'a': "[a-z]"}
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.StringMatching(`[0-9A-Za-z .\-]{0,20}`).Draw(rt, "value")
		e := FieldEdit{Op: RandomField, Draw: ExchangeDraw(rapid.Uint64().Draw(rt, "seed"), "r", "t", 1)}
		got, there := e.Apply(value, true)
		require.True(rt, there)
		form := ""
		for i := range len(value) {
			if first, _ := classOf(value[i]); first != 0 {
				form += classes[first]
			} else {
				form += regexp.QuoteMeta(value[i : i+1])
			}
		}
		require.Regexp(rt, "^"+form+"$", got)
		if strings.ContainsAny(value, "0123456789") {
			require.NotEqual(rt, value, got)
		}
		again, _ := e.Apply(value, true)
		require.Equal(rt, got, again)
	})
}

func TestOther(t *testing.T) {
	for _, c := range []byte("0123456789ABCDEFGHXYZabxyz") {
		_, size := classOf(c)
		seen := map[byte]bool{}
		for n := range size - 1 {
			seen[other(c, n, 1)] = true
		}
		assert.False(t, seen[c])
		assert.Len(t, seen, int(size-1), "all the others")
	}
}

func FuzzTag(f *testing.F) {
	for _, s := range []string{"9F36020001910AAABBCCDDEEFF00113030", "9104112233", "", "7003910100", "91", "9F", "9181", "918400000001", "91820000", "9188FFFFFFFFFFFFFFFF00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, op := range []EditOp{SpoilTag, RemoveTag} {
			got, there := FieldEdit{Field: 55, Op: op, Tag: "91"}.Apply(value, true)
			require.Equal(t, there, got != "" || value == "", "%q", got)
		}
	})
}

func TestUnchanged(t *testing.T) {
	for _, c := range []struct {
		edit    FieldEdit
		present bool
		want    string
	}{
		{FieldEdit{Field: 62, Op: IncrementField}, false, "the reply has no data element 62 to increment"},
		{FieldEdit{Field: 41, Op: IncrementField}, true, "data element 41 of the reply has nothing in it to increment"},
		{FieldEdit{Field: 62, Op: RandomField}, false, "the reply has no data element 62 to change"},
		{FieldEdit{Field: 62, Op: RemoveField}, false, "the reply has no data element 62 to remove"},
		{FieldEdit{Field: 39, Op: SetField, Value: "00"}, true, "data element 39 of the reply is anyway what it is set to"},
		{FieldEdit{Op: SetField, Value: "0210"}, true, "the reply has the message type 0210 anyway"},
		{FieldEdit{Field: 55, Op: SpoilTag, Tag: "91"}, false, "the reply has no tag 91 in data element 55 that could be wrong"},
		{FieldEdit{Field: 55, Op: RemoveTag, Tag: "91"}, true, "the reply has no tag 91 in data element 55 that could be missing"},
	} {
		assert.Equal(t, c.want, c.edit.Unchanged(c.present))
	}
}
