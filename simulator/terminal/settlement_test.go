package terminal_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/terminal"
)

func TestSettlementsAreReadAsTheyAreMeant(t *testing.T) {
	for _, name := range dialects {
		t.Run(name, func(t *testing.T) {
			d, m := load(t, name)
			p := params(7)
			p.Sales, p.Refunds = terminal.Sum{Count: 12, Amount: 345_67}, terminal.Sum{Count: 1, Amount: 100}
			r, err := m.Request(world.Settlement, p, nil)
			require.NoError(t, err)
			got, err := d.Totals(readBack(t, d, r))
			require.NoError(t, err)
			assert.Equal(t, dialect.BatchTotals{Domestic: dialect.Sums{DebitCount: 12, DebitAmount: 345_67, CreditCount: 1, CreditAmount: 100}}, got)

			p.Original.STAN, p.RRN = 5, "632700000042"
			r, err = m.Request(world.BatchUpload, p, nil)
			require.NoError(t, err)
			records, err := d.UploadRecords(nil, readBack(t, d, r))
			require.NoError(t, err)
			require.Len(t, records, 1)
			assert.Equal(t, uint32(5), records[0].STAN)
			assert.Equal(t, pan, records[0].Card.Clear())
			assert.Equal(t, p.Amount, records[0].Amount)
			if name != "unionpay-pos" {
				assert.Equal(t, world.Sale, records[0].Type)
				assert.Equal(t, uint16(200), records[0].MTI%1000)
				assert.Equal(t, p.RRN, records[0].RRN.String())
			}
		})
	}
}

func TestTheEndOfAnUploadSaysHowItBegan(t *testing.T) {
	d, m := load(t, "unionpay-pos")
	for code, out := range map[string]bool{"202": true, "207": false} {
		p := params(7)
		p.Uploaded, p.OutOfBalance = 42, out
		r, err := m.Request(world.BatchEnd, p, nil)
		require.NoError(t, err)
		n, ok := d.UploadCount(readBack(t, d, r))
		assert.True(t, ok)
		assert.Equal(t, 42, n)
		text, err := mustUnpack(t, d, r).GetString(60)
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(text, code), text)
	}
}

func TestTotalsThatDoNotFit(t *testing.T) {
	_, m := load(t, "iso87-bcd")
	for _, change := range []func(*terminal.Params){
		func(p *terminal.Params) { p.Sales.Count = 1000 },
		func(p *terminal.Params) { p.Refunds.Amount = -1 },
		func(p *terminal.Params) { p.Uploaded = 10_000 },
	} {
		p := params(7)
		change(&p)
		_, err := m.Request(world.Settlement, p, nil)
		assert.Error(t, err)
	}
}
