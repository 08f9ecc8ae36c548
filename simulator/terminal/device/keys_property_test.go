package device

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestAnyKeys: whatever is pressed, the views fit, no PIN is shown, and the
// device comes back to its menu.
func TestAnyKeys(t *testing.T) {
	keys := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", keyEnter, keyEnter, keyCancel, "backspace", keyUp, keyDown, keyPageUp, keyPageDn, "x"}
	rapid.Check(t, func(rt *rapid.T) {
		c := config(t, rapid.SampledFrom([]string{"unionpay-pos", "iso87-bcd"}).Draw(rt, "dialect"), "nowhere")
		c.Dial = func(context.Context, string) (net.Conn, error) { return nil, errors.New("no line") }
		s := newCounter(t, c)
		for _, k := range rapid.SliceOfN(rapid.SampledFrom(keys), 1, 60).Draw(rt, "keys") {
			s.press(k)
			s.until(s.over)
			view := s.view()
			if s.at == asking && s.asks[0] == askPIN {
				shown := strings.Count(strings.SplitN(view, "┗", 2)[0], "*")
				assert.Equal(t, len(s.typed), shown)
			}
		}
		s.press(keyCancel, keyCancel)
		s.until(s.over)
		require.Equal(t, idle, s.at)
	})
}
