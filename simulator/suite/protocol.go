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
	"github.com/acqsim/acqsim/scenarios/world"
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
func (m *message) what() world.Bilingual {
	switch {
	case m.Hello != nil:
		return toSayHello
	case m.Action != nil:
		return toDo(m.Action.Do)
	default:
		return toSayBye
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
		return a, fail("is longer than %d bytes", "超过 %d 字节", maxAnswer)
	}
	if !utf8.Valid(line) {
		return a, fail("is not UTF-8", "不是 UTF-8")
	}
	var keys map[string]json.RawMessage
	d := json.NewDecoder(bytes.NewReader(line))
	if err := d.Decode(&keys); err != nil {
		return a, fail("is no JSON object: %s", "不是 JSON 对象：%s", plain(err))
	}
	if rest := line[d.InputOffset():]; len(bytes.TrimSpace(rest)) > 0 {
		return a, fail("is more than one JSON object", "不止一个 JSON 对象")
	}
	if len(keys) != 1 {
		return a, fail(`is not an object with one key: "hello", "outcome" or "error"`, `不是只有一个键（"hello"、"outcome" 或 "error"）的对象`)
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
			err = fail(`has %q where "hello", "outcome" or "error" is expected`, `中有 %q，而应为 "hello"、"outcome" 或 "error"`, clip(key, 40))
		}
	}
	return a, err
}

// plain is an error of package json without its package's name.
func plain(err error) world.Bilingual {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return world.Bilingual{EN: "it ends too early", ZH: "过早结束"}
	}
	return world.Same(strings.TrimPrefix(err.Error(), "json: "))
}

// parseBody reads an object that may have no other keys.
func parseBody(body json.RawMessage, into any) error {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return fail("has no object in it", "中没有对象")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fail("is not as docs/drivers.md says: %s", "不符合 docs/drivers.md：%s", plain(err))
	}
	return nil
}

func parseReady(body json.RawMessage) (*Ready, error) {
	r := new(Ready)
	if err := parseBody(body, r); err != nil {
		return nil, err
	}
	if r.Protocol != Protocol {
		return nil, fail(`speaks version %d of the protocol ("protocol"), and this acqsim version %d`, `的协议版本（"protocol"）为 %d，而此 acqsim 为 %d`, r.Protocol, Protocol)
	}
	if len(r.Can) == 0 {
		r.Can = nil // the same as none given
	}
	for _, c := range r.Can {
		if !slices.Contains(extras, c) && !slices.Contains(scenarios.ActionNames(), c) {
			return nil, fail(`has %q in "can", which is no action: there are %s and %s`, `的 "can" 中有 %q，不是操作；可用的有 %s 和 %s`,
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
		return nil, fail(`has no "id"`, `没有 "id"`)
	}
	out.ID = *o.ID
	if o.Is != "" && o.Is != display.NoOutcome.String() {
		is, err := display.ParseOutcome(o.Is)
		if err != nil {
			return nil, fail(`has %q in "is", which is no outcome: there are %s and none`, `的 "is" 为 %q，不是结果；可用的有 %s 和 none`,
				clip(o.Is, 40), strings.Join(display.OutcomeNames(), ", "))
		}
		out.Is = is
	}
	if !codePattern.MatchString(o.Code) {
		return nil, fail(`has %q in "code", which is no response code`, `的 "code" 为 %q，不是应答码`, clip(o.Code, 40))
	}
	if !stanPattern.MatchString(o.STAN) {
		return nil, fail(`has %q in "stan", which is not up to six digits`, `的 "stan" 为 %q，不是六位以内的数字`, clip(o.STAN, 40))
	}
	return out, nil
}

func parseRefusal(body json.RawMessage) (*string, error) {
	var e struct{ Why string }
	if err := parseBody(body, &e); err != nil {
		return nil, err
	}
	if e.Why == "" {
		return nil, fail(`is an error without "why"`, `是没有 "why" 的 error`)
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
		return answer{}, fail("its answer %s %s", "其应答 %s %s", quote(line), maskedIn(world.TextOf(err)))
	}
	if a.refusal != nil {
		return answer{}, fail("it says: %s", "它说：%s", clip(masked(*a.refusal), 400))
	}
	return a, nil
}

func (m *message) answeredBy(a answer) error {
	switch {
	case a.refusal != nil:
		return nil
	case m.Hello != nil && a.hello == nil:
		return fail("is no hello, which was asked for", "不是所要求的 hello")
	case m.Action == nil:
		return nil
	case a.outcome == nil:
		return fail("is no outcome, which was asked for", "不是所要求的 outcome")
	case a.outcome.ID != m.Action.ID:
		return fail(`has "id" %d, and the action has %d`, `的 "id" 为 %d，而操作的为 %d`, a.outcome.ID, m.Action.ID)
	case a.outcome.Is != display.NoOutcome && !hasOutcome(m.Action.Do):
		return fail(`has %q in "is", and nothing comes of %s by itself: leave it out`, `的 "is" 为 %q，而 %s 本身没有结果：请省略`, a.outcome.Is, m.Action.Do)
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

func maskedIn(t world.Bilingual) world.Bilingual {
	return world.Bilingual{EN: masked(t.EN), ZH: masked(t.ZH)}
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
