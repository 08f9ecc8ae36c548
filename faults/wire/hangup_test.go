package wire

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAwaitHangupReadsNothing(t *testing.T) {
	linux(t)
	for name, end := range map[string]func(t *testing.T, hangUp func(), cancel func()) string{
		"the peer closes": func(_ *testing.T, hangUp, _ func()) string { hangUp(); return "requests" },
		"given up":        func(_ *testing.T, _, cancel func()) string { cancel(); return "" },
	} {
		t.Run(name, func(t *testing.T) {
			ours, peers := pair(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			over := make(chan struct{})
			go func() {
				AwaitHangup(ctx, ours)
				close(over)
			}()
			_, err := peers.Write([]byte("req"))
			require.NoError(t, err)
			_, err = peers.Write([]byte("uests"))
			require.NoError(t, err)
			select {
			case <-over:
				t.Fatal("data is no hang-up")
			default:
			}
			want := end(t, func() { _ = peers.Close() }, cancel)
			<-over
			if want != "" {
				require.NoError(t, ours.SetReadDeadline(noDeadline))
				b, err := io.ReadAll(ours)
				require.NoError(t, err)
				assert.Equal(t, want, string(b), "all of it is still there")
			}
		})
	}
}
