package dialect

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
)

func TestReadRecognisesEveryTransaction(t *testing.T) {
	for _, name := range specs(t) {
		d := load(t, name)
		seen := make(map[world.TransactionType]bool)
		for _, m := range messages(name) {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				req := read(t, d, m.fields)
				assert.Equal(t, m.is, req.Type)
				assert.Equal(t, m.fields[0][3]%2 == 1, req.Repeat)
				assert.True(t, req.Answerable())
				assert.Empty(t, d.Unroutable(req.Frame))
			})
			seen[m.is] = true
		}
		for _, is := range world.TransactionTypes() {
			recognised := slices.ContainsFunc(d.conv.recognise, func(m mtiRules) bool {
				return slices.ContainsFunc(m.rules, func(r recognition) bool { return r.is == is })
			})
			assert.Equal(t, recognised, seen[is], "messages of type %s, for %s", is, name)
		}
	}
}

func TestReadFactsOfASale(t *testing.T) {
	for _, name := range specs(t) {
		t.Run(name, func(t *testing.T) {
			d := load(t, name)
			req := read(t, d, messages(name)[0].fields)
			assert.Equal(t, messages(name)[0].fields[0], fmt.Sprintf("%04d", req.MTI))
			assert.Equal(t, uint32(0), req.Processing)
			assert.Equal(t, testPAN, req.Card.Clear())
			assert.Equal(t, uint16(3012), req.Expiry)
			assert.True(t, req.HasAmount)
			assert.Equal(t, int64(1000), req.Amount)
			assert.Equal(t, world.CNY, req.Currency)
			assert.True(t, req.HasSTAN)
			assert.Equal(t, uint32(42), req.STAN)
			assert.Equal(t, messages(name)[0].fields[41], req.Terminal.String())
			assert.Equal(t, messages(name)[0].fields[42], req.Merchant.String())
			assert.True(t, req.RRN.IsZero())
			assert.Equal(t, []byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF}, req.PINBlock)
			assert.Nil(t, req.MAC)
			assert.NotZero(t, req.DuplicateKey)
			assert.Equal(t, Original{}, req.Original, "a sale is about no other transaction")
			switch name {
			case "iso93-ascii":
				assert.False(t, req.HasBatch)
				assert.Equal(t, uint16(200), req.NetworkCode)
			case "unionpay-pos":
				assert.True(t, req.HasBatch)
				assert.Equal(t, uint32(1), req.Batch)
				assert.Zero(t, req.NetworkCode)
				assert.Zero(t, req.Software)
			default:
				assert.True(t, req.HasBatch, "six digits in DE 60 are the batch")
				assert.Equal(t, uint32(1), req.Batch)
				assert.Equal(t, -1, req.Software)
			}
		})
	}
}

func TestReadCardFromTracks(t *testing.T) {
	sale := messages("iso87-ascii")[0].fields
	bcd, ascii, cup := load(t, "iso87-bcd"), load(t, "iso87-ascii"), load(t, "unionpay-pos")
	tests := []struct {
		name    string
		d       *Dialect
		changes map[int]string
		pan     string
		expiry  uint16
	}{
		{"DE 2 and 14 come before the tracks", ascii, map[int]string{35: testPAN16 + "=2901201"}, testPAN, 3012},
		{"packed track 2", bcd, map[int]string{2: "-", 14: "-"}, testPAN, 3012},
		{"track 2 with =", ascii, map[int]string{2: "-", 14: "-", 35: testPAN16 + "=2901201000"}, testPAN16, 2901},
		{"track 2 with D", ascii, map[int]string{2: "-", 14: "-", 35: testPAN16 + "D2901201000"}, testPAN16, 2901},
		{"expiry from the track of the same card", ascii, map[int]string{14: "-"}, testPAN, 3012},
		{"no expiry from another card's track", ascii, map[int]string{14: "-", 35: testPAN16 + "=2901201"}, testPAN, 0},
		{"track 1", ascii, map[int]string{2: "-", 14: "-", 35: "-", 45: "B" + testPAN16 + "^TEST/CARD^30122010000000"}, testPAN16, 3012},
		{"track 1 without a name's end", ascii, map[int]string{2: "-", 14: "-", 35: "-", 45: "B" + testPAN16 + "^TEST/CARD"}, testPAN16, 0},
		{"track 2 without separator", ascii, map[int]string{2: "-", 14: "-", 35: "1234567890123456"}, "", 0},
		{"track 2 that ends at the separator", ascii, map[int]string{2: "-", 14: "-", 35: testPAN16 + "="}, testPAN16, 0},
		{"an encrypted track", cup, map[int]string{2: "-", 14: "-", 7: "-", 12: "-", 13: "-", 24: "-", 35: "ABCDEF0123456789ABCDEF", 60: "2200000100060"}, "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			req := read(t, test.d, with(sale, test.changes))
			assert.Equal(t, test.pan, req.Card.Clear())
			assert.Equal(t, test.expiry, req.Expiry)
		})
	}
}

func TestReadTheCashOfAPurchase(t *testing.T) {
	const other, cash = "0001156C000000000700", "0040840D000000000300"
	for name, c := range map[string]struct {
		de54 string
		want int64
		has  bool
	}{
		"cash alone":         {cash, 300, true},
		"behind another":     {other + cash, 300, true},
		"two, the first":     {cash + "0040156D000000000900", 300, true},
		"something else":     {other, 0, false},
		"absent":             {"-", 0, false},
		"cut short":          {cash[:19], 0, false},
		"no digits":          {"0040840D0000000003x0", 0, false},
		"no currency":        {"0040CNYD000000000300", 0, false},
		"a tip in 12 digits": {"000000000300", 0, false},
	} {
		for _, dialect := range []string{"iso87-ascii", "iso87-bcd"} {
			t.Run(dialect+"/"+name, func(t *testing.T) {
				req := read(t, load(t, dialect), with(find(t, dialect, "purchase with cash-back"), map[int]string{54: c.de54}))
				assert.Equal(t, world.CashBack, req.Type)
				assert.Equal(t, c.has, req.HasCash)
				assert.Equal(t, c.want, req.Cash)
				if c.has {
					assert.Equal(t, world.USD, req.CashIn)
				}
			})
		}
	}
}

func TestReadOriginals(t *testing.T) {
	iso := func(name string) map[int]string { return find(t, "iso87-ascii", name) }
	cup := func(name string) map[int]string { return find(t, "unionpay-pos", name) }
	tests := []struct {
		name    string
		dialect string
		fields  map[int]string
		want    Original
	}{
		{"DE 90", "iso87-ascii", iso("reversal"), Original{STAN: 42, HasSTAN: true, Batch: 1, HasBatch: true, MTI: 200, Date: 1123}},
		{"DE 90 in BCD", "iso87-bcd", iso("reversal"), Original{STAN: 42, HasSTAN: true, Batch: 1, HasBatch: true, MTI: 200, Date: 1123}},
		{"own STAN", "iso87-ascii", iso("reversal repeat"), Original{STAN: 42, HasSTAN: true, Batch: 1, HasBatch: true, Own: true}},
		{"DE 90 of zeros", "iso87-ascii", with(iso("reversal"), map[int]string{90: "0"}), Original{STAN: 77, HasSTAN: true, Batch: 1, HasBatch: true, Own: true}},
		{"RRN and approval code", "iso87-ascii", iso("void"),
			Original{STAN: 42, HasSTAN: true, Batch: 1, HasBatch: true, Own: true, RRN: MakeID("000000000001"), Approval: MakeID("123456")}},
		{"DE 60 that is no batch", "iso87-ascii", with(iso("reversal repeat"), map[int]string{60: "000000001000"}), Original{STAN: 42, HasSTAN: true, Own: true}},
		{"UnionPay void", "unionpay-pos", cup("void"),
			Original{STAN: 42, HasSTAN: true, Batch: 1, HasBatch: true, Date: 1123, RRN: MakeID("000000000001"), Approval: MakeID("123456")}},
		{"UnionPay refund", "unionpay-pos", cup("refund"),
			Original{STAN: 42, HasSTAN: true, Batch: 1, HasBatch: true, Date: 1123, RRN: MakeID("000000000001")}},
		{"UnionPay DE 61 without date", "unionpay-pos", with(cup("void"), map[int]string{61: "000003000009", 37: "-", 38: "-"}),
			Original{STAN: 9, HasSTAN: true, Batch: 3, HasBatch: true}},
		{"UnionPay void without DE 61", "unionpay-pos", with(cup("void"), map[int]string{61: "-", 37: "-", 38: "-"}),
			Original{STAN: 42, HasSTAN: true, Own: true, Batch: 1, HasBatch: true}},
		{"UnionPay completion, by approval code and date", "unionpay-pos", cup("completion"),
			Original{STAN: 42, HasSTAN: true, Own: true, Batch: 1, HasBatch: true, Date: 1123, Approval: MakeID("123456")}},
		{"completion by DE 90", "iso87-bcd", with(iso("completion"), map[int]string{38: "-", 90: "0100" + "000041" + "1122235959" + "00000000000" + "00000000000"}),
			Original{STAN: 41, HasSTAN: true, MTI: 100, Date: 1122, Batch: 1, HasBatch: true}},
		{"UnionPay reversal", "unionpay-pos", cup("reversal"), Original{STAN: 42, HasSTAN: true, Own: true, Batch: 1, HasBatch: true}},
		{"UnionPay reversal of a void is about the void, not the sale in DE 61", "unionpay-pos", cup("reversal of a void"),
			Original{STAN: 42, HasSTAN: true, Own: true, Batch: 1, HasBatch: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, read(t, load(t, test.dialect), test.fields).Original)
		})
	}
}

func TestReadInvoice(t *testing.T) {
	sale := find(t, "iso87-bcd", "sale")
	for in, want := range map[string]uint32{
		"000042": 42, "42": 42, "999999999": 999_999_999, "1000000000": 0, "": 0, "00004A": 0, "INV042": 0,
		"00004201000312345678901234": 0,
	} {
		assert.Equal(t, want, read(t, load(t, "iso87-bcd"), with(sale, map[int]string{62: in})).Invoice, in)
	}
	assert.Zero(t, read(t, load(t, "iso87-bcd"), with(sale, map[int]string{62: "-"})).Invoice)
	assert.Zero(t, read(t, load(t, "iso87-ascii"), with(find(t, "iso87-ascii", "sale"), map[int]string{62: "000042"})).Invoice, "it has none")
}

func find(t testing.TB, dialect, name string) map[int]string {
	t.Helper()
	for _, m := range messages(dialect) {
		if m.name == name {
			return m.fields
		}
	}
	require.Fail(t, "no such message", "%s: %s", dialect, name)
	return nil
}

func TestDuplicateKey(t *testing.T) {
	for _, name := range specs(t) {
		t.Run(name, func(t *testing.T) {
			d := load(t, name)
			sale := messages(name)[0].fields
			key := read(t, d, sale).DuplicateKey
			assert.Equal(t, key, read(t, d, sale).DuplicateKey)
			assert.Equal(t, key, read(t, d, with(sale, map[int]string{0: sale[0][:3] + "1"})).DuplicateKey, "a repeat is the same request")
			assert.Equal(t, key, read(t, d, with(sale, map[int]string{52: "-", 14: "2801"})).DuplicateKey, "other fields do not count")
			for n, v := range map[int]string{0: "0220", 3: "200000", 4: "1001", 11: "43", 41: "T0000002", 42: "M00000000000002"} {
				other := read(t, d, with(sale, map[int]string{n: v})).DuplicateKey
				assert.NotEqual(t, key, other, "field %d makes it another request", n)
			}
			assert.Zero(t, read(t, d, with(sale, map[int]string{11: "-"})).DuplicateKey, "without a STAN there is no key")
		})
	}
	cup := load(t, "unionpay-pos")
	sale := unionPayMessages()[0].fields
	assert.NotEqual(t, read(t, cup, sale).DuplicateKey, read(t, cup, with(sale, map[int]string{60: "2200000200060"})).DuplicateKey, "the batch counts")
	assert.Equal(t, read(t, cup, sale).DuplicateKey, read(t, cup, with(sale, map[int]string{60: "2200000100050"})).DuplicateKey, "the rest of DE 60 does not")
}

func TestKeyDownload(t *testing.T) {
	d := load(t, "unionpay-pos")
	for name, want := range map[string]security.Download{
		"sign-on, single keys": security.DownloadSingle,
		"sign-on, double keys": security.DownloadDouble,
		"sign-on, track key":   security.DownloadTrack,
	} {
		got, ok := d.KeyDownload(read(t, d, find(t, "unionpay-pos", name)))
		assert.True(t, ok, name)
		assert.Equal(t, want, got, name)
	}
	_, ok := d.KeyDownload(read(t, d, find(t, "unionpay-pos", "sign-off")))
	assert.False(t, ok)
	ascii := load(t, "iso87-ascii")
	_, ok = ascii.KeyDownload(read(t, ascii, find(t, "iso87-ascii", "sign-on")))
	assert.False(t, ok)
}

// TestReadForgetsTheLastMessage fills a request with anything and reads the
// smallest message into it: nothing may remain.
func TestReadForgetsTheLastMessage(t *testing.T) {
	d := load(t, "iso87-ascii")
	f := framed(t, d, built(t, d, map[int]string{0: "0800", 70: "301"}))
	var fresh, used Request
	require.NoError(t, d.Read(f, &fresh))
	full := find(t, "iso87-ascii", "void")
	require.NoError(t, d.Read(framed(t, d, built(t, d, with(full, map[int]string{52: "0123456789ABCDEF", 128: "0011223344556677"}))), &used))
	dirty(reflect.ValueOf(&used).Elem())
	require.NoError(t, d.Read(f, &used))
	// The index keeps the places of absent fields, which its bits hide.
	assert.Equal(t, fresh.Index.present, used.Index.present)
	assert.Equal(t, fresh.Index.end, used.Index.end)
	used.Index, fresh.Index = Index{}, Index{}
	assert.Equal(t, fresh, used)
}

// dirty sets every exported field to something.
func dirty(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		if !f.CanSet() || v.Type().Field(i).Name == "Index" || v.Type().Field(i).Name == "Frame" {
			continue
		}
		switch f.Kind() {
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int, reflect.Int64:
			f.SetInt(77)
		case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			f.SetUint(77)
		case reflect.Slice:
			f.SetBytes([]byte{1, 2, 3})
		case reflect.Struct:
			dirty(f)
		}
	}
}

func TestReadSoftwareFromHeader(t *testing.T) {
	d := load(t, "unionpay-pos")
	body := built(t, d, unionPayMessages()[0].fields)
	for header, want := range map[string]int{"603210320072": 32, "60ab00000000": -1, "600000000000": 0, "609900000000": 99} {
		raw, err := d.AppendRequest(nil, nil, unhexed(t, header), body)
		require.NoError(t, err)
		var req Request
		require.NoError(t, d.Read(cut(t, d, raw), &req))
		assert.Equal(t, want, req.Software, header)
	}
}

func TestUnroutable(t *testing.T) {
	cup, nac, ascii := load(t, "unionpay-pos"), load(t, "iso87-bcd"), load(t, "iso87-ascii")
	body := make([]byte, 10)
	tests := []struct {
		name string
		d    *Dialect
		f    frame.Frame
		want string
	}{
		{"expected", cup, frame.Frame{TPDU: unhexed(t, "6000030000"), Header: unhexed(t, "603100000000"), Body: body}, ""},
		{"TPDU", cup, frame.Frame{TPDU: unhexed(t, "6100030000"), Header: unhexed(t, "603100000000"), Body: body}, "unexpected TPDU 6100030000"},
		{"header", cup, frame.Frame{TPDU: unhexed(t, "6000030000"), Header: unhexed(t, "013100000000"), Body: body}, "unexpected header 013100000000"},
		{"short", cup, frame.Frame{TPDU: unhexed(t, "6000030000"), Header: unhexed(t, "603100000000"), Body: body[:9]}, "9 bytes are no message: MTI and bitmap alone have 10"},
		{"NAC", nac, frame.Frame{TPDU: unhexed(t, "6800030000"), Body: body}, ""},
		{"ASCII, short", ascii, frame.Frame{Body: make([]byte, 19)}, "19 bytes are no message: MTI and bitmap alone have 20"},
		{"ASCII", ascii, frame.Frame{Body: make([]byte, 20)}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { assert.Equal(t, test.want, test.d.Unroutable(test.f)) })
	}
}

func TestReadErrors(t *testing.T) {
	ascii, bcd, cup := load(t, "iso87-ascii"), load(t, "iso87-bcd"), load(t, "unionpay-pos")
	good := "0200" + "2020000000800000" + "000000" + "000042" + "T0000001"
	tests := []struct {
		name          string
		d             *Dialect
		body          []byte
		field, offset int
		is            error
		text          string
		stan          uint32
	}{
		{"empty", ascii, nil, AtMTI, 0, nil, "message, MTI, at byte 0: 0 bytes are left, the value needs 4", 0},
		{"MTI of letters", ascii, []byte("O200"), AtMTI, 0, nil, "", 0},
		{"MTI that is not BCD", cup, []byte{0x02, 0xF0}, AtMTI, 0, nil, "", 0},
		{"no bitmap", ascii, []byte("0200"), AtBitmap, 4, nil, "message 0200, bitmap, at byte 4: bitmap 1: 0 bytes are left, it has 16", 0},
		{"bitmap not hexadecimal", ascii, []byte("0200202000000080000G"), AtBitmap, 4, nil, "", 0},
		{"second bitmap missing", ascii, []byte("0200A020000000800000"), AtBitmap, 4, nil, "", 0},
		{"field 3 is not digits", ascii, []byte("0200202000000080000000000A000042T0000001"), 3, 20, nil,
			`message 0200, field 3 (Processing code), at byte 20: byte 6 of the value is 41 ("A"): a decimal digit is wanted`, 0},
		{"field 41 is cut", ascii, []byte(good[:len(good)-1]), 41, 32, nil, "message 0200, field 41 (Terminal), at byte 32: 7 bytes are left, the value needs 8", 42},
		{"bytes after the end", ascii, []byte(good + "xy"), AtEnd, len(good), ErrTrailing,
			"message 0200, after the last field, at byte 40: bytes follow the last field that the bitmap names (2 of them)", 42},
		{"a field above 64 in UnionPay", cup, unhexed(t, "0800"+"8000000000000000"+"4000000000000000"), 66, 18, ErrUndefined, "", 0},
		{"a third bitmap with a field", bcd, unhexed(t, "0800"+"8000000000000000"+"8000000000000000"+"0000000000000001"), 192, 26, ErrUndefined, "", 0},
		{"length above the maximum", cup, unhexed(t, "0200"+"4000000000000000"+"20"+"12345678901234567890"), 2, 10, nil,
			"message 0200, field 2 (Primary account number), at byte 10: a length of 20; the field has at most 19", 0},
		{"length that is not BCD", cup, unhexed(t, "0200"+"4000000000000000"+"1A"+"12345678901234567890"), 2, 10, nil, "", 0},
		{"length with a digit too many", cup, unhexed(t, "0200"+"0000000000000010"+"1005"+"1234567890"), 60, 10, nil, "", 0},
		{"too long", ascii, make([]byte, 65536), AtMTI, 0, ErrTooLong, "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var req Request
			err := test.d.Read(frame.Frame{Body: test.body}, &req)
			var e *FormatError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, test.field, e.Field)
			assert.Equal(t, test.offset, e.Offset)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			if test.text != "" {
				assert.EqualError(t, err, test.text)
			}
			assert.Equal(t, test.stan, req.STAN, "what was read before the mistake must be there")
		})
	}
	var req Request
	require.NoError(t, bcd.Read(frame.Frame{Body: unhexed(t, "0800"+"8000000000000000"+"8000000000000000"+"0000000000000000")}, &req),
		"a third bitmap without fields is no mistake")
}

func TestReadAllocatesNothing(t *testing.T) {
	for _, name := range specs(t) {
		d := load(t, name)
		for _, m := range messages(name) {
			f := framed(t, d, built(t, d, m.fields))
			var req Request
			assert.Zero(t, testing.AllocsPerRun(20, func() {
				if err := d.Read(f, &req); err != nil {
					t.Error(err)
				}
			}), "%s %s", name, m.name)
		}
	}
}
