package dialect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"

	"github.com/acqsim/acqsim/simulator/security"
)

// lines flattens a view into path, value pairs.
func lines(views []FieldView) map[string]string {
	all := make(map[string]string)
	for _, v := range views {
		all[v.Path] = v.Value
		for path, value := range lines(v.Sub) {
			all[path] = value
		}
	}
	return all
}

func TestView(t *testing.T) {
	d := load(t, "unionpay-pos")
	fields := with(unionPayMessages()[0].fields, map[int]string{43: "测试商户", 55: "9F2608A1B2C3D4E5F60708" + "7008" + "9F3602002A" + "500141" + "9505" + "0000008000", 61: "0000010000421123"})
	delete(fields, 26)
	body := built(t, d, fields)
	views, err := d.View(body)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"0": "0200", "1": "2 3 4 11 14 22 23 25 35 41 42 43 49 52 53 55 60 61 63",
		"2": testPAN, "3": "000000", "4": "000000001000", "11": "000042", "14": "3012", "22": "051", "23": "001", "25": "00",
		"35": testPAN + "D30122011234", "41": "00000001", "42": "952718182217875", "43": "测试商户" + "                                ",
		"49": "156", "52": "0123456789ABCDEF", "53": "2600000000000000", "53.1": "2", "53.2": "6", "53.3": "00000000000000",
		"55":      "9F2608A1B2C3D4E5F6070870089F3602002A50014195050000008000",
		"55.9F26": "A1B2C3D4E5F60708", "55.70": "9F3602002A500141", "55.70.9F36": "002A", "55.70.50": "41", "55.95": "0000008000",
		"60": "2200000100060", "60.1": "22", "60.2": "000001", "60.3": "000", "60.4": "6", "60.5": "0",
		"61": "0000010000421123", "61.1": "000001", "61.2": "000042", "61.3": "1123",
		"63": "01 ", "63.1": "01 ",
	}, lines(views))
	checkViews(t, body, views)
	for _, v := range views {
		assert.NotEmpty(t, v.Name.EN, v.Path)
		assert.NotEmpty(t, v.Name.ZH, v.Path)
	}
}

// TestViewOfChipData: the same data elements in every dialect, in binary or in
// hexadecimal characters.
func TestViewOfChipData(t *testing.T) {
	const chip = "9F2608A1B2C3D4E5F60708" + "7008" + "9F3602002A" + "500141" + "910A01020304050607083030"
	for _, name := range specs(t) {
		d := load(t, name)
		body := built(t, d, map[int]string{0: "0210", 39: "00", 55: chip})
		views, err := d.View(body)
		require.NoError(t, err)
		checkViews(t, body, views)
		got := lines(views)
		assert.Equal(t, map[string]string{
			"55": chip, "55.9F26": "A1B2C3D4E5F60708", "55.70": "9F3602002A500141", "55.70.9F36": "002A", "55.70.50": "41", "55.91": "01020304050607083030",
		}, only(got, "55"), name)
		var of55 *FieldView
		for i := range views {
			if views[i].Number == 55 {
				of55 = &views[i]
			}
		}
		tag91 := of55.Sub[len(of55.Sub)-1]
		assert.Equal(t, "Issuer authentication data", tag91.Name.EN)
		assert.Equal(t, body[len(body)-len(tag91.Raw):], tag91.Raw, "%s: the last of the message", name)
		assert.Equal(t, len(body)-len(tag91.Raw), tag91.Offset, name)

		for _, other := range []string{"9F26", "910A0102", "7"} {
			if body, err := d.Build(map[int]string{0: "0210", 39: "00", 55: other}, nil); err == nil {
				views, err := d.View(body)
				require.NoError(t, err)
				assert.Len(t, only(lines(views), "55"), 1, "%s: %s is no BER-TLV", name, other)
			}
		}
	}
}

// only returns the lines of one field.
func only(all map[string]string, field string) map[string]string {
	some := map[string]string{}
	for path, value := range all {
		if path == field || strings.HasPrefix(path, field+".") {
			some[path] = value
		}
	}
	return some
}

// TestViewGoesAsFarAsItCan cuts a message everywhere: what came before the cut
// is shown, and the error says where it is.
func TestViewGoesAsFarAsItCan(t *testing.T) {
	for _, name := range specs(t) {
		d := load(t, name)
		body := built(t, d, messages(name)[0].fields)
		whole, err := d.View(body)
		require.NoError(t, err)
		for end := range body {
			views, err := d.View(body[:end])
			var e *FormatError
			require.ErrorAs(t, err, &e, "%s cut at %d", name, end)
			require.LessOrEqual(t, e.Offset, end)
			shown := 0
			for i, v := range views {
				if v.Number == 1 {
					continue
				}
				shown++
				require.Equal(t, whole[i].Path, v.Path)
				require.Equal(t, whole[i].Value, v.Value)
			}
			complete := 0
			for _, v := range whole {
				if v.Number != 1 && v.Offset+len(v.Raw) <= end {
					complete++
				}
			}
			if e.Field != AtBitmap && e.Field != AtMTI {
				require.Equal(t, complete, shown, "%s cut at %d", name, end)
			}
		}
	}
}

func TestBuildErrors(t *testing.T) {
	d := load(t, "unionpay-pos")
	tests := []struct {
		name   string
		fields map[int]string
		want   string
	}{
		{"no MTI", map[int]string{3: "000000"}, "field 0 (the MTI) is missing"},
		{"undefined", map[int]string{0: "0200", 66: "1"}, "field 66: the dialect does not define this field"},
		{"negative", map[int]string{0: "0200", -1: "1"}, "field -1"},
		{"too long", map[int]string{0: "0200", 3: "0000000"}, "3"},
		{"letters in a number", map[int]string{0: "0200", 4: "12.50"}, "4"},
		{"binary that is not hexadecimal", map[int]string{0: "0200", 52: "PIN"}, `"PIN" is not hexadecimal`},
		{"not in GBK", map[int]string{0: "0200", 43: "😀"}, "GBK"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := d.Build(test.fields, nil)
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "build a message")
		})
	}
	k, err := security.NewKey(make([]byte, 8))
	require.NoError(t, err)
	m, err := security.NewMAC(security.CUPECB, k)
	require.NoError(t, err)
	noMAC, _, err := compile("small.yaml", []byte(strings.Replace(small, "  mac: {algorithm: x9.19, field: 64, policy: require}\n", "", 1)))
	require.NoError(t, err)
	_, err = noMAC.Build(map[int]string{0: "0200"}, m)
	require.ErrorContains(t, err, "dialect small has no MAC field")
}

func TestDetect(t *testing.T) {
	var all []*Dialect
	for _, name := range specs(t) {
		all = append(all, load(t, name))
	}
	all = append(all, load(t, "iso87-ascii/binary2"))
	for _, name := range []string{"unionpay-pos", "iso87-bcd", "iso87-ascii", "iso87-ascii/binary2"} {
		d := load(t, name)
		base := name
		if name == "iso87-ascii/binary2" {
			base = "iso87-ascii"
		}
		for _, m := range messages(base) {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				f := framed(t, d, built(t, d, m.fields))
				got, ok := Detect(all, f.Raw)
				require.True(t, ok)
				assert.Equal(t, name, got.Dialect.Name())
				assert.True(t, got.Framed)
				assert.NoError(t, got.Err)
				assert.Equal(t, f.Body, got.Body)
				assert.Equal(t, f.Body, f.Raw[got.BodyAt:])

				// The body alone is found as well. Bodies of the BCD dialects
				// can be alike, so only what it says is compared.
				got, ok = Detect(all, f.Body)
				require.True(t, ok)
				assert.False(t, got.Framed)
				assert.NoError(t, got.Err)
				assert.Equal(t, 0, got.BodyAt)

				// Cut short, it is still the best guess, and says what is wrong.
				got, ok = Detect([]*Dialect{d}, f.Body[:len(f.Body)-1])
				require.True(t, ok)
				assert.Error(t, got.Err)
			})
		}
	}
	v := vectors(t, "mac_cup_ecb.txt")
	got, ok := Detect(all, v["PACKET3"])
	require.True(t, ok)
	assert.Equal(t, "unionpay-pos", got.Dialect.Name())
	assert.True(t, got.Framed)
	got, ok = Detect(all, v["PACKET3"][2:])
	require.True(t, ok, "a packet without its length header")
	assert.Equal(t, "unionpay-pos", got.Dialect.Name())
	assert.Equal(t, 11, got.BodyAt)
	assert.NoError(t, got.Err)
	for _, nothing := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00", "hello"} {
		_, ok = Detect(all, []byte(nothing))
		assert.False(t, ok, "%q", nothing)
	}
	_, ok = Detect(nil, v["PACKET3"])
	assert.False(t, ok)
}

// TestDetectTellsDialectsApart: whatever the encodings, a message is taken for
// its own dialect's, framed or not.
func TestDetectTellsDialectsApart(t *testing.T) {
	var all []*Dialect
	for _, name := range Names() {
		all = append(all, load(t, name))
	}
	for _, name := range specs(t) {
		if strings.Contains(name, "/") {
			all = append(all, load(t, name))
		}
	}
	for _, d := range all {
		if d.Name() == "iso87-ebcdic/cp037" {
			continue // its digits and letters are those of iso87-ebcdic
		}
		for _, m := range messages(d.Name()) {
			if m.is == world.Unrecognised {
				continue
			}
			f := framed(t, d, built(t, d, m.fields))
			for _, b := range [][]byte{f.Raw, f.Body} {
				if d.Name() == "iso87-bcd" && len(b) == len(f.Body) {
					continue // UnionPay's can be alike
				}
				got, ok := Detect(all, b)
				require.True(t, ok)
				assert.Equal(t, d.Name(), got.Dialect.Name(), "%s: %x", m.name, b)
				assert.NoError(t, got.Err)
			}
		}
	}
}

func FuzzDetect(f *testing.F) {
	var all []*Dialect
	for _, name := range Names() {
		d := load(f, name)
		all = append(all, d)
		f.Add(framed(f, d, built(f, d, messages(name)[0].fields)).Raw)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := Detect(all, b)
		if !ok {
			return
		}
		require.Equal(t, len(b)-len(got.Rest)-got.BodyAt, len(got.Body))
		views, err := got.Dialect.View(got.Body)
		require.Equal(t, err == nil, got.Err == nil)
		checkViews(t, got.Body, views)
	})
}
