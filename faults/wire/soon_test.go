package wire

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sluggish is an eager connection that takes so many bytes at once.
type sluggish struct {
	tape
	room int
	fail error
}

func (s *sluggish) TryWrite(b []byte) (int, error) {
	n := min(s.room, len(b))
	s.room -= n
	if n > 0 {
		_, _ = s.Write(b[:n])
	}
	return n, s.fail
}

func (s *sluggish) StayAwake(time.Duration) {}

func TestWriteSoonLeavesWhatThePeerDoesNotTake(t *testing.T) {
	c := &sluggish{room: 7}
	w := NewWriter(c, Options{})
	left, err := w.WriteSoon([]byte("first"), time.Now())
	require.NoError(t, err)
	require.Nil(t, left, "all of it left")
	left, err = w.WriteSoon([]byte("second"), time.Now())
	require.NoError(t, err)
	require.NotNil(t, left)

	other, err := w.WriteSoon([]byte("third"), time.Now())
	require.NoError(t, err)
	require.NotNil(t, other, "it must not come between")
	done := make(chan error)
	go func() { done <- other.Write([]byte("third")) }()
	require.NoError(t, left.Write([]byte("second")))
	require.NoError(t, <-done)
	var all string
	for _, piece := range c.writes {
		all += piece.b
	}
	assert.Equal(t, "firstsecondthird", all)
	require.NoError(t, w.Close(t.Context()))
	_, err = w.WriteSoon([]byte("late"), time.Now())
	require.ErrorIs(t, err, ErrClosed)
}

func TestWriteSoonFails(t *testing.T) {
	broken := errors.New("broken")
	c := &sluggish{room: 2, fail: broken}
	w := NewWriter(c, Options{})
	_, err := w.WriteSoon([]byte("reply"), time.Now())
	var failed *WriteError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, WriteError{Written: 2, Size: 5, Err: broken}, *failed)
	_, err = w.WriteSoon([]byte("next"), time.Now())
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, WriteError{Size: 4, Err: broken}, *failed, "nothing of it leaves")
	require.Error(t, w.Close(t.Context()))
}

// A write deadline that was set long ago must not end a write that does not wait.
func TestWriteSoonHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &sluggish{room: 100}
		w := NewWriter(c, Options{Timeout: 10 * time.Second})
		require.NoError(t, w.Write([]byte("reply")))
		time.Sleep(time.Hour)
		_, err := w.WriteSoon([]byte("reply"), time.Now())
		require.NoError(t, err)
		assert.Equal(t, 20*time.Second, time.Until(c.deadlines[len(c.deadlines)-1]))
		require.NoError(t, w.Close(t.Context()))
	})
}

func TestWriteSoonOnAConnectionThatIsNotEager(t *testing.T) {
	c := &tape{}
	w := NewWriter(c, Options{})
	left, err := w.WriteSoon([]byte("reply"), time.Now())
	require.NoError(t, err)
	require.NotNil(t, left)
	require.Empty(t, c.writes)
	require.NoError(t, left.Write([]byte("reply")))
	require.Len(t, c.writes, 1)
	require.NoError(t, w.Close(t.Context()))
}

var _ interface {
	net.Conn
	Eager
} = (*sluggish)(nil)
