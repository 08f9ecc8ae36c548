package terminal_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// TestAWebPageInsteadOfALength waits for as many bytes as "HTTP" says where that
// is a length, for the whole of a minute, and is garbled at once where it is none.
func TestAWebPageInsteadOfALength(t *testing.T) {
	const page = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"
	for _, name := range dialects {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, m := load(t, name)
				near, far := net.Pipe()
				l, err := terminal.NewLine(near, terminal.Options{Dialect: d, ResponseTimeout: time.Minute})
				require.NoError(t, err)
				go func() {
					_, _ = far.Read(make([]byte, 4096)) // the request, in one write
					_, _ = io.WriteString(far, page)
				}()
				x := exchange(t, l, sale(t, m, 1))
				if d.Format().Length == frame.Binary2 {
					assert.Equal(t, terminal.NoAnswer.String(), x.Outcome.String(), x.Why)
					assert.Equal(t, time.Minute, x.Elapsed)
				} else {
					assert.Equal(t, terminal.Garbled.String(), x.Outcome.String(), x.Why)
					assert.Less(t, x.Elapsed, time.Second)
				}
				require.NoError(t, l.Close())
				_ = far.Close()
			})
		})
	}
}
