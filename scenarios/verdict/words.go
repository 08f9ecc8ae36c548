package verdict

import (
	"fmt"
	"strconv"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// name calls a request by its type, amount and STAN: "the sale of 10.00 CNY
// (STAN 000001)".
func (x *exchange) name() string { return "the " + describe(x.req) }

func describe(e *transcript.Event) string {
	text := e.Type.String()
	if e.Type == world.Unrecognised {
		text = fmt.Sprintf("message %04d", e.MTI)
	}
	if e.Amount != 0 {
		text += " of " + money(e.Amount, e.Currency)
	}
	if e.HasSTAN {
		text += fmt.Sprintf(" (STAN %06d)", e.STAN)
	}
	return text
}

func money(minor int64, c world.Currency) string {
	if c == 0 {
		return strconv.FormatInt(minor, 10) + " minor units"
	}
	return world.FormatAmount(minor, c) + " " + c.Alpha()
}
