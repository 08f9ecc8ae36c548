package dialect

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
)

// Test card numbers, published by card organisations and gateways for tests.
const (
	testPAN   = "6222021234567890128"
	testPAN16 = "4539148803436467"
)

// message is one request of a dialect, by its field values.
type message struct {
	name   string
	is     world.TransactionType
	fields map[int]string
}

func with(base map[int]string, changes map[int]string) map[int]string {
	all := maps.Clone(base)
	maps.Copy(all, changes)
	for n, v := range all {
		if v == "-" {
			delete(all, n)
		}
	}
	return all
}

// specs names the embedded dialects, and of their variants those that have
// other encodings.
func specs(t testing.TB) (all []string) {
	seen := map[*iso8583.MessageSpec]bool{}
	add := func(name string) {
		if spec := load(t, name).Spec(); !seen[spec] {
			seen[spec] = true
			all = append(all, name)
		}
	}
	for _, name := range Names() {
		add(name)
		for _, v := range load(t, name).Variants() {
			add(name + "/" + v)
		}
	}
	return all
}

// messages returns requests of every type that the dialect recognises, and some
// that it does not.
func messages(name string) []message {
	name, _, _ = strings.Cut(name, "/")
	switch name {
	case "unionpay-pos":
		return unionPayMessages()
	case "iso93-ascii":
		return iso93Messages()
	}
	sale := map[int]string{
		0: "0200", 2: testPAN, 3: "000000", 4: "1000", 7: "1123235959", 11: "42", 12: "235959", 13: "1123", 14: "3012",
		22: "051", 23: "1", 24: "3", 25: "00", 35: testPAN + "D30122011234", 41: "T0000001", 42: "M00000000000001", 49: "156",
		52: "0123456789ABCDEF", 60: "000001",
	}
	original := "0200" + "000042" + "1123235959" + "00000000000" + "00000000000"
	network := map[int]string{0: "0800", 7: "1123235959", 11: "43", 41: "T0000001", 42: "M00000000000001", 70: "001"}
	all := []message{
		{"sale", world.Sale, sale},
		{"sale repeat", world.Sale, with(sale, map[int]string{0: "0201"})},
		{"sale with track 1", world.Sale, with(sale, map[int]string{2: "-", 35: "-", 14: "-", 45: "B" + testPAN16 + "^TEST/CARD^30122010000000"})},
		{"void", world.Void, with(sale, map[int]string{3: "020000", 37: "000000000001", 38: "123456", 52: "-"})},
		{"refund", world.Refund, with(sale, map[int]string{3: "200000", 37: "000000000001"})},
		{"refund advice", world.Refund, with(sale, map[int]string{0: "0220", 3: "200000", 90: original})},
		{"inquiry", world.Inquiry, with(sale, map[int]string{3: "310000", 4: "-"})},
		{"inquiry as authorisation", world.Inquiry, with(sale, map[int]string{0: "0100", 3: "310000", 4: "-"})},
		{"reversal", world.Reversal, with(sale, map[int]string{0: "0400", 11: "77", 52: "-", 35: "-", 90: original})},
		{"reversal repeat", world.Reversal, with(sale, map[int]string{0: "0401", 52: "-", 35: "-"})},
		{"reversal advice", world.Reversal, with(sale, map[int]string{0: "0420", 52: "-", 35: "-", 90: original})},
		{"sign-on", world.SignOn, network},
		{"sign-off", world.SignOff, with(network, map[int]string{70: "002"})},
		{"echo", world.Echo, with(network, map[int]string{70: "301"})},
		{"cash", world.Cash, with(sale, map[int]string{3: "010000"})},
		{"purchase with cash-back", world.CashBack, with(sale, map[int]string{3: "090000", 54: "0040156D000000000300"})},
		{"pre-authorisation", world.PreAuth, with(sale, map[int]string{0: "0100", 25: "06"})},
		{"void of a pre-authorisation", world.PreAuthVoid, with(sale, map[int]string{0: "0100", 3: "020000", 25: "06", 38: "123456"})},
		{"completion", world.Completion, with(sale, map[int]string{25: "06", 38: "123456"})},
		{"completion advice", world.CompletionAdvice, with(sale, map[int]string{0: "0220", 25: "06", 38: "123456"})},
		{"void of a completion", world.CompletionVoid, with(sale, map[int]string{3: "020000", 25: "06", 90: original})},
		{"offline sale", world.OfflineSale, with(sale, map[int]string{0: "0220", 38: "123456", 52: "-"})},
		{"offline sale repeat", world.OfflineSale, with(sale, map[int]string{0: "0221", 38: "123456", 52: "-"})},
		{"adjustment", world.Adjustment, with(sale, map[int]string{0: "0220", 3: "220000", 90: original})},
		{"tip", world.Tip, with(sale, map[int]string{0: "0220", 3: "020000", 54: "000000000100", 90: original})},
		{"something else", world.Unrecognised, with(sale, map[int]string{0: "0100", 3: "880000"})},
	}
	all = append(all, nacSettlementMessages()...)
	if name == "iso87-bcd" {
		nac := with(network, map[int]string{3: "990000", 70: "-", 7: "-", 24: "3"})
		all = append(all, message{"echo by processing code", world.Echo, nac},
			message{"pre-authorisation by processing code", world.PreAuth, with(sale, map[int]string{0: "0100", 3: "300000"})},
			message{"sign-on by processing code", world.SignOn, with(nac, map[int]string{3: "920000"})})
	}
	return all
}

func unionPayMessages() []message {
	sale := map[int]string{
		0: "0200", 2: testPAN, 3: "000000", 4: "1000", 11: "42", 14: "3012", 22: "051", 23: "001", 25: "00", 26: "12",
		35: testPAN + "D30122011234", 41: "00000001", 42: "952718182217875", 49: "156", 52: "0123456789ABCDEF", 53: "2600000000000000",
		55: "9F2608A1B2C3D4E5F607089F2701809F101407010103A0A000010A01000000000012345678905F2A0201569F0206000000001000",
		60: "2200000100060", 63: "01 ",
	}
	network := map[int]string{0: "0800", 11: "43", 41: "00000001", 42: "952718182217875", 60: "00000001003", 63: "01 "}
	return append([]message{
		{"sale", world.Sale, sale},
		{"void", world.Void, with(sale, map[int]string{3: "200000", 37: "000000000001", 38: "123456", 60: "2300000100060", 61: "0000010000421123"})},
		{"refund", world.Refund, with(sale, map[int]string{0: "0220", 3: "200000", 37: "000000000001", 60: "2500000100060", 61: "0000010000421123"})},
		{"inquiry", world.Inquiry, with(sale, map[int]string{3: "310000", 4: "-", 60: "0100000100060"})},
		{"reversal", world.Reversal, with(sale, map[int]string{0: "0400", 39: "98", 35: "-", 52: "-", 53: "-"})},
		{"reversal of a void", world.Reversal, with(sale, map[int]string{0: "0400", 3: "200000", 39: "98", 35: "-", 52: "-", 60: "2300000100060", 61: "0000010000071123"})},
		{"sign-on, double keys", world.SignOn, network},
		{"sign-on, single keys", world.SignOn, with(network, map[int]string{60: "00000001001", 62: "53657175656E6365204E6F3132333435"})},
		{"sign-on, track key", world.SignOn, with(network, map[int]string{60: "00000001004"})},
		{"sign-off", world.SignOff, with(network, map[int]string{0: "0820", 60: "00000001002"})},
		{"echo", world.Echo, with(network, map[int]string{0: "0820", 60: "00000001301"})},
		{"e-signature", world.ESignature, with(sale, map[int]string{0: "0920", 37: "000000000001", 35: "-", 52: "-", 55: "-", 60: "0700000100060", 62: "FFD8FFE000104A464946"})},
		{"pre-authorisation", world.PreAuth, with(sale, map[int]string{0: "0100", 3: "030000", 25: "06", 60: "1000000100060"})},
		{"void of a pre-authorisation", world.PreAuthVoid, with(sale, map[int]string{0: "0100", 3: "200000", 25: "06", 38: "123456", 60: "1100000100060", 61: "0000000000001123"})},
		{"completion", world.Completion, with(sale, map[int]string{25: "06", 38: "123456", 60: "2000000100060", 61: "0000000000001123"})},
		{"void of a completion", world.CompletionVoid, with(sale, map[int]string{3: "200000", 25: "06", 38: "123456", 60: "2100000100060", 61: "0000010000421123"})},
		{"completion advice", world.CompletionAdvice, with(sale, map[int]string{0: "0220", 25: "06", 38: "123456", 60: "2400000100060", 61: "0000000000001123"})},
		{"reversal of a pre-authorisation", world.Reversal, with(sale, map[int]string{0: "0400", 3: "030000", 25: "06", 39: "98", 35: "-", 52: "-", 60: "1000000100060"})},
		{"offline sale", world.OfflineSale, with(sale, map[int]string{0: "0220", 38: "123456", 52: "-", 60: "3000000100060"})},
		{"adjustment", world.Adjustment, with(sale, map[int]string{0: "0220", 52: "-", 60: "3200000100060", 61: "0000010000421123"})},
		{"tip", world.Tip, with(sale, map[int]string{0: "0220", 52: "-", 60: "3400000100060", 61: "0000010000421123"})},
		{"tip repeat", world.Tip, with(sale, map[int]string{0: "0221", 52: "-", 60: "3400000100060", 61: "0000010000421123"})},
		{"private fields and text", world.Unrecognised, with(sale, map[int]string{0: "0500", 43: "测试商户", 46: "甲", 56: "x", 57: "乙丙", 58: "0", 59: "1234567"})},
	}, unionPaySettlementMessages()...)
}

// built returns a request's body, packed by moov.
func built(t testing.TB, d *Dialect, fields map[int]string) []byte {
	t.Helper()
	body, err := d.Build(fields, nil)
	require.NoError(t, err)
	return body
}

// framed returns a request as its frame.
func framed(t testing.TB, d *Dialect, body []byte) frame.Frame {
	t.Helper()
	raw, err := d.AppendRequest(nil, nil, nil, body)
	require.NoError(t, err)
	return cut(t, d, raw)
}

func read(t testing.TB, d *Dialect, fields map[int]string) *Request {
	t.Helper()
	var req Request
	require.NoError(t, d.Read(framed(t, d, built(t, d, fields)), &req))
	return &req
}

// testMAC is a MAC under the key of the published packet.
func testMAC(t testing.TB, d *Dialect) *security.MAC {
	t.Helper()
	k, err := security.NewKey([]byte{0x07, 0x23, 0xC8, 0x0D, 0xB5, 0xF4, 0xCD, 0x3D})
	require.NoError(t, err)
	m, err := security.NewMAC(d.MACAlgorithm(), k)
	require.NoError(t, err)
	return m
}

func approved() *Response {
	return &Response{
		Outcome: world.Approved, Why: "test", Time: time.Date(2026, 11, 23, 9, 8, 7, 0, time.UTC),
		RRN: "632700000042", Approval: "A12345", Issuer: "01020000", Acquirer: "48720000",
		Batch: 7, HasBatch: true,
	}
}
