package dialect

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/frame"
)

// The index that a reply leaves behind masks it as an index of its own would.
func TestMaskReplyMasksAsMaskDoes(t *testing.T) {
	for _, name := range Names() {
		d, err := Load(name)
		require.NoError(t, err)
		fields := map[int]string{0: "0200", 2: "6212345678901232", 3: "000000", 4: "000000000100", 11: "000001",
			41: "10000001", 42: "104110045110012", 49: "156"}
		if name == "unionpay-pos" {
			fields[60] = "22000001000"
		}
		body, err := d.Build(fields, nil)
		require.NoError(t, err)
		var req Request
		require.NoError(t, d.Read(frame.Frame{Body: body}, &req))
		resp := approved()
		resp.Issuer = "" // the host's own field is not looked at in a reply
		reply, err := d.AppendReply(nil, &req, resp)
		require.NoError(t, err, name)

		want := append([]byte(nil), reply...)
		var ix Index
		_, err = d.Index(want, &ix)
		require.NoError(t, err, name)
		d.Mask(want, &ix, 0)
		d.MaskReply(reply, &req, 0)
		assert.Equal(t, want, reply, name)
	}
}
