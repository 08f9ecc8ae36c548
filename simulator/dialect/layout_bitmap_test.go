package dialect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/frame"
)

// bit65 are messages with bit 65, which is a field: as jPOS's packagers write
// them (ISO87APackager: IFA_BINARY(1); ISO93APackager: IFA_BINARY(8)).
var bit65 = map[string]string{
	"iso87-ascii": "0800" + "8020000000000000" + "8400000000000000" + "000042" + "9C" + "301",
	"iso93-ascii": "1804" + "8020000000000000" + "8400000000000000" + "000042" + "0123456789ABCDEF" + "156",
}

func TestBit65IsAField(t *testing.T) {
	for name, body := range bit65 {
		d := load(t, name)
		compare(t, d, []byte(body))
		var req Request
		require.NoError(t, d.Read(frame.Frame{Body: []byte(body)}, &req), name)
		assert.Equal(t, uint32(42), req.STAN)
		views, err := d.View([]byte(body))
		require.NoError(t, err)
		got := lines(views)
		assert.Equal(t, "11 65 70", got["1"], name)
		assert.Equal(t, strings.TrimSuffix(body[42:], body[len(body)-3:]), got["65"], name)
		assert.Equal(t, body[len(body)-3:], got["70"], name)

		built, err := d.Build(map[int]string{0: got["0"], 11: got["11"], 65: got["65"], 70: got["70"]}, nil)
		require.NoError(t, err)
		assert.Equal(t, body, string(built), name)
		built, err = d.Build(map[int]string{0: got["0"], 65: got["65"]}, nil)
		require.NoError(t, err, "alone in the second bitmap")
		assert.Equal(t, got["0"]+"80000000000000008000000000000000"+got["65"], string(built), name)
		built, err = d.Build(map[int]string{0: got["0"], 11: got["11"]}, nil)
		require.NoError(t, err)
		assert.Equal(t, got["0"]+"0020000000000000"+got["11"], string(built), "one bitmap is enough")
	}
}

// Where the spec has no field 65, its bit says that a third bitmap follows.
func TestBit65IsAThirdBitmaps(t *testing.T) {
	d := load(t, "iso87-bcd")
	body := unhexed(t, "0800"+"8020000000000000"+"8400000000000000"+"0000000000000000"+"000042"+"0301")
	compare(t, d, body)
	views, err := d.View(body)
	require.NoError(t, err)
	assert.Equal(t, "11 70", lines(views)["1"])
	assert.Equal(t, "301", lines(views)["70"])

	src, err := Source("iso87-ascii")
	require.NoError(t, err)
	at := strings.Index(string(src), `    "65":`)
	end := at + strings.IndexByte(string(src[at:]), '\n') + 1
	without, _, err := compile("mine.yaml", []byte(string(src[:at])+string(src[end:])))
	require.NoError(t, err)
	third := []byte("0800" + "8020000000000000" + "8400000000000000" + "0000000000000000" + "000042" + "301")
	compare(t, without, third)
	_, err = without.Unpack(third)
	require.NoError(t, err)
}

// A reply can repeat field 65.
func TestBit65IsEchoed(t *testing.T) {
	src, err := Source("iso87-ascii")
	require.NoError(t, err)
	d, _, err := compile("mine.yaml", []byte(replaceOnce(t, string(src), "echo: [7, 11, 12, 13, 24, 32, 41, 42, 70]", "echo: [7, 11, 65, 70]")))
	require.NoError(t, err)
	var req Request
	require.NoError(t, d.Read(frame.Frame{Body: []byte(bit65["iso87-ascii"])}, &req))
	out, err := d.AppendReply(nil, &req, approved())
	require.NoError(t, err)
	compare(t, d, out)
	views, err := d.View(out)
	require.NoError(t, err)
	assert.Equal(t, "9C", lines(views)["65"])
}
