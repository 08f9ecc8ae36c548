package dialect

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

func iso93Messages() []message {
	sale := map[int]string{
		0: "1200", 2: testPAN, 3: "000000", 4: "1000", 7: "1123235959", 11: "42", 12: "261123235959", 14: "3012",
		22: "510101254314", 23: "1", 24: "200", 26: "5411", 35: testPAN + "D30122011234", 41: "T0000001", 42: "M00000000000001", 49: "156",
		52: "0123456789ABCDEF", 55: "9F2608A1B2C3D4E5F607089F360200015F2A020156",
	}
	original := "1200" + "000042" + "261123235959" + "11" + "00000048720"
	authorisation := with(sale, map[int]string{0: "1100", 24: "101"})
	network := map[int]string{0: "1804", 7: "1123235959", 11: "43", 12: "261123235959", 24: "801", 41: "T0000001", 42: "M00000000000001"}
	totals := map[int]string{0: "1520", 11: "44", 12: "261123235959", 24: "500", 28: "261123", 41: "T0000001", 42: "M00000000000001", 50: "156",
		74: "1", 75: "0", 76: "3", 77: "1", 86: "500", 87: "0", 88: "3000", 89: "1000"}
	return []message{
		{"sale", world.Sale, sale},
		{"sale repeat", world.Sale, with(sale, map[int]string{0: "1201"})},
		{"sale after a denial", world.Sale, with(sale, map[int]string{24: "203"})},
		{"sale with track 1", world.Sale, with(sale, map[int]string{2: "-", 35: "-", 14: "-", 45: "B" + testPAN16 + "^TEST/CARD^30122010000000"})},
		{"void", world.Void, with(sale, map[int]string{3: "020000", 37: "000000000001", 38: "123456", 52: "-"})},
		{"refund", world.Refund, with(sale, map[int]string{3: "200000", 37: "000000000001"})},
		{"refund advice", world.Refund, with(sale, map[int]string{0: "1220", 3: "200000", 56: original})},
		{"inquiry", world.Inquiry, with(authorisation, map[int]string{3: "310000", 4: "-", 24: "108"})},
		{"reversal", world.Reversal, with(sale, map[int]string{0: "1420", 11: "77", 24: "400", 25: "4021", 52: "-", 35: "-", 56: original})},
		{"reversal repeat", world.Reversal, with(sale, map[int]string{0: "1421", 24: "400", 25: "4021", 52: "-", 35: "-"})},
		{"partial reversal", world.Reversal, with(sale, map[int]string{0: "1420", 24: "401", 25: "4004", 52: "-", 35: "-", 56: original})},
		{"sign-on", world.SignOn, network},
		{"sign-off", world.SignOff, with(network, map[int]string{24: "802"})},
		{"echo", world.Echo, with(network, map[int]string{24: "831"})},
		{"echo repeat", world.Echo, with(network, map[int]string{0: "1805", 24: "831"})},
		{"cash", world.Cash, with(sale, map[int]string{3: "010000"})},
		{"purchase with cash-back", world.CashBack, with(sale, map[int]string{3: "090000", 54: "0040156D000000000300"})},
		{"pre-authorisation", world.PreAuth, authorisation},
		{"void of a pre-authorisation", world.PreAuthVoid, with(authorisation, map[int]string{3: "020000", 38: "123456"})},
		{"completion", world.Completion, with(sale, map[int]string{24: "202", 38: "123456"})},
		{"completion advice", world.CompletionAdvice, with(sale, map[int]string{0: "1220", 24: "201", 38: "123456"})},
		{"void of a completion", world.CompletionVoid, with(sale, map[int]string{3: "020000", 24: "201", 56: original})},
		{"offline sale", world.OfflineSale, with(sale, map[int]string{0: "1220", 38: "123456", 52: "-"})},
		{"offline sale repeat", world.OfflineSale, with(sale, map[int]string{0: "1221", 38: "123456", 52: "-"})},
		{"adjustment", world.Adjustment, with(sale, map[int]string{0: "1220", 3: "220000", 56: original})},
		{"tip", world.Tip, with(sale, map[int]string{0: "1220", 3: "020000", 54: "000000000100", 56: original})},
		{"settlement", world.Settlement, totals},
		{"settlement after an upload", world.SettlementEnd, with(totals, map[int]string{24: "570"})},
		{"upload of a sale", world.BatchUpload, with(sale, map[int]string{0: "1304", 24: "301", 35: "-", 52: "-", 56: original})},
		{"replacement authorisation", world.Unrecognised, with(authorisation, map[int]string{24: "102"})},
		{"checkpoint", world.Unrecognised, with(totals, map[int]string{24: "501"})},
		{"file inquiry", world.Unrecognised, map[int]string{0: "1304", 11: "45", 24: "305", 41: "T0000001", 101: "HOTCARDS"}},
	}
}

// TestActionCodesPerClass: what approves, and what can be said, depends on the
// class of message.
func TestActionCodesPerClass(t *testing.T) {
	d := load(t, "iso93-ascii")
	for _, o := range world.Outcomes() {
		assert.Contains(t, iso93Codes, o, "%s needs an action code", o)
	}
	for mti, want := range map[uint16]map[world.Outcome]string{
		1100: {world.Approved: "000", world.InsufficientFunds: "116", world.CardLost: "208", world.Duplicate: "913"},
		1200: {world.Approved: "000", world.MerchantUnknown: "109", world.FormatError: "904"},
		1201: {world.Approved: "000"},
		1220: {world.Approved: "000", world.UnsupportedFunction: "115"},
		1304: {world.Approved: "300", world.UnsupportedFunction: "301", world.OriginalNotFound: "302", world.FormatError: "307", world.MerchantUnknown: "902"},
		1420: {world.Approved: "400", world.OriginalNotFound: "914", world.OriginalAmountDiffers: "902", world.IssuerTimeout: "911"},
		1421: {world.Approved: "400"},
		1520: {world.Approved: "500", world.OutOfBalance: "501", world.CutOver: "906"},
		1604: {world.Approved: "600", world.UnsupportedFunction: "902"},
		1804: {world.Approved: "800", world.TerminalUnknown: "902", world.SystemMalfunction: "909"},
	} {
		for o, code := range want {
			assert.Equal(t, code, d.Code(mti, o), "%04d %s", mti, o)
		}
	}
}

// TestCodesOfSomeClasses: a file may say them for all classes, or for some.
func TestCodesOfSomeClasses(t *testing.T) {
	src, err := Source("iso93-ascii")
	require.NoError(t, err)
	with := func(codes string) []byte {
		return append([]byte(nil), replaceOnce(t, string(src), "codes: {base: iso8583-1993}", "codes: {base: iso8583-1993, "+codes+"}")...)
	}
	d, _, err := compile("mine.yaml", with(`issuer-timeout: "912", do-not-honour: {advice: "115", reversal: "902"}`))
	require.NoError(t, err)
	assert.Equal(t, "912", d.Code(1100, world.IssuerTimeout))
	assert.Equal(t, "912", d.Code(1804, world.IssuerTimeout))
	assert.Equal(t, "115", d.Code(1220, world.DoNotHonour))
	assert.Equal(t, "100", d.Code(1200, world.DoNotHonour))
	for codes, want := range map[string]string{
		`do-not-honour: {advise: "115"}`: "no class of messages is called \"advise\" (did you mean `advice`?)",
		`do-not-honour: {advice: "05"}`:  "the code \"05\" does not fit field 39, which has 3 characters",
		`do-not-honour: {advice: 115}`:   "quote it",
		`do-not-honour: ["115"]`:         "a list",
	} {
		var all strictyaml.Problems
		require.ErrorAs(t, Lint("mine.yaml", with(codes)), &all, codes)
		assert.Contains(t, all.Error(), want)
	}
	var all strictyaml.Problems
	require.ErrorAs(t, Lint("mine.yaml", []byte(replaceOnce(t, string(src), "base: iso8583-1993", "base: iso8583-1987"))), &all)
	assert.Contains(t, all.Error(), "the codes of iso8583-1987 do not fit field 39, which has 3 characters")
}

func replaceOnce(t *testing.T, text, old, with string) string {
	t.Helper()
	require.Contains(t, text, old)
	return strings.Replace(text, old, with, 1)
}

func TestClockOf1993(t *testing.T) {
	d := load(t, "iso93-ascii")
	req := read(t, d, find(t, "iso93-ascii", "sale"))
	resp := approved()
	resp.Time = time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	out, err := d.AppendReply(nil, req, resp)
	require.NoError(t, err)
	m, err := d.Unpack(out)
	require.NoError(t, err)
	for n, want := range map[int]string{0: "1210", 12: "310203040506", 15: "310203", 24: "200", 39: "000"} {
		got, err := m.GetString(n)
		require.NoError(t, err)
		assert.Equal(t, want, got, "field %d", n)
	}
	src, err := Source("iso93-ascii")
	require.NoError(t, err)
	var all strictyaml.Problems
	require.ErrorAs(t, Lint("mine.yaml", []byte(replaceOnce(t, string(src), `"12": {type: String, length: 12`, `"12": {type: String, length: 10`))), &all)
	assert.Contains(t, all.Error(), "field 12 has 10 digits; the host's clock fills [6 12]")
}

func TestOriginalsOf1993(t *testing.T) {
	d := load(t, "iso93-ascii")
	req := read(t, d, find(t, "iso93-ascii", "reversal"))
	assert.Equal(t, Original{STAN: 42, HasSTAN: true, MTI: 1200, Date: 1123}, req.Original)
	req = read(t, d, find(t, "iso93-ascii", "reversal repeat"))
	assert.Equal(t, uint32(42), req.Original.STAN, "its own")
	assert.True(t, req.Original.Own)
	r, err := d.UploadRecords(nil, read(t, d, find(t, "iso93-ascii", "upload of a sale")))
	require.NoError(t, err)
	require.Len(t, r, 1)
	assert.Equal(t, uint32(42), r[0].STAN)
	assert.Equal(t, uint16(1200), r[0].MTI)
}

func TestTotalsInFields(t *testing.T) {
	d := load(t, "iso93-ascii")
	good := find(t, "iso93-ascii", "settlement")
	totals, err := d.Totals(read(t, d, good))
	require.NoError(t, err)
	assert.Equal(t, Sums{DebitCount: 2, DebitAmount: 2000, CreditCount: 1, CreditAmount: 500}, totals.All(), "what was reversed is taken off")
	totals, err = d.Totals(read(t, d, with(good, map[int]string{74: "-", 75: "-", 77: "-", 86: "-", 87: "-", 89: "-"})))
	require.NoError(t, err)
	assert.Equal(t, Sums{DebitCount: 3, DebitAmount: 3000}, totals.All(), "absent is none")
	for what, changes := range map[string]map[int]string{
		"more is reversed":                {77: "4"},
		"DE 76 is not a debit-count":      {76: "1000000000"},
		"DE 88 is not a debit-amount":     {88: "1000000000000000"},
		"none of the fields":              {74: "-", 75: "-", 76: "-", 77: "-", 86: "-", 87: "-", 88: "-", 89: "-"},
		"more is reversed than there was": {87: "501"},
	} {
		_, err = d.Totals(read(t, d, with(good, changes)))
		require.ErrorContains(t, err, what)
	}
	src, err := Source("iso93-ascii")
	require.NoError(t, err)
	for old, test := range map[string][2]string{
		"debit-count: 76":  {"debits-count: 76", "did you mean `debit-count`?"},
		`    "88": {type`:  {`    "129": {type`, "field 88 is not defined"},
		"credit-count: 74": {"credit-count: 52", "is binary"},
		"    totals:\n":    {"    totals:\n      field: 63\n", "not both"},
	} {
		var all strictyaml.Problems
		require.ErrorAs(t, Lint("mine.yaml", []byte(replaceOnce(t, string(src), old, test[0]))), &all, test[0])
		assert.Contains(t, all.Error(), test[1])
	}
}
