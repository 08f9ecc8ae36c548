package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFrameSplit(t *testing.T) {
	whole := sample().Frame
	gap := Step{Op: Gap, For: 50 * time.Millisecond}
	assert.Equal(t, []Step{put(whole[:1]), gap, put(whole[1:])}, outbound(t, make1(t, "frame.split")).Steps)
	assert.Equal(t, []Step{put(whole[:40]), {Op: Gap, For: time.Second}, put(whole[40:])},
		outbound(t, make1(t, "frame.split", "at", "-2", "gap", "1s")).Steps)
	assert.Equal(t, []Step{put(whole[:5]), put(whole[5:])}, outbound(t, make1(t, "frame.split", "at", "5", "gap", "0s")).Steps)
	assert.ErrorContains(t, Compose(make1(t, "frame.split"), make1(t, "frame.drip")), "both set how the reply is cut up")
	assert.Error(t, Fits(make1(t, "frame.split", "at", "300"), Layer{MaxFrame: 300}))
}

func TestFrameSplitAtTheVeryBeginning(t *testing.T) {
	k, err := Find("frame.split")
	require.NoError(t, err)
	_, err = k.Make(map[string]string{"at": "0"})
	assert.ErrorContains(t, err, "frame.split: at: nothing comes before byte 0, so that nothing is split")
}
