package suite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
)

// maxAnswer is how long an answer of a driver may be, in bytes.
const maxAnswer = 64 << 10

// message is what a driver outside this process is told: one of these.
type message struct {
	Hello  *Hello    `json:"hello,omitempty"`
	Action *Action   `json:"action,omitempty"`
	Bye    *struct{} `json:"bye,omitempty"`
}

func (m *message) encode() []byte {
	b, err := json.Marshal(m)
	if err != nil { // nothing in a message can't be written
		return nil
	}
	return append(b, '\n')
}

// what is the message as part of "the driver could not …".
func (m *message) what() string {
	switch {
	case m.Hello != nil:
		return "say hello"
	case m.Action != nil:
		return "do " + m.Action.Do
	default:
		return "say goodbye"
	}
}

// answer is what a driver says: one of these.
type answer struct {
	hello   *Ready
	outcome *Outcome
	refusal *string // why it could not do it
}

// extras are what a terminal may have besides actions.
var extras = []string{"tls", "pin", "chip"}

// parseAnswer reads an answer. What it accepts is complete but for what the
// question alone can tell.
func parseAnswer(line []byte) (a answer, err error) {
	if len(line) > maxAnswer {
		return a, fmt.Errorf("is longer than %d bytes", maxAnswer)
	}
	if !utf8.Valid(line) {
		return a, errors.New("is not UTF-8")
	}
	var keys map[string]json.RawMessage
	d := json.NewDecoder(bytes.NewReader(line))
	if err := d.Decode(&keys); err != nil {
		return a, fmt.Errorf("is no JSON object: %s", plain(err))
	}
	if rest := line[d.InputOffset():]; len(bytes.TrimSpace(rest)) > 0 {
		return a, errors.New("is more than one JSON object")
	}
	if len(keys) != 1 {
		return a, errors.New(`is not an object with one key: "hello", "outcome" or "error"`)
	}
	for key, body := range keys {
		switch key {
		case "hello":
			a.hello, err = parseReady(body)
		case "outcome":
			a.outcome, err = parseOutcome(body)
		case "error":
			a.refusal, err = parseRefusal(body)
		default:
			err = fmt.Errorf(`has %q where "hello", "outcome" or "error" is expected`, clip(key, 40))
		}
	}
	return a, err
}

// plain is an error of package json without its package's name.
func plain(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "it ends too early"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// parseBody reads an object that may have no other keys.
func parseBody(body json.RawMessage, into any) error {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return errors.New("has no object in it")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("is not as docs/drivers.md says: %s", plain(err))
	}
	return nil
}

func parseReady(body json.RawMessage) (*Ready, error) {
	r := new(Ready)
	if err := parseBody(body, r); err != nil {
		return nil, err
	}
	if r.Protocol != Protocol {
		return nil, fmt.Errorf(`speaks version %d of the protocol ("protocol"), and this acqsim version %d`, r.Protocol, Protocol)
	}
	if len(r.Can) == 0 {
		r.Can = nil // the same as none given
	}
	for _, c := range r.Can {
		if !slices.Contains(extras, c) && !slices.Contains(scenarios.ActionNames(), c) {
			return nil, fmt.Errorf(`has %q in "can", which is no action: there are %s and %s`,
				clip(c, 40), strings.Join(scenarios.ActionNames(), ", "), strings.Join(extras, ", "))
		}
	}
	return r, nil
}

var (
	codePattern = regexp.MustCompile(`^[0-9A-Za-z]{0,4}$`)
	stanPattern = regexp.MustCompile(`^[0-9]{0,6}$`)
)

func parseOutcome(body json.RawMessage) (*Outcome, error) {
	// The word is read by itself, as "none" is one here.
	var o struct {
		ID                           *int
		Is                           string
		Code, Display, STAN, Receipt string
	}
	if err := parseBody(body, &o); err != nil {
		return nil, err
	}
	out := &Outcome{Code: o.Code, Display: o.Display, STAN: o.STAN, Receipt: o.Receipt}
	if o.ID == nil {
		return nil, errors.New(`has no "id"`)
	}
	out.ID = *o.ID
	if o.Is != "" && o.Is != display.NoOutcome.String() {
		is, err := display.ParseOutcome(o.Is)
		if err != nil {
			return nil, fmt.Errorf(`has %q in "is", which is no outcome: there are %s and none`,
				clip(o.Is, 40), strings.Join(display.OutcomeNames(), ", "))
		}
		out.Is = is
	}
	if !codePattern.MatchString(o.Code) {
		return nil, fmt.Errorf(`has %q in "code", which is no response code`, clip(o.Code, 40))
	}
	if !stanPattern.MatchString(o.STAN) {
		return nil, fmt.Errorf(`has %q in "stan", which is not up to six digits`, clip(o.STAN, 40))
	}
	return out, nil
}

func parseRefusal(body json.RawMessage) (*string, error) {
	var e struct{ Why string }
	if err := parseBody(body, &e); err != nil {
		return nil, err
	}
	if e.Why == "" {
		return nil, errors.New(`is an error without "why"`)
	}
	return &e.Why, nil
}

// answering reads what a driver has answered to a message. The error says what
// is wrong with it, and quotes it.
func (m *message) answering(line []byte) (answer, error) {
	a, err := parseAnswer(line)
	if err == nil {
		err = m.answeredBy(a)
	}
	if err != nil {
		return answer{}, fmt.Errorf("its answer %s %s", quote(line), masked(err.Error()))
	}
	if a.refusal != nil {
		return answer{}, fmt.Errorf("it says: %s", clip(masked(*a.refusal), 400))
	}
	return a, nil
}

func (m *message) answeredBy(a answer) error {
	switch {
	case a.refusal != nil:
		return nil
	case m.Hello != nil && a.hello == nil:
		return errors.New("is no hello, which was asked for")
	case m.Action == nil:
		return nil
	case a.outcome == nil:
		return errors.New("is no outcome, which was asked for")
	case a.outcome.ID != m.Action.ID:
		return fmt.Errorf(`has "id" %d, and the action has %d`, a.outcome.ID, m.Action.ID)
	case a.outcome.Is != display.NoOutcome && !hasOutcome(m.Action.Do):
		return fmt.Errorf(`has %q in "is", and nothing comes of %s by itself: leave it out`, a.outcome.Is, m.Action.Do)
	}
	return nil
}

// hasOutcome reports whether a person sees how such an action ended.
func hasOutcome(do string) bool {
	_, is := scenarios.ActionType(do)
	return is
}

// quote is a line as errors show it: short, in one line, and masked.
func quote(line []byte) string {
	return fmt.Sprintf("%q", clip(masked(strings.ToValidUTF8(string(bytes.TrimSpace(line)), "\uFFFD")), 200))
}

// masked is a text without card numbers.
func masked(s string) string {
	b := []byte(s)
	transcript.MaskText(b)
	return string(b)
}

// clip shortens a text to n characters.
func clip(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}
