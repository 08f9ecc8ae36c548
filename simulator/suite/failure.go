package suite

import (
	"time"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/world"
)

// failure is an error in both languages. What others say in it, such as the
// system or a driver's program, stays as it is.
type failure struct {
	text world.Bilingual
	err  error // that it is about; nil: none
}

// fail makes an error of a format for each language. An error among the
// arguments is what it is about, and is put into both texts in its own words.
func fail(en, zh string, args ...any) error {
	f := &failure{}
	for i, a := range args {
		if err, ok := a.(error); ok {
			f.err, args[i] = err, world.TextOf(err)
		}
	}
	f.text = world.Say(en, zh, args...)
	return f
}

// Error is the English text.
func (f *failure) Error() string { return f.text.EN }

// Text is what went wrong, in both languages.
func (f *failure) Text() world.Bilingual { return f.text }

// Unwrap returns what it is about.
func (f *failure) Unwrap() error { return f.err }

// actionTexts are the actions that are no transactions.
var actionTexts = map[string]world.Bilingual{
	"power_cut": {EN: "power cut", ZH: "断电"},
	"restart":   {EN: "restart", ZH: "重启"},
	"press":     {EN: "a key is pressed", ZH: "按键"},
	"wait":      {EN: "wait", ZH: "等待"},
	"together":  {EN: "together", ZH: "同时进行"},
}

// ActionText calls an action, by its name in files, for people. What is no
// action is called as it is.
func ActionText(name string) world.Bilingual {
	if t, ok := actionTexts[name]; ok {
		return t
	}
	if t, ok := scenarios.ActionType(name); ok {
		return t.Text()
	}
	return world.Same(name)
}

// named is an action by its name in English, as files have it.
func named(action string) world.Bilingual {
	return world.Bilingual{EN: action, ZH: ActionText(action).ZH}
}

// What drivers are asked, as part of "the driver could not …".
var (
	toStart    = world.Bilingual{EN: "start", ZH: "启动"}
	toSwitchOn = world.Bilingual{EN: "switch the terminal on", ZH: "开启终端"}
	toGetReady = world.Bilingual{EN: "get the terminal ready", ZH: "让终端准备好"}
	toSayHello = world.Bilingual{EN: "say hello", ZH: "完成 hello"}
	toSayBye   = world.Bilingual{EN: "say goodbye", ZH: "完成 bye"}
)

func toDo(action string) world.Bilingual { return world.Say("do %s", "完成%s", named(action)) }

// DriverError says that a driver did not do what drivers do, and what it left
// behind.
type DriverError struct {
	What   world.Bilingual // what it was asked
	Err    error
	Output string // what it wrote last; empty: nothing
}

// Error says what went wrong, without the output.
func (e *DriverError) Error() string { return e.Text().EN }

// Text is Error in both languages.
func (e *DriverError) Text() world.Bilingual {
	return world.Say("the driver could not %s: %s", "驱动程序未能%s：%s", e.What, world.TextOf(e.Err))
}

// Unwrap returns what went wrong.
func (e *DriverError) Unwrap() error { return e.Err }

// unanswered is that a driver took too long.
func unanswered(within time.Duration) error {
	return fail("it has not answered for %v", "%v 内没有应答", within)
}
