package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/fatih/color"
	"golang.org/x/term"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// sentMessage is a message as it is shown: with its secrets hidden, unless they
// are asked for.
type sentMessage struct {
	MTI    string      `json:"mti,omitempty"`
	Fields []sentField `json:"fields"`
	Hex    string      `json:"hex"`
	Error  string      `json:"error,omitempty"`
}

type sentField struct {
	Field  string `json:"field"`
	Name   string `json:"name,omitempty"`
	NameZH string `json:"name_zh,omitempty"`
	Value  string `json:"value"`
}

// hidden stands for what nothing may be seen of.
const hidden = "(hidden)"

// message decodes a frame, which ends with body, for people. Without a body it
// is bytes that nobody can read.
func (s *sending) message(whole, body []byte) sentMessage {
	shown := bytes.Clone(whole)
	at := len(whole) - len(body)
	secrets := map[int]string{}
	switch {
	case s.f.unsafe:
	case len(body) == 0:
		transcript.MaskRuns(shown)
	default:
		var ix dialect.Index
		// What can't be read is masked as garbage, and said below.
		_, _ = s.d.Index(shown[at:], &ix)
		for _, secret := range s.d.Mask(shown, &ix, at) {
			secrets[secret.Field] = secret.Kind
		}
	}
	m := sentMessage{Hex: strings.ToUpper(hex.EncodeToString(shown))}
	if len(body) == 0 {
		return m
	}
	views, err := s.d.View(shown[at:])
	if err != nil {
		m.Error = err.Error()
	}
	for _, v := range views {
		switch v.Number {
		case 0:
			m.MTI = v.Value
		case 1:
		default:
			m.add(v, secrets[v.Number])
		}
	}
	return m
}

// add appends a field and its parts. Masked digits are zeros in the bytes; for
// people they are asterisks, or nothing at all.
func (m *sentMessage) add(v dialect.FieldView, secret string) {
	value := v.Value
	switch {
	case secret == "":
	case v.Path == "2" && secret == "pan":
		value = transcript.MaskPAN(value)
	case secret == "pin-block", secret == "key":
		value, v.Sub = hidden, nil
	default:
		value += " (masked)"
	}
	m.Fields = append(m.Fields, sentField{v.Path, v.Name.EN, v.Name.ZH, value})
	for _, sub := range v.Sub {
		m.add(sub, "")
	}
}

func (s *sending) printRequest(r *terminal.Request) {
	if s.f.json {
		return
	}
	m := s.message(r.Frame, r.Body)
	s.a.say("%s %s to %s, %s (connected in %s)", m.MTI, r.Type, s.address, s.d.Name(), milliseconds(s.connect))
	s.a.fields(m, s.f.hex)
}

func (s *sending) printReply(x *terminal.Exchange) {
	if s.f.json {
		return
	}
	for _, stray := range x.Strays {
		s.a.say("\n%s message: %s", stray.Kind, stray.Why)
		if s.f.hex {
			s.a.fields(s.message(stray.Raw, stray.Body), true)
		}
	}
	if x.Reply == nil {
		s.a.say("\nno reply, after %s", milliseconds(x.Elapsed))
		return
	}
	m := s.message(x.Reply.Frame, x.Reply.Body)
	mac := ""
	if m := x.Reply.MAC; m == transcript.MACOK || m == transcript.MACIsWrong {
		mac = fmt.Sprintf(", MAC %s", x.Reply.MAC)
	}
	s.a.say("\n%s reply after %s%s", orDash(m.MTI), milliseconds(x.Elapsed), mac)
	s.a.fields(m, s.f.hex || m.Error != "")
	switch x.Chip {
	case terminal.ChipVerified:
		s.a.say("\nchip: ARPC verifies")
	case terminal.ChipWrong:
		s.a.say("\nchip: ARPC wrong, the card declines")
	case terminal.ChipNotAnswered:
		s.a.say("\nchip: no ARPC (tag 91), the card can't tell who answered")
	}
}

func (s *sending) printKeys() {
	if s.f.json {
		return
	}
	k := s.session.Keys
	s.a.say("\nkeys, by check value: PIN %X, MAC %X, under terminal master key %X", k.PIN.KCV(), k.MAC.KCV(), s.tmk.KCV())
	if s.is != world.SignOn {
		s.a.say("")
	}
}

func (a *app) fields(m sentMessage, withHex bool) {
	for _, f := range m.Fields {
		a.say("  %6s  %-36s  %s", f.Field, f.Name, escapedText(f.Value))
	}
	if m.Error != "" {
		a.say("  %s", m.Error)
	}
	if withHex {
		a.say("  %s", m.Hex)
	}
}

// conclude prints the last line and returns its exit code as an error.
func (s *sending) conclude(x *terminal.Exchange) error {
	if s.f.json {
		return s.printJSON(x, nil)
	}
	line := closingLine(x)
	if s.outOfBalance(x) {
		line += ": out of balance"
	}
	if s.e.coloured(s.a.stdout) {
		paint := color.New(color.FgRed)
		if x.Outcome == terminal.Approved {
			paint = color.New(color.FgGreen)
		}
		paint.EnableColor()
		line = paint.Sprint(line)
	}
	s.a.say("\n%s", line)
	return ending(s.exitCode(x))
}

// outOfBalance reports whether an approving answer to a settlement says that
// the host's totals are others.
func (s *sending) outOfBalance(x *terminal.Exchange) bool {
	return x.Outcome == terminal.Approved && s.is == world.Settlement && s.d.OutOfBalance(x.Reply.Body)
}

// exitCode is how the command ends after x.
func (s *sending) exitCode(x *terminal.Exchange) int {
	if s.outOfBalance(x) {
		return exitNegative
	}
	return exitOf(x.Outcome)
}

// ending is the command's error for an exit code.
func ending(code int) error {
	if code != exitOK {
		return exitWith(code, nil)
	}
	return nil
}

// closingLine says how it ended: outcome and code with its texts, or why there
// is no code.
func closingLine(x *terminal.Exchange) string {
	text := strings.ReplaceAll(x.Outcome.String(), "-", " ")
	if x.Outcome != terminal.Approved && x.Outcome != terminal.Declined {
		return fmt.Sprintf("%s: %s %s", text, x.Why, x.Outcome.Display().ZH)
	}
	text += " " + x.Code
	c, known := display.ResponseText(x.Code)
	if !known || x.Outcome == terminal.Approved && strings.Trim(x.Code, "0") == "" {
		return text
	}
	for _, more := range []string{c.Meaning.EN, c.Display} {
		if more != "" {
			text += " " + more
		}
	}
	return text
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func orDash(s string) string {
	if s == "" {
		return "unreadable"
	}
	return s
}

// sentJSON is what --json prints. Keys are added in minor versions, and change
// or leave with a major one.
type sentJSON struct {
	Transaction string           `json:"transaction"`
	Dialect     string           `json:"dialect"`
	Address     string           `json:"address"`
	Outcome     terminal.Outcome `json:"outcome"`
	ExitCode    int              `json:"exit_code"` // as acqsim help exit-codes has them
	Code        string           `json:"code,omitempty"`
	Text        string           `json:"text,omitempty"`
	TextZH      string           `json:"text_zh,omitempty"`
	Why         string           `json:"why,omitempty"`
	RRN         string           `json:"rrn,omitempty"`
	Approval    string           `json:"approval,omitempty"`
	// OutOfBalance says that the answer to a settlement approves, and says in
	// digits of its own that the host's totals are others: the exit code is 1.
	OutOfBalance bool `json:"out_of_balance,omitempty"`

	ConnectMS float64        `json:"connect_ms,omitempty"`
	Keys      *sentKeys      `json:"keys,omitempty"`
	Exchanges []exchangeJSON `json:"exchanges"`
}

type sentKeys struct {
	PIN string `json:"pin_kcv,omitempty"`
	MAC string `json:"mac_kcv,omitempty"`
	TMK string `json:"tmk_kcv,omitempty"`
	BDK string `json:"bdk_kcv,omitempty"`
	KSN string `json:"ksn,omitempty"`
}

type exchangeJSON struct {
	Outcome terminal.Outcome `json:"outcome"`
	Code    string           `json:"code,omitempty"`
	Why     string           `json:"why,omitempty"`
	SentAt  time.Time        `json:"sent_at"`
	ReplyMS float64          `json:"elapsed_ms"`
	MAC     string           `json:"mac,omitempty"`
	ARPC    string           `json:"arpc,omitempty"`
	Request sentMessage      `json:"request"`
	Reply   *sentMessage     `json:"reply,omitempty"`
	Strays  []strayJSON      `json:"strays,omitempty"`
}

type strayJSON struct {
	Kind string    `json:"kind"`
	Why  string    `json:"why"`
	At   time.Time `json:"at"`
}

// printJSON prints one object for x, the last exchange, or for a connection
// that failed.
func (s *sending) printJSON(x *terminal.Exchange, failed *terminal.ConnectError) error {
	j := sentJSON{
		Transaction: s.is.String(), Dialect: s.d.Name(), Address: s.address,
		ConnectMS: float64(s.connect) / float64(time.Millisecond), Exchanges: []exchangeJSON{},
	}
	if failed != nil {
		j.Outcome, j.Why, j.ExitCode = failed.Outcome(), failed.Error(), exitOf(failed.Outcome())
	} else {
		j.Outcome, j.Code, j.Why = x.Outcome, x.Code, x.Why.EN
		j.ExitCode, j.OutOfBalance = s.exitCode(x), s.outOfBalance(x)
		if x.Reply != nil {
			j.RRN, j.Approval = x.Reply.RRN, x.Reply.Approval
		}
	}
	j.Text, j.TextZH = j.Outcome.Display().EN, j.Outcome.Display().ZH
	if c, ok := display.ResponseText(j.Code); ok {
		j.Text, j.TextZH = c.Meaning.EN, c.Display
	}
	switch {
	case !s.ksn.IsZero():
		j.Keys = &sentKeys{BDK: fmt.Sprintf("%X", s.bdk.KCV()), KSN: s.ksn.String()}
	case s.session != nil:
		j.Keys = &sentKeys{
			PIN: fmt.Sprintf("%X", s.session.Keys.PIN.KCV()), MAC: fmt.Sprintf("%X", s.session.Keys.MAC.KCV()),
			TMK: fmt.Sprintf("%X", s.tmk.KCV()),
		}
	}
	for _, x := range s.exchanges {
		j.Exchanges = append(j.Exchanges, s.exchangeJSON(x))
	}
	enc := json.NewEncoder(s.a.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return errors.Join(enc.Encode(j), ending(j.ExitCode))
}

func (s *sending) exchangeJSON(x *terminal.Exchange) exchangeJSON {
	j := exchangeJSON{
		Outcome: x.Outcome, Code: x.Code, Why: x.Why.EN, SentAt: x.SentAt,
		ReplyMS: float64(x.Elapsed) / float64(time.Millisecond), Request: s.message(x.Request.Frame, x.Request.Body),
	}
	if x.Reply != nil {
		m := s.message(x.Reply.Frame, x.Reply.Body)
		j.Reply = &m
		if m := x.Reply.MAC; m == transcript.MACOK || m == transcript.MACIsWrong {
			j.MAC = x.Reply.MAC.String()
		}
	}
	if x.Chip != terminal.ChipNotAsked {
		j.ARPC = x.Chip.String()
	}
	for _, stray := range x.Strays {
		j.Strays = append(j.Strays, strayJSON{stray.Kind.String(), stray.Why, stray.At})
	}
	return j
}

// waiting shows on a terminal that something takes longer than a second, and
// how long it may; call what it returns when it is over.
func (a *app) waiting(what string, most time.Duration) (done func()) {
	f, ok := a.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) { //nolint:gosec // a file descriptor is small
		return func() {}
	}
	stop := make(chan struct{})
	var showing sync.WaitGroup
	showing.Go(func() {
		const clearLine = "\r\x1b[K"
		begun := time.Now()
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		defer func() { _, _ = fmt.Fprint(f, clearLine) }()
		for {
			select {
			case <-stop:
				return
			case now := <-tick.C:
				_, _ = fmt.Fprintf(f, clearLine+"%s: %v of %v (Ctrl-C stops)", what, now.Sub(begun).Truncate(time.Second), most)
			}
		}
	})
	return func() {
		close(stop)
		showing.Wait()
	}
}
