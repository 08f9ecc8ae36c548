package suite

import (
	"context"
	"time"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Protocol is the version of what drivers are told and say.
const Protocol = 1

// Driver makes terminals perform. Its methods may be called from several
// goroutines.
type Driver interface {
	// Sessions is how many terminals it can have at the same time; 0: any
	// number.
	Sessions() int
	// Open gets a terminal ready for one scenario. The session is closed after
	// use. Errors of drivers are *DriverError.
	Open(context.Context, *Hello) (Session, error)
}

// Session is one terminal during one scenario.
type Session interface {
	// Ready says what the terminal is and can.
	Ready() *Ready
	// Do performs an action and says how it ended. It may be called from several
	// goroutines; a session does one action after the other. When ctx ends, so
	// does the action, with its error.
	Do(context.Context, *Action) (*Outcome, error)
	Close() error
}

// Hello is what a terminal is told before a scenario. It is documented for
// other languages in docs/drivers.md.
type Hello struct {
	Protocol int    `json:"protocol"`
	Scenario string `json:"scenario"`       // its name
	Lang     string `json:"lang,omitempty"` // en or zh: the language of displays that is wanted

	Host     string `json:"host"` // host:port to connect to
	TLS      *TLS   `json:"tls,omitempty"`
	Dialect  string `json:"dialect"`
	Terminal string `json:"terminal"` // DE 41
	Merchant string `json:"merchant"` // DE 42
	Currency int    `json:"currency"` // ISO 4217 numeric

	Profile           string `json:"profile"`
	ConnectTimeoutMS  int64  `json:"connect_timeout_ms"`
	ResponseTimeoutMS int64  `json:"response_timeout_ms"`
	BackoffMS         int64  `json:"backoff_ms"` // before it tries to connect again

	// Cards of the world by name; their keys are for terminals that simulate chips.
	Cards map[string]Card `json:"cards"`

	// MasterKey is the terminal master key in hexadecimal, for the keys that a
	// sign-on brings; InitialKey and KSN are for dialects with DUKPT.
	MasterKey  string `json:"master_key,omitempty"`
	InitialKey string `json:"initial_key,omitempty"`
	KSN        string `json:"ksn,omitempty"`

	// State is a file that the terminal may keep its state in: the same for all
	// scenarios that are run at one address, else new.
	State string `json:"state,omitempty"`

	// Clock is the business time at which the scenario begins.
	Clock time.Time `json:"clock"`

	// Site is what a person has to do in the shop before the first action; both
	// texts are empty where nothing is to be done.
	Site *world.Bilingual `json:"site,omitempty"`

	known  *known   // for drivers of this package
	others []string // further addresses of the host, for people
}

// TLS is what a terminal needs to check the host's certificate.
type TLS struct {
	CA         string `json:"ca"` // certificates in PEM
	ServerName string `json:"server_name"`
}

// Card is what is on a card, and its PIN.
type Card struct {
	PAN    string `json:"pan"`
	Expiry string `json:"expiry"` // YYMM
	PIN    string `json:"pin,omitempty"`
	Track2 string `json:"track2"`
}

// Ready is what a terminal answers to Hello.
type Ready struct {
	Protocol int    `json:"protocol"`
	Name     string `json:"name"` // and version, for people

	// Can lists the actions that it can do, as scenarios name them, and "tls",
	// "pin" and "chip" if it has them. Scenarios that need more are skipped.
	// Empty: every action, and nothing else.
	Can []string `json:"can,omitempty"`
}

// Action is one thing that the terminal is to do.
type Action struct {
	ID       int    `json:"id"` // number in the scenario, from 1; 0: around it
	Do       string `json:"do"` // as scenarios name it
	Terminal string `json:"terminal,omitempty"`

	Amount   int64  `json:"amount,omitempty"` // minor units
	Cash     int64  `json:"cash,omitempty"`   // of Amount
	Currency int    `json:"currency,omitempty"`
	Text     string `json:"text,omitempty"` // the amount for people, such as "10.00 CNY"
	Card     string `json:"card,omitempty"` // name in Hello.Cards
	Entry    string `json:"entry,omitempty"`
	PIN      string `json:"pin,omitempty"`            // what is keyed in; empty: nothing
	PINAgain string `json:"pin_again,omitempty"`      // each time that the terminal asks again; empty: the holder gives up
	After    string `json:"after_approval,omitempty"` // card-declines, printer-fails or card-removed
	Original int    `json:"original,omitempty"`       // ID of the action that it is about

	At  string `json:"at,omitempty"` // of power_cut and press: idle, or a point of the next transaction
	Key string `json:"key,omitempty"`

	// PINGiven says that the scenario insists on the PIN, so that a terminal
	// without PIN pad can't perform the action.
	PINGiven bool `json:"-"`
}

// Outcome is how an action ended at the terminal.
type Outcome struct {
	ID int `json:"id"`
	// Is is one of docs/drivers.md's outcomes. NoOutcome: nobody could see one,
	// as after a power cut, or the action has none, such as restart.
	Is      display.Outcome `json:"is,omitzero"`
	Code    string          `json:"code,omitempty"`    // response code, if the terminal shows it
	Display string          `json:"display,omitempty"` // what it shows
	STAN    string          `json:"stan,omitempty"`
	Receipt string          `json:"receipt,omitempty"`
}
