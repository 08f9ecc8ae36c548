package bench

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMeasureArmed(t *testing.T) {
	o := smoke()
	o.Traffics = []Traffic{{Dialect: "iso87-bcd"}, {Dialect: "unionpay-pos", MAC: true}}
	cells, err := MeasureArmed(t.Context(), o)
	require.NoError(t, err, "a reply that is lost would fail it: the scenario is for nobody that trades")
	require.Len(t, cells, 2)
	for i, c := range cells {
		assert.Equal(t, o.Traffics[i], c.Traffic)
		assert.Equal(t, armedConnections, c.Connections)
		assert.Equal(t, 4, c.Depth, "the greatest")
		require.Len(t, c.Servers, 2)
		for name, f := range c.Servers {
			assert.Zero(t, f.Wrong, name)
		}
	}
}
