package dialect

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/simulator/frame"
)

// The index that a reply leaves behind masks it as an index of its own would:
// the journal has the one, who looks at a message the other. What the host says
// itself is no secret in either, whatever its digits are.
func TestMaskReplyMasksAsMaskDoes(t *testing.T) {
	for _, name := range specs(t) {
		d := load(t, name)
		fields := map[int]string{0: "0200", 2: "6212345678901232", 3: "310000", 11: "000001",
			41: "10000001", 42: "104110045110012", 49: "156"}
		switch d.Name() {
		case "unionpay-pos":
			fields[60] = "01000001000"
		case "iso93-ascii":
			fields[0], fields[24] = "1200", "200"
		}
		body, err := d.Build(fields, nil)
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				var req Request
				require.NoError(rt, d.Read(frame.Frame{Body: body}, &req))
				resp := approved()
				resp.HasBalance, resp.Currency = true, 156
				resp.Booked = rapid.Int64Range(-1e9, 1e11).Draw(rt, "booked")
				resp.Available = rapid.Int64Range(-1e9, 1e11).Draw(rt, "available")
				resp.Issuer = fmt.Sprintf("%08d", rapid.IntRange(0, 99999999).Draw(rt, "issuer"))
				reply, err := d.AppendReply(nil, &req, resp)
				require.NoError(rt, err)

				var ix Index
				_, err = d.Index(reply, &ix)
				require.NoError(rt, err)
				require.True(rt, ix.Has(54) && ix.Has(44))
				want := bytes.Clone(reply)
				secrets := d.Mask(want, &ix, 0)
				for _, s := range secrets {
					assert.Contains(rt, []int{2}, s.Field)
				}
				d.MaskReply(reply, &req, 0)
				require.Equal(rt, want, reply)
			})
		})
	}
}
