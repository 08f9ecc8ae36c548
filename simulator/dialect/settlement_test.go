package dialect

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

// nacTotals are 2 sales, 1 refund, and 1 sale with a debit card.
const nacTotals = "002" + "000000001250" + "001" + "000000000050" + "001" + "000000000300" + "000" + "000000000000"

// unionPayTotals are 3 sales and 1 refund, and 1 sale with a foreign card.
const unionPayTotals = "000000123456" + "003" + "000000000100" + "001" + "0" + "000000005000" + "001" + "000000000000" + "000" + "0"

func nacSettlementMessages() []message {
	settle := map[int]string{0: "0500", 3: "920000", 7: "1123235959", 11: "44", 41: "T0000001", 42: "M00000000000001", 60: "000001", 63: nacTotals}
	upload := map[int]string{
		0: "0320", 2: testPAN, 3: "000000", 4: "1000", 11: "45", 12: "235959", 13: "1123", 37: "632700000042", 38: "123456",
		41: "T0000001", 42: "M00000000000001", 60: "0200" + "000042" + "632700000042",
	}
	return []message{
		{"settlement", world.Settlement, settle},
		{"settlement after an upload", world.SettlementEnd, with(settle, map[int]string{0: "0501", 3: "960000"})},
		{"upload of a sale", world.BatchUpload, upload},
		{"upload of a refund", world.BatchUpload, with(upload, map[int]string{3: "200000", 60: "0220" + "000043" + "000000000000"})},
	}
}

func unionPaySettlementMessages() []message {
	network := map[int]string{0: "0500", 11: "9", 41: "00000001", 42: "952718182217875", 48: unionPayTotals, 49: "156", 60: "00000001201", 63: "01 "}
	upload := with(network, map[int]string{0: "0320", 49: "-", 63: "-"})
	return []message{
		{"settlement", world.Settlement, network},
		{"batch upload", world.BatchUpload, with(upload, map[int]string{
			48: "02" + "00" + "000042" + "0" + testPAN + "000000001000" + "01" + "000043" + "0000" + testPAN16 + "000000002000"})},
		{"batch upload of a refund", world.BatchUpload, with(upload, map[int]string{
			2: testPAN, 3: "200000", 4: "1000", 25: "00", 48: "-", 60: "25000001000"})},
		{"batch upload of chip data", world.BatchUpload, with(upload, map[int]string{
			2: testPAN, 22: "051", 48: "-", 55: "9F2608A1B2C3D4E5F60708", 60: "00000001205"})},
		{"end of an upload", world.BatchEnd, with(upload, map[int]string{48: "0012", 60: "00000001202"})},
		{"script result", world.ScriptResult, with(network, map[int]string{0: "0620", 2: testPAN, 3: "000000", 4: "1000", 48: "-",
			55: "9F3303E0F0C8", 60: "00000001951", 61: "0000010000421123", 63: "-"})},
		{"status upload", world.StatusUpload, with(upload, map[int]string{0: "0820", 11: "-", 48: "-", 60: "00000001372", 62: "313030"})},
		{"parameter download", world.ParameterDownload, with(upload, map[int]string{0: "0800", 11: "-", 48: "-", 60: "00000001370", 62: "9F0605A0000099999F2201E1"})},
		{"end of a download", world.ParameterEnd, with(upload, map[int]string{0: "0800", 11: "-", 48: "-", 60: "00000001371"})},
		{"end of an upload, balanced", world.BatchEnd, with(upload, map[int]string{48: "0000", 60: "00000001207"})},
	}
}

func TestTotalsOfASettlement(t *testing.T) {
	tests := map[string]struct {
		dialect string
		digits  string
		want    BatchTotals
		err     string
	}{
		"NAC, in full":          {"iso87-bcd", nacTotals, BatchTotals{Domestic: Sums{3, 1, 1550, 50}}, ""},
		"NAC, short":            {"iso87-ascii", nacTotals[:30], BatchTotals{Domestic: Sums{2, 1, 1250, 50}}, ""},
		"NAC, three pairs":      {"iso87-ascii", nacTotals[:45], BatchTotals{Domestic: Sums{3, 1, 1550, 50}}, ""},
		"NAC, authorised only":  {"iso87-bcd", nacTotals + "001000000000700000000000000000", BatchTotals{Domestic: Sums{3, 1, 1550, 50}}, ""},
		"NAC, spaces behind":    {"iso87-bcd", nacTotals + strings.Repeat("0", 30) + "   ", BatchTotals{Domestic: Sums{3, 1, 1550, 50}}, ""},
		"NAC, more behind":      {"iso87-bcd", nacTotals + strings.Repeat("0", 30) + "1", BatchTotals{}, "DE 63: it has 91 digits; what follows the first 90 is not known"},
		"NAC, too short":        {"iso87-bcd", nacTotals[:29], BatchTotals{}, "DE 63: it has 29 digits; 30 are wanted"},
		"NAC, ends in a piece":  {"iso87-bcd", nacTotals[:40], BatchTotals{}, "DE 63: it ends within debit-amount, after 40 digits"},
		"NAC, no digits":        {"iso87-bcd", "A" + nacTotals[1:], BatchTotals{}, "DE 63: debit-count at 1 is not digits"},
		"UnionPay":              {"unionpay-pos", unionPayTotals, BatchTotals{Sums{3, 1, 123456, 100}, Sums{1, 0, 5000, 0}}, ""},
		"UnionPay, one pair":    {"unionpay-pos", unionPayTotals[:31], BatchTotals{}, "DE 48: it has 31 digits; 62 are wanted"},
		"UnionPay, nothing":     {"unionpay-pos", strings.Repeat("0", 62), BatchTotals{}, ""},
		"UnionPay, more behind": {"unionpay-pos", unionPayTotals + "12", BatchTotals{}, "DE 48: it has 64 digits"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := load(t, tt.dialect)
			req := read(t, d, with(find(t, tt.dialect, "settlement"), map[int]string{int(d.conv.settlement.totals.field): tt.digits}))
			got, err := d.Totals(req)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want.Domestic.Plus(tt.want.Foreign), got.All())
		})
	}
	d := load(t, "unionpay-pos")
	_, err := d.Totals(read(t, d, with(find(t, "unionpay-pos", "settlement"), map[int]string{48: "-"})))
	assert.EqualError(t, err, "DE 48 is absent")
}

func TestResultsOfASettlement(t *testing.T) {
	d := load(t, "unionpay-pos")
	require.True(t, d.TellsResult())
	req := read(t, d, find(t, "unionpay-pos", "settlement"))
	resp := approved()
	resp.Results = [2]byte{'2', '1'}
	body, err := d.AppendReply(nil, req, resp)
	require.NoError(t, err)
	m, err := d.Unpack(body)
	require.NoError(t, err)
	got, err := m.GetString(48)
	require.NoError(t, err)
	assert.Equal(t, unionPayTotals[:30]+"2"+unionPayTotals[31:61]+"1", got)

	req = read(t, d, find(t, "unionpay-pos", "end of an upload"))
	n, ok := d.UploadCount(req)
	assert.True(t, ok)
	assert.Equal(t, 12, n)
	body, err = d.AppendReply(nil, req, approved())
	require.NoError(t, err)
	m, err = d.Unpack(body)
	require.NoError(t, err)
	got, err = m.GetString(48)
	require.NoError(t, err)
	assert.Equal(t, "0012", got)

	for _, name := range []string{"iso87-bcd", "iso87-ascii"} {
		assert.False(t, load(t, name).TellsResult(), name)
	}
}

func TestRecordsOfAnUpload(t *testing.T) {
	pan, err := ParsePAN(testPAN)
	require.NoError(t, err)
	pan16, err := ParsePAN(testPAN16)
	require.NoError(t, err)
	tests := map[string]struct {
		dialect, message string
		want             []UploadRecord
	}{
		"UnionPay, records": {"unionpay-pos", "batch upload", []UploadRecord{
			{STAN: 42, Card: pan, Amount: 1000, HasAmount: true}, {STAN: 43, Card: pan16, Amount: 2000, HasAmount: true}}},
		"UnionPay, advice": {"unionpay-pos", "batch upload of a refund", []UploadRecord{
			{STAN: 9, Card: pan, Amount: 1000, HasAmount: true, MTI: 220, Type: world.Refund}}},
		"UnionPay, chip data": {"unionpay-pos", "batch upload of chip data", []UploadRecord{{STAN: 9, Card: pan}}},
		"NAC": {"iso87-ascii", "upload of a sale", []UploadRecord{
			{STAN: 42, Card: pan, Amount: 1000, HasAmount: true, RRN: MakeID("632700000042"), MTI: 200, Type: world.Sale}}},
		"NAC, advice": {"iso87-bcd", "upload of a refund", []UploadRecord{
			{STAN: 43, Card: pan, Amount: 1000, HasAmount: true, RRN: MakeID("632700000042"), MTI: 220, Type: world.Refund}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := load(t, tt.dialect)
			got, err := d.UploadRecords(nil, read(t, d, find(t, tt.dialect, tt.message)))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, strings.Contains(name, "advice"), got[0].IsAdvice())
		})
	}
	d := load(t, "unionpay-pos")
	one := "00" + "000042" + "0" + testPAN + "000000001000"
	for digits, want := range map[string]string{
		"00":            "DE 48: it says that no records follow",
		"02" + one:      "DE 48: it says that 2 records of 40 digits follow, but 40 digits do",
		"01" + one[:39]: "DE 48: it says that 1 records of 40 digits follow, but 39 digits do",
		"0":             "DE 48: it has 1 digits; the first 2 say how many records follow",
		"01" + "00000042" + "1" + testPAN + "000000001000": "DE 48, record 1: card is not digits, or too many",
	} {
		_, err := d.UploadRecords(nil, read(t, d, with(find(t, "unionpay-pos", "batch upload"), map[int]string{48: digits})))
		assert.EqualError(t, err, want)
	}
}

func TestMaskKeepsWhatIsNoCardNumberOfASettlement(t *testing.T) {
	for _, name := range Names() {
		d := load(t, name)
		for _, m := range messages(name) {
			if m.is < world.Settlement || m.is > world.BatchEnd {
				continue
			}
			body := built(t, d, m.fields)
			var ix Index
			_, err := d.Index(body, &ix)
			require.NoError(t, err)
			for _, n := range []int{48, 60, 63} {
				before := bytes.Clone(ix.Value(body, n))
				masked := bytes.Clone(body)
				secrets := d.Mask(masked, &ix, 0)
				after := ix.Value(masked, n)
				if n == 48 && name == "unionpay-pos" && m.name == "batch upload" {
					want := "02" + "00" + "000042" + "0" + testPAN[:6] + strings.Repeat("0", 9) + testPAN[15:] + "000000001000" +
						"01" + "000043" + "0000" + testPAN16[:6] + strings.Repeat("0", 6) + testPAN16[12:] + "000000002000"
					assert.Equal(t, want, hex.EncodeToString(after))
					assert.Equal(t, "pan", secrets[0].Kind)
					continue
				}
				assert.Equal(t, hex.EncodeToString(before), hex.EncodeToString(after), "%s, %s, field %d", name, m.name, n)
			}
		}
	}
}

func TestMistakesInSettlementConventions(t *testing.T) {
	src, err := embedded.ReadFile("dialects/iso87-ascii.yaml")
	require.NoError(t, err)
	for change, want := range map[[2]string]string{
		{"batches: follow", "batches: lead"}:                             `"lead" is neither follow nor strict`,
		{"- debit-count 3", "- debit-cuont 3"}:                           `no piece is called "debit-cuont"`,
		{"- debit-count 3", "- debit-count"}:                             `"debit-count" does not say how many digits`,
		{"- debit-count 3", "- debit-count 10"}:                          "debit-count has at most 9 digits, not 10",
		{"      field: 63", "      field: 64"}:                           "field 64 is binary",
		{"original: {field: 60,", "original: {field: 60, counted: 2,"}:   "only records are counted",
		{"[mti 4, stan 6, rrn 12]", "[skip 4]"}:                          "at least one piece with a meaning is needed",
		{"original: {field: 60, pieces", "records: {field: 60, pieces"}:  "it says how many digits in front count the records",
		{"[mti 4, stan 6, rrn 12]", "[mti 4, stan 6, skip 990, rrn 12]"}: "the pieces have 1012 digits, the field at most 999",
	} {
		text := strings.Replace(string(src), change[0], change[1], 1)
		require.NotEqual(t, string(src), text, change[0])
		err := Lint("x.yaml", []byte(text))
		assert.ErrorContains(t, err, want, change[1])
	}
}

// FuzzSettlement parses the digits of settlements and uploads: nothing panics,
// what can be read is read alike when it is told again, and no error shows a
// card number.
func FuzzSettlement(f *testing.F) {
	for _, seed := range []string{nacTotals, unionPayTotals, nacTotals[:30], "0100000042" + "0" + testPAN + "000000001000", "0002", "0200000042632700000042", ""} {
		f.Add(seed)
	}
	f.Add("010000000000010000000007700020000000000000") // plausible totals, and a record with a card
	var all []*Dialect
	for _, name := range Names() {
		d, err := Load(name)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, d)
	}
	f.Fuzz(func(t *testing.T, digits string) {
		for _, d := range all {
			s := &d.conv.settlement
			for _, p := range []*positions{&s.totals, &s.records, &s.original, &s.count} {
				if p.field == 0 {
					continue
				}
				fuzzPositions(t, d, p, digits)
			}
		}
	})
}

func fuzzPositions(t *testing.T, d *Dialect, p *positions, digits string) {
	for _, mti := range []string{"0500", "0320"} {
		body, err := d.Build(map[int]string{0: mti, 3: "920000", 11: "9", 41: "00000001", int(p.field): digits}, nil)
		if err != nil {
			return
		}
		req := Request{}
		if err := d.Read(framed(t, d, body), &req); err != nil {
			continue
		}
		got, err := d.Totals(&req)
		if err == nil && p == &d.conv.settlement.totals {
			sums := got.All()
			if sums.DebitCount < 0 || sums.DebitAmount < 0 || sums.CreditCount < 0 || sums.CreditAmount < 0 {
				t.Fatalf("negative totals from %q: %+v", digits, got)
			}
		}
		records, err := d.UploadRecords(nil, &req)
		if err != nil && reveals([]byte(err.Error()), digits) && len(digits) > 12 {
			t.Fatalf("the error tells %q", digits)
		}
		for i := range records {
			_ = records[i].IsAdvice()
		}
		_, _ = d.UploadCount(&req)
		_, _ = d.AppendReply(nil, &req, &Response{Outcome: world.Approved, Results: [2]byte{'2', '2'}})
		masked := bytes.Clone(body)
		d.Mask(masked, &req.Index, 0)
		var ix Index
		if _, err := d.Index(masked, &ix); err != nil {
			t.Fatalf("masked, %q can't be read: %v", digits, err)
		}
		// In an 0500 the same digits are totals, which stay as they are.
		if mti == "0320" && len(records) > 0 && p == &d.conv.settlement.records {
			for i := range records {
				if pan := records[i].Card.Clear(); len(pan) > 10 && strings.Trim(pan[6:len(pan)-4], "0") != "" && bytes.Contains([]byte(fmt.Sprintf("%x", ix.Value(masked, int(p.field)))), []byte(pan)) {
					t.Fatalf("masked, record %d of %q still shows its card", i+1, digits)
				}
			}
		}
	}
}
