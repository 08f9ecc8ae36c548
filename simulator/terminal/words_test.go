package terminal_test

import (
	"context"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// TestConnectErrorsAreBilingual holds that each failure has Chinese words, around
// those of the system.
func TestConnectErrorsAreBilingual(t *testing.T) {
	for f := terminal.ConnectFailed; f <= terminal.TLSFailed; f++ {
		e := &terminal.ConnectError{Address: "h:1", Failure: f, Err: io.ErrUnexpectedEOF}
		said := e.Text()
		assert.Equal(t, e.Error(), said.EN)
		assert.Regexp(t, `^无法连接 h:1：`, said.ZH)
	}
	assert.Equal(t, world.Bilingual{EN: "the line is closed", ZH: "线路已关闭"}, world.TextOf(terminal.ErrClosed))
	for r := terminal.ChipNotAsked; r <= terminal.ChipNotAnswered; r++ {
		assert.Equal(t, r.String(), r.Text().EN)
		assert.Regexp(t, `\p{Han}`, r.Text().ZH)
	}
}

// bilingual holds that why it ended so is said in Chinese, too.
func bilingual(t *testing.T, r *terminal.Result) {
	t.Helper()
	all := []world.Bilingual{r.Why}
	for _, x := range r.Exchanges {
		all = append(all, x.Why)
	}
	for _, why := range all {
		assert.NotRegexp(t, `\p{Han}`, why.EN)
		assert.Equal(t, why.EN == "", why.ZH == "", why.EN)
		if why.ZH != "" {
			assert.Regexp(t, `\p{Han}`, why.ZH, why.EN)
		}
	}
}

// TestReasonsWithinReasons are in the language of the whole.
func TestReasonsWithinReasons(t *testing.T) {
	s := newSite(t, "unionpay-pos", "strict", func(c *terminal.Config) {
		c.Dial = func(context.Context, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED }
	})
	r := s.try(terminal.Transaction{Type: world.Sale, Amount: 1000})
	at := s.c.Hosts[0]
	assert.Equal(t, world.Bilingual{
		EN: "it has to sign on first: " + terminal.CannotConnect.Display().EN + ": cannot connect to " + at + ": the connection was refused; is a host listening on that port?",
		ZH: "须先签到：" + terminal.CannotConnect.Display().ZH + "：无法连接 " + at + "：连接被拒绝；主机是否在监听该端口？",
	}, r.Why)
	r = s.try(terminal.Transaction{Type: world.Void, Of: 77})
	assert.Equal(t, "批次中没有凭证号 000077 的交易", r.Why.ZH)
}
