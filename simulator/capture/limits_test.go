package capture_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/capture"
)

// More connections at once than are kept: the most silent are given up, and
// nothing of them is lost that had been read.
func TestManyStreamsAtOnce(t *testing.T) {
	const many = 10_001
	f := rawFilm()
	busy := f.standard()
	busy.open()
	for i := range many {
		k := f.talk(fmt.Sprintf("10.1.%d.%d:40000", i/250, i%250+1), "10.0.0.9:8583")
		k.open()
		k.c(request(i))
		if i%1000 == 0 {
			busy.c(request(i))
			busy.s(reply(i))
		}
	}
	messages, answered := 0, 0
	sum, err := capture.Read(bytes.NewReader(f.b.Bytes()), loadDialects(t, "unionpay-pos"), func(x *capture.Item) error {
		require.Equal(t, capture.Message, x.Kind, describe(x))
		messages++
		if x.Reply != nil {
			answered++
			assert.Equal(t, 1, x.Stream.Number)
		}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, many+1, sum.Streams)
	assert.Equal(t, 5_000, sum.Dropped)
	assert.Equal(t, 11, answered)
	assert.Equal(t, many+answered, messages)
}

// A stream of something else is skipped in bounded time and memory, however
// long it is.
func TestALongStreamOfSomethingElse(t *testing.T) {
	f := rawFilm()
	k := f.standard()
	k.open()
	const size = 3 << 20
	line := strings.Repeat("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", 30)
	n := 0
	for ; n < size; n += len(line) {
		k.c(line)
	}
	var all []*capture.Item
	_, err := capture.Read(bytes.NewReader(f.b.Bytes()), loadDialects(t), func(x *capture.Item) error {
		all = append(all, x)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, capture.NoDialect, all[0].Reason)
	assert.Equal(t, int64(n), all[0].Size)
	assert.Len(t, all[0].Bytes, capture.MaxSkipped)
}

// A gap is not waited for for ever: what comes after it is told while the
// capture goes on.
func TestAGapIsGivenUpAfterAWhile(t *testing.T) {
	f := rawFilm()
	k := f.standard()
	k.open()
	k.c(request(1))
	k.lose('c', frameSize)
	k.c(request(3))
	other := f.talk("10.0.0.6:40000", "10.0.0.9:8583")
	other.open()
	for i := range 40_000 { // 40 seconds
		if i%20_000 == 0 {
			other.c(request(i % 1000))
			other.s(reply(i % 1000))
		}
		f.packet(nil, 0)
	}
	other.c(request(999))
	other.s(reply(999))
	got, _ := f.read(t)
	assert.Equal(t, []string{"2 c message 0 0800/000000 > 0810/000000", "2 c message 62 0800/000000 > 0810/000000",
		"1 c missing 62+62", "2 c message 124 0800/000999 > 0810/000999", "1 c message 0 0800/000001", "1 c message 124 0800/000003"}, got)
}
