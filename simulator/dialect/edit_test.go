package dialect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEditsOfNothingChangeNothing(t *testing.T) {
	for _, name := range Names() {
		d := load(t, name)
		for _, m := range messages(name) {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				body := built(t, d, m.fields)
				same, err := d.Edit(body, Edit{})
				require.NoError(t, err)
				assert.Equal(t, body, same)

				// Each field, read as text and set to the same text.
				var ix Index
				_, err = d.Index(body, &ix)
				require.NoError(t, err)
				set := map[int]string{}
				for n := 0; n <= MaxField; n++ {
					if text, ok := d.FieldText(body, &ix, n, nil); ok {
						set[n] = string(text)
					}
				}
				assert.Len(t, set, len(m.fields))
				assert.Equal(t, m.fields[0], set[0])
				same, err = d.Edit(body, Edit{Set: set})
				require.NoError(t, err)
				assert.Equal(t, body, same)
			})
		}
	}
}

func TestEditFieldsAndSignAnew(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			d := load(t, name)
			fields := messages(name)[0].fields
			body := built(t, d, fields)
			mac := testMAC(t, d)
			edited, err := d.Edit(body, Edit{Set: map[int]string{0: "0210", 11: "777777", 37: "000000000001"}, Remove: []int{14, 99}, MAC: mac})
			require.NoError(t, err)
			want := map[int]string{}
			for n, v := range fields {
				want[n] = v
			}
			want[0], want[11], want[37] = "0210", "777777", "000000000001"
			delete(want, 14)
			built, err := d.Build(want, mac)
			require.NoError(t, err)
			assert.Equal(t, built, edited, "as if it had been built so, its MAC valid")

			kept, err := d.Edit(edited, Edit{Keep: []int{11, 41}})
			require.NoError(t, err)
			var ix Index
			_, err = d.Index(kept, &ix)
			require.NoError(t, err)
			for n := 2; n <= MaxField; n++ {
				assert.Equal(t, n == 11 || n == 41, ix.Has(n), n)
			}
			none, err := d.Edit(edited, Edit{Remove: []int{d.MACField()}, MAC: mac})
			require.NoError(t, err)
			_, err = d.Index(none, &ix)
			require.NoError(t, err)
			assert.False(t, ix.Has(d.MACField()))
		})
	}
}

func TestEditTheBitmapOnly(t *testing.T) {
	d := load(t, "unionpay-pos")
	body := built(t, d, messages("unionpay-pos")[0].fields)
	edited, err := d.Edit(body, Edit{Flip: []int{39}})
	require.NoError(t, err)
	require.Len(t, edited, len(body))
	assert.NotEqual(t, body, edited)
	var ix Index
	_, err = d.Index(edited, &ix)
	require.Error(t, err, "bitmap and body contradict each other")
}

func TestEditsThatCantBe(t *testing.T) {
	d := load(t, "iso87-ascii")
	body := built(t, d, messages("iso87-ascii")[0].fields)
	for _, c := range []struct {
		edit Edit
		want string
	}{
		{Edit{Set: map[int]string{39: "123"}}, "field 39"},
		{Edit{Set: map[int]string{4: "ten"}}, "field 4"},
		{Edit{Set: map[int]string{52: "xyz"}}, "hexadecimal"},
		{Edit{Set: map[int]string{0: "02x0"}}, "MTI"},
		{Edit{Flip: []int{1}}, "no bit for field 1"},
		{Edit{Flip: []int{129}}, "no bit for field 129"},
	} {
		_, err := d.Edit(body, c.edit)
		assert.ErrorContains(t, err, c.want)
	}
	_, err := d.Edit([]byte(strings.Repeat("x", 30)), Edit{})
	require.Error(t, err)
}

// A value that a field holds can be set, and one that it does not can't.
func TestHolds(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			d := load(t, name)
			body := built(t, d, messages(name)[0].fields)
			for n := 2; n <= MaxField; n++ {
				for _, value := range []string{"", "1", "00", "abc", "测试", "0011223344556677", "6212345678901232=4912", strings.Repeat("9", 40), strings.Repeat("A", 2000)} {
					err := d.Holds(n, value)
					edited, failed := d.Edit(body, Edit{Set: map[int]string{n: value}})
					if failed == nil {
						var ix Index
						_, failed = d.Index(edited, &ix)
					}
					assert.Equal(t, failed == nil, err == nil, "field %d, %.20q: %v, %v", n, value, failed, err)
					if err != nil && len(value) > 1 {
						assert.NotContains(t, err.Error(), value)
					}
				}
			}
			require.NoError(t, d.Holds(AtMTI, "0210"))
			require.Error(t, d.Holds(AtMTI, "02x0"))
			require.ErrorIs(t, d.Holds(MaxField+1, "1"), ErrUndefined)
		})
	}
}
