package suite

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

// TestFailuresAreBilingual holds that acqsim's own words are in both languages,
// however deep, and others' stay as they are.
func TestFailuresAreBilingual(t *testing.T) {
	m := &message{Action: &Action{ID: 1, Do: "sale"}}
	_, refused := m.answering([]byte(`{"error": {"why": "no paper"}}`))
	_, wrong := m.answering([]byte(`{"outcome"`))
	for _, tt := range []struct {
		err    error
		en, zh string
	}{
		{fail("action %d, %s: %s", "操作 %d（%s）：%s", 1, named("sale"), &DriverError{What: toDo("sale"), Err: fail("it has ended", "它已结束")}),
			"action 1, sale: the driver could not do sale: it has ended", "操作 1（消费）：驱动程序未能完成消费：它已结束"},
		{&DriverError{What: toDo("power_cut"), Err: io.ErrClosedPipe},
			"the driver could not do power_cut: io: read/write on closed pipe", "驱动程序未能完成断电：io: read/write on closed pipe"},
		{refused, "it says: no paper", "它说：no paper"},
		{wrong, `its answer "{\"outcome\"" is no JSON object: it ends too early`, `其应答 "{\"outcome\"" 不是 JSON 对象：过早结束`},
		{&CleanUpError{Terminal: "10000001", After: "reply-lost", Shown: display.Declined, Code: "03", Err: fail("in %d tries it has not signed on", "%d 次尝试后仍未签到", 5)},
			"terminal 10000001 could not be cleaned up after reply-lost: in 5 tries it has not signed on; it shows declined (03)",
			"终端 10000001 在场景 reply-lost 之后清理失败：5 次尝试后仍未签到；终端显示“" + display.Declined.Display().ZH + "”（03）"},
	} {
		assert.Equal(t, world.Bilingual{EN: tt.en, ZH: tt.zh}, whyOf(tt.err))
		require.EqualError(t, tt.err, tt.en)
	}
	assert.Equal(t, world.Bilingual{EN: "no such file", ZH: "无法执行：no such file"}, whyOf(errors.New("no such file")))
	require.ErrorIs(t, fail("it broke: %s", "已坏：%s", context.Canceled), context.Canceled, "what it is about is wrapped")
}

func TestEachActionHasAChineseName(t *testing.T) {
	for _, name := range scenarios.ActionNames() {
		assert.Regexp(t, `\p{Han}`, ActionText(name).ZH, name)
		assert.Equal(t, name, named(name).EN)
	}
	assert.Equal(t, world.Same("juggle"), ActionText("juggle"))
}

func TestOutputHasHeadsInBothLanguages(t *testing.T) {
	assert.Equal(t, world.Bilingual{
		EN: "--- its standard error ends:\noh dear\n--- its standard output ends:\nhello\n",
		ZH: "--- 其标准错误输出的末尾：\noh dear\n--- 其标准输出的末尾：\nhello\n",
	}, OutputText(output("hello", "oh dear")))
}
