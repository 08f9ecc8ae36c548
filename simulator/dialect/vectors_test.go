package dialect

import (
	"bufio"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
)

// vectors reads the NAME=HEX lines of a file of test vectors.
func vectors(t testing.TB, file string) map[string][]byte {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	require.NoError(t, err)
	defer f.Close()
	all := make(map[string][]byte)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), "=")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		b, err := hex.DecodeString(strings.TrimSpace(value))
		require.NoError(t, err, name)
		all[name] = b
	}
	require.NoError(t, lines.Err())
	return all
}

func load(t testing.TB, name string) *Dialect {
	t.Helper()
	d, err := Load(name)
	require.NoError(t, err)
	return d
}

func cut(t testing.TB, d *Dialect, raw []byte) frame.Frame {
	t.Helper()
	f, rest, err := d.Format().Cut(raw, 0)
	require.NoError(t, err)
	require.Empty(t, rest)
	return f
}

// TestRealUnionPayPacket reads a packet that a real terminal sent, found with
// its key at q.cnblogs.com/q/128930.
func TestRealUnionPayPacket(t *testing.T) {
	v := vectors(t, "mac_cup_ecb.txt")
	d := load(t, "unionpay-pos")
	f := cut(t, d, v["PACKET3"])
	assert.Empty(t, d.Unroutable(f))

	var req Request
	require.NoError(t, d.Read(f, &req))
	assert.Equal(t, uint16(200), req.MTI)
	assert.Equal(t, world.Unrecognised, req.Type)
	assert.Equal(t, uint32(2), req.STAN)
	assert.True(t, req.HasSTAN)
	assert.True(t, req.HasAmount)
	assert.Equal(t, int64(1234), req.Amount)
	assert.Equal(t, "00000001", req.Terminal.String())
	assert.Equal(t, "952718182217875", req.Merchant.String())
	assert.Equal(t, uint32(1), req.Batch)
	assert.Equal(t, 32, req.Software)
	assert.Equal(t, []byte("B3A092AE"), req.MAC)

	k, err := security.NewKey(v["TAK3"])
	require.NoError(t, err)
	m, err := security.NewMAC(security.CUPECB, k)
	require.NoError(t, err)
	assert.True(t, d.Verify(&req, m))
	f.Body[20] ^= 1
	assert.False(t, d.Verify(&req, m), "a changed message must not verify")
}

func unhexed(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}
