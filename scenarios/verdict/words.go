package verdict

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// or stands between alternatives.
var or = world.Say(" or ", "或")

// name calls a request by its type, amount and STAN: "the sale of 10.00 CNY
// (STAN 000001)".
func (x *exchange) name() world.Bilingual { return world.Say("the %s", "%s", describe(x.req)) }

func describe(e *transcript.Event) world.Bilingual {
	text := e.Type.Text()
	if e.Type == world.Unrecognised {
		text = world.Say("message %04d", "报文 %04d", e.MTI)
	}
	if e.Amount != 0 {
		text = world.Say("%s of %s", "%s %s", text, money(e.Amount, e.Currency))
	}
	if e.HasSTAN {
		text = world.Say("%s (STAN %06d)", "%s（流水号 %06d）", text, e.STAN)
	}
	return text
}

func money(minor int64, c world.Currency) world.Bilingual {
	if c == 0 {
		return world.Say("%d minor units", "%d（最小货币单位）", minor)
	}
	return world.Same(fmt.Sprintf("%s %s", world.FormatAmount(minor, c), c.Alpha()))
}

// shownText is an outcome at the terminal: by its name, in Chinese by what the
// display says.
func shownText(o display.Outcome) world.Bilingual {
	return world.Bilingual{EN: o.String(), ZH: o.Display().ZH}
}

// element is a data element that differs names.
func element(what string) world.Bilingual { return world.Bilingual{EN: what, ZH: elementTexts[what]} }

var elementTexts = map[string]string{"amount": "金额", "processing code": "处理码", "terminal": "终端号", "merchant": "商户号", "card": "卡号"}
