package bench

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/simulator/security"
)

// fields reads a message back as text, by field number.
func fields(t require.TestingT, f *fleet, frame []byte) map[int]string {
	views, err := f.wire.dialect.View(frame[f.wire.body:])
	require.NoError(t, err, "%x", frame)
	got := map[int]string{}
	for _, v := range views {
		if v.Number != 1 {
			got[v.Number] = v.Value
		}
	}
	return got
}

func TestSalesOfEveryTraffic(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 8, 7, 0, time.UTC)
	for _, traffic := range Traffics() {
		t.Run(traffic.String(), func(t *testing.T) {
			f, err := newFleet(traffic, 4)
			require.NoError(t, err)
			var c clock
			c.set(f.wire, now)
			got := fields(t, f, nextSale(t, f, f.terminals[2], &c))

			want := map[int]string{
				0: "0200", 2: "6228480000000023", 3: "000000", 4: "000000000100", 11: "000003",
				22: "012", 25: "00", 41: f.terminals[2].id, 42: "898000000000000", 49: "156",
			}
			if traffic.Dialect == "unionpay-pos" {
				want[60] = "22000001000600"
			} else {
				want[7], want[12], want[13], want[60] = "1123090807", "090807", "1123", "000001"
			}
			if traffic.MAC {
				want[64] = "0000000000000000" // before the sign-on
			}
			assert.Equal(t, want, got)
		})
	}
}

// nextSale is the terminal's next request, which must not be a settlement.
func nextSale(t require.TestingT, f *fleet, term *terminal, c *clock) []byte {
	b, settles := f.next(term, c)
	require.False(t, settles)
	return b
}

// A terminal settles with what it has sold, and goes on with its next batch.
func TestSettlementsTellWhatWasSold(t *testing.T) {
	f, err := newFleet(Traffic{Dialect: "iso87-ascii", Settle: true}, 4)
	require.NoError(t, err)
	term, sold, batch := f.terminals[2], 0, uint32(1)
	var c clock
	c.set(f.wire, time.Date(2026, 11, 23, 9, 8, 7, 0, time.UTC))
	for range 300 {
		b, settles := f.next(term, &c)
		got := fields(t, f, b)
		if !settles {
			assert.Equal(t, fmt.Sprintf("%06d", batch), got[60])
			sold++
			continue
		}
		assert.Equal(t, "0500", got[0])
		assert.Equal(t, "920000", got[3])
		assert.Equal(t, fmt.Sprintf("%06d", batch), got[60])
		assert.Equal(t, fmt.Sprintf("%03d%012d000000000000000", sold, sold*saleAmount), got[63])
		assert.LessOrEqual(t, sold, settledSize)
		sold, batch = 0, batch+1
	}
	assert.Equal(t, uint32(4), batch)
}

func TestASaleIsByteForByte(t *testing.T) {
	// Written by hand from PROTOCOL.md: framing and UnionPay's DE 60.
	f, err := newFleet(Traffic{Dialect: "unionpay-pos"}, 1)
	require.NoError(t, err)
	var c clock
	got := fmt.Sprintf("%x", nextSale(t, f, f.terminals[0], &c))
	assert.Equal(t, "0050"+"6000030000"+"600000000000"+"0200"+"70200480"+"00c08010"+
		"166228480000000007"+"000000"+"000000000100"+"000001"+"0120"+"00"+
		"3730303030303030"+"383938303030303030303030303030"+"313536"+
		"0014"+"22000001000600", got)
}

// Only what has to change changes, STANs advance without a gap, and a batch
// has batchSize sales.
func TestNextSaleProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		traffic := rapid.SampledFrom(Traffics()).Filter(func(t Traffic) bool { return !t.Settle }).Draw(t, "traffic")
		f, err := newFleet(traffic, 3)
		require.NoError(t, err)
		term := f.terminals[rapid.IntRange(0, 2).Draw(t, "terminal")]
		term.stan = rapid.Uint32Range(0, highestSTAN).Draw(t, "stan")
		term.sales = rapid.IntRange(0, batchSize).Draw(t, "sales")
		if term.sales == batchSize { // any other number than 1 is written when it begins
			term.batch = rapid.Uint32Range(1, highestSTAN).Draw(t, "batch")
		}
		stan, batch, sales := term.stan, term.batch, term.sales
		var c clock
		c.set(f.wire, time.Unix(rapid.Int64Range(1, 4e9).Draw(t, "now"), 0))
		if sales == batchSize {
			sales, batch = 0, batch%highestSTAN+1 // the first of the two begins it
		}
		first := fields(t, f, bytes.Clone(nextSale(t, f, term, &c)))
		second := fields(t, f, nextSale(t, f, term, &c))

		stan = stan%highestSTAN + 1
		require.Equal(t, fmt.Sprintf("%06d", stan), first[11])
		require.Equal(t, fmt.Sprintf("%06d", stan%highestSTAN+1), second[11])
		if term.batch != batch {
			require.Equal(t, batchSize, sales+1, "a batch ends after its last sale")
		}
		for n := range first {
			if n != 11 && n != 60 {
				require.Equal(t, first[n], second[n], "DE %d", n)
			}
		}
		if traffic.Dialect == "unionpay-pos" {
			require.Equal(t, fmt.Sprintf("22%06d000600", term.batch), second[60])
		} else {
			require.Equal(t, fmt.Sprintf("%06d", term.batch), second[60])
		}
	})
}

func TestBatchesEndAfterAThousandSalesAtDifferentTimes(t *testing.T) {
	f, err := newFleet(Traffic{Dialect: "unionpay-pos"}, 4)
	require.NoError(t, err)
	var c clock
	ends := map[string][]int{} // the sales that were the first of a batch
	for i := range 2 * batchSize {
		for _, term := range f.terminals {
			before := term.batch
			if f.next(term, &c); term.batch != before {
				ends[term.id] = append(ends[term.id], i)
			}
		}
	}
	assert.Equal(t, map[string][]int{
		"70000000": {1000}, "70000001": {750, 1750}, "70000002": {500, 1500}, "70000003": {250, 1250},
	}, ends)
}

func TestMACsAreComputedOverEverySale(t *testing.T) {
	f, err := newFleet(Traffic{Dialect: "unionpay-pos", MAC: true}, 2)
	require.NoError(t, err)
	require.NoError(t, f.signOn(t.Context(), "", true))
	assert.NotEqual(t, fmt.Sprint(f.terminals[0].mac), fmt.Sprint(f.terminals[1].mac))
	var c clock
	for range 3 {
		sale := nextSale(t, f, f.terminals[1], &c)
		body, mac := sale[2+5+6:len(sale)-8], sale[len(sale)-8:]
		assert.True(t, f.terminals[1].mac.Verify(mac, body), "%x", sale)
	}
}

func TestNextSaleDoesNotAllocate(t *testing.T) {
	for _, traffic := range Traffics() {
		f, err := newFleet(traffic, 1)
		require.NoError(t, err)
		key, err := security.NewKey([]byte("12345678"))
		require.NoError(t, err)
		if traffic.MAC {
			f.terminals[0].mac, err = security.NewMAC(security.CUPECB, key)
			require.NoError(t, err)
		}
		var c clock
		f.terminals[0].most = batchSize // a settlement may allocate
		assert.Zero(t, testing.AllocsPerRun(100, func() { f.next(f.terminals[0], &c) }), traffic.String())
	}
}

func TestCardNumbersHaveRightCheckDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := cardNumber(rapid.IntRange(0, 999_999_999).Draw(t, "i"))
		require.Len(t, s, 16)
		sum := 0
		for i := range 16 { // ISO/IEC 7812-1, annex B: from the right, every second digit doubled
			d := int(s[15-i] - '0')
			if i%2 == 1 {
				d = d*2/10 + d*2%10
			}
			sum += d
		}
		require.Zero(t, sum%10, s)
	})
	seen := map[string]bool{}
	for i := range 2000 {
		seen[cardNumber(i)] = true
	}
	assert.Len(t, seen, 2000)
}

// A reply is whatever a server sends: no bytes may stop the load.
func FuzzCheckReply(f *testing.F) {
	for _, traffic := range Traffics() {
		fleet, err := newFleet(traffic, 1)
		require.NoError(f, err)
		f.Add(traffic.String(), fleet.terminals[0].sale, true)
		f.Add(traffic.String(), fleet.terminals[0].sale, false)
	}
	fleets := map[string]*fleet{}
	for _, traffic := range Traffics() {
		fleet, err := newFleet(traffic, 1)
		require.NoError(f, err)
		fleets[traffic.String()] = fleet
	}
	f.Fuzz(func(t *testing.T, traffic string, frame []byte, echo bool) {
		fleet := fleets[traffic]
		if fleet == nil {
			t.Skip()
		}
		c := checker{fleet: fleet, echo: echo}
		p := &pending{term: fleet.terminals[0]}
		copy(p.stan[:], fleet.places.stan.in(p.term.sale))
		first := c.check(frame, p)
		require.Equal(t, first == nil, c.learnt)
		// What was learnt from a good reply takes that same reply for good.
		require.Equal(t, first == nil, c.check(frame, p) == nil)
	})
}
