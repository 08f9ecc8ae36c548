package dialect

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/field"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/simulator/frame"
)

// moovReads reads a body the way moov's Message.Unpack does, and reports how
// many bytes each field took. It knows nothing of the index.
func moovReads(d *Dialect, body []byte) (sizes map[int]int, end int, err error) {
	sizes = make(map[int]int)
	mti := field.NewInstanceOf(d.spec.Fields[0])
	n, err := mti.Unpack(body)
	if err != nil {
		return nil, 0, err
	}
	end += n
	bitmap, ok := field.NewInstanceOf(d.spec.Fields[1]).(*field.Bitmap)
	if !ok {
		return nil, 0, errors.New("no bitmap")
	}
	bitmap.Reset()
	if n, err = bitmap.Unpack(body[end:]); err != nil {
		return nil, 0, err
	}
	end += n
	for i := 2; i <= bitmap.Len(); i++ {
		if bitmap.IsBitmapPresenceBit(i) || !bitmap.IsSet(i) {
			continue
		}
		spec, ok := d.spec.Fields[i]
		if !ok {
			return nil, 0, errors.New("undefined field")
		}
		f := field.NewInstanceOf(spec)
		if n, err = f.Unpack(body[end:]); err != nil {
			return nil, 0, err
		}
		sizes[i] = n
		end += n
	}
	return sizes, end, nil
}

// compare holds the index against moov on one body.
func compare(t testing.TB, d *Dialect, body []byte) {
	t.Helper()
	sizes, end, moovErr := moovReads(d, body)
	m := iso8583.NewMessage(d.spec)
	require.Equal(t, moovErr == nil, m.Unpack(body) == nil, "moov disagrees with its own fields on %x", body)

	var ix Index
	mti, err := d.Index(body, &ix)
	if moovErr != nil {
		require.Error(t, err, "moov refuses %x (%v), the index does not", body, moovErr)
		return
	}
	text, err2 := m.GetMTI()
	require.NoError(t, err2)
	if digits, ok := panOf([]byte(text)); !ok {
		require.Error(t, err, "the MTI %q is no number", text)
		return
	} else if err == nil {
		require.Equal(t, digits.digits, uint64(mti))
	}
	if end < len(body) {
		require.ErrorIs(t, err, ErrTrailing)
	} else {
		require.NoError(t, err, "moov accepts %x", body)
	}
	require.Equal(t, end, ix.End())
	present := 0
	for n := ix.Next(0); n > 0; n = ix.Next(n) {
		present++
		require.Equal(t, sizes[n], len(ix.Raw(body, n)), "size of field %d of %x", n, body)
		moovs, err := m.GetString(n)
		require.NoError(t, err)
		require.Equal(t, moovs, indexed(t, d, body, &ix, n), "value of field %d of %x", n, body)
	}
	require.Equal(t, len(sizes), present)
}

// indexed is the text of a field, read by the index alone.
func indexed(t testing.TB, d *Dialect, body []byte, ix *Index, n int) string {
	t.Helper()
	l, value := &d.fields[n], ix.Value(body, n)
	switch {
	case l.value == pageText:
		text, _, err := pageEncoder{l.page}.Decode(value, len(value))
		require.NoError(t, err)
		return string(text)
	case l.charset:
		text, _, err := gbkEncoder{}.Decode(value, len(value))
		require.NoError(t, err)
		return string(text)
	case l.value == hexBytes:
		return string(bytes.ToUpper(value))
	case l.value == anyBytes:
		if _, binary := d.spec.Fields[n].(*field.Binary); binary {
			return string(bytes.ToUpper([]byte(hex.EncodeToString(value))))
		}
	}
	l, value, offset, units, ok := d.locate(body, ix, path{field: uint8(n)})
	require.True(t, ok)
	return string(l.text(nil, value, offset, units))
}

func TestIndexAgreesWithMoov(t *testing.T) {
	for _, name := range specs(t) {
		d := load(t, name)
		for _, m := range messages(name) {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				body := built(t, d, m.fields)
				compare(t, d, body)
				for end := range body {
					compare(t, d, body[:end])
				}
				compare(t, d, append(bytes.Clone(body), 0))
				for i := range body {
					for _, change := range []byte{0x01, 0x0F, 0x80, 0xFF} {
						changed := bytes.Clone(body)
						changed[i] ^= change
						compare(t, d, changed)
					}
				}
			})
		}
	}
	d := load(t, "unionpay-pos")
	v := vectors(t, "mac_cup_ecb.txt")
	compare(t, d, cut(t, d, v["PACKET3"]).Body)
	compare(t, d, v["MAB2"])
}

// TestEveryFieldAgreesWithMoov puts arbitrary values into arbitrary fields.
func TestEveryFieldAgreesWithMoov(t *testing.T) {
	for _, name := range specs(t) {
		d := load(t, name)
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				fields := map[int]string{0: "0200"}
				for range rapid.IntRange(1, 12).Draw(rt, "fields") {
					n := rapid.SampledFrom(defined(d)).Draw(rt, "field")
					fields[n] = drawValue(rt, d, n)
				}
				body, err := d.Build(fields, nil)
				if err != nil {
					rt.Fatalf("build %v: %v", fields, err)
				}
				compare(t, d, body)
				var ix Index
				if _, err := d.Index(body, &ix); err != nil {
					rt.Fatalf("%v of %x", err, body)
				}
				m, err := d.Unpack(body)
				if err != nil {
					rt.Fatal(err)
				}
				packed, err := m.Pack()
				if err != nil || !bytes.Equal(packed, body) {
					rt.Fatalf("packed again: %x (%v), was %x", packed, err, body)
				}
			})
		})
	}
}

func defined(d *Dialect) (all []int) {
	for n := 2; n <= MaxField; n++ {
		if d.Defines(n) {
			all = append(all, n)
		}
	}
	return all
}

func drawValue(rt *rapid.T, d *Dialect, n int) string {
	l := &d.fields[n]
	longest := min(int(l.max), 40)
	length := rapid.IntRange(0, longest).Draw(rt, "length")
	if l.prefix == fixedLength {
		length = int(l.max)
	}
	alphabet := "ABCxyz 0189-="
	switch {
	case l.numeric():
		alphabet = "0123456789"
	case l.value == trackBCD:
		alphabet = "0123456789D"
	}
	if _, binary := d.spec.Fields[n].(*field.Binary); binary {
		return hex.EncodeToString(rapid.SliceOfN(rapid.Byte(), length, length).Draw(rt, "bytes"))
	}
	return string(rapid.SliceOfN(rapid.SampledFrom([]byte(alphabet)), length, length).Draw(rt, "value"))
}

// fuzzBody does everything with a body.
func fuzzBody(t *testing.T, d *Dialect, body []byte, resp *Response) {
	compare(t, d, body)
	var req Request
	err := d.Read(frame.Frame{Raw: body, Body: body}, &req)
	views, viewErr := d.View(body)
	require.Equal(t, err == nil, viewErr == nil)
	checkViews(t, body, views)
	out, replyErr := d.AppendReply(nil, &req, resp)
	require.Equal(t, req.Answerable(), replyErr == nil, "%v", replyErr)
	if replyErr == nil {
		m, err := d.Unpack(out)
		require.NoError(t, err, "reply %x to %x", out, body)
		packed, err := m.Pack()
		require.NoError(t, err)
		assertSameMessage(t, d, packed, out)
	}
	masked := bytes.Clone(body)
	d.Mask(masked, &req.Index, 0)
	require.Len(t, masked, len(body))
	if err == nil {
		var again Request
		require.NoError(t, d.Read(frame.Frame{Body: masked}, &again), "%x masked is %x", body, masked)
		require.Equal(t, req.Index.present, again.Index.present)
		require.Equal(t, req.Terminal, again.Terminal)
	}
}

// assertSameMessage compares what moov packs with what the reply encoder wrote.
// They may differ where a request used another filler than 0, since echoed
// fields keep it, and where its text is not in the charset.
func assertSameMessage(t *testing.T, d *Dialect, packed, out []byte) {
	t.Helper()
	if bytes.Equal(packed, out) {
		return
	}
	var a, b Index
	_, err := d.Index(packed, &a)
	require.NoError(t, err)
	_, err = d.Index(out, &b)
	require.NoError(t, err)
	require.Equal(t, a.present, b.present)
	for n := a.Next(0); n > 0; n = a.Next(n) {
		l := &d.fields[n]
		if l.charset || n == int(d.conv.macField) {
			continue
		}
		require.Equal(t, indexed(t, d, packed, &a, n), indexed(t, d, out, &b, n), "field %d", n)
	}
}

func checkViews(t *testing.T, body []byte, views []FieldView) {
	t.Helper()
	for _, v := range views {
		require.GreaterOrEqual(t, v.Offset, 0)
		require.LessOrEqual(t, v.Offset+len(v.Raw), len(body), v.Path)
		if v.Raw != nil {
			require.Equal(t, body[v.Offset:v.Offset+len(v.Raw)], v.Raw, v.Path)
		}
		checkViews(t, body, v.Sub)
	}
}

// FuzzSpecs fuzzes everything that takes a body, for every spec there is: which
// one says the input's first byte.
func FuzzSpecs(f *testing.F) {
	var all []*Dialect
	for i, name := range specs(f) {
		d := load(f, name)
		all = append(all, d)
		for _, m := range messages(name) {
			f.Add(append([]byte{byte(i)}, built(f, d, m.fields)...))
		}
		if body, ok := bit65[name]; ok {
			f.Add(append([]byte{byte(i)}, body...))
		}
		if name == "unionpay-pos" {
			for _, v := range vectors(f, "mac_cup_ecb.txt") {
				f.Add(append([]byte{byte(i)}, v...))
			}
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) == 0 {
			return
		}
		d := all[int(in[0])%len(all)]
		resp := approved()
		resp.MAC = testMAC(t, d)
		fuzzBody(t, d, in[1:], resp)
	})
}

func TestUnpackRefusesTrailingBytes(t *testing.T) {
	d := load(t, "iso87-ascii")
	body := built(t, d, messages("iso87-ascii")[0].fields)
	_, err := d.Unpack(append(body, 'x'))
	require.ErrorIs(t, err, ErrTrailing)
	_, err = d.Unpack(body[:30])
	var e *FormatError
	require.ErrorAs(t, err, &e)
	assert.NotZero(t, e.Field)
}
