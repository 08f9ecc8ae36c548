package transcript

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

// fullEvent has every field set.
func fullEvent() Event {
	return Event{
		Seq:        7,
		At:         time.Date(2026, 2, 17, 23, 30, 5, 1_002_003, time.FixedZone("CST", 8*3600)),
		Kind:       Decided,
		Actor:      Host,
		Listener:   "pos",
		Dialect:    "unionpay-pos",
		Conn:       3,
		Source:     "127.0.0.1:40000",
		TLS:        true,
		Message:    12,
		Terminal:   "12345678",
		Merchant:   "898111112345678",
		Type:       world.Sale,
		MTI:        200,
		Processing: 190000,
		STAN:       1,
		HasSTAN:    true,
		Amount:     1000,
		Currency:   36,
		Batch:      1,
		Card:       2,
		MAC:        MACIsWrong,
		Secrets:    []Secret{{Field: 2, Kind: "pan"}, {Field: 52, Kind: "pin-block"}},
		Refers:     &Refers{MTI: 200, STAN: 6, HasSTAN: true, Own: true, Batch: 1, RRN: "000000000009", Reason: "98"},
		Outcome:    world.InsufficientFunds,
		Code:       "51",
		Why:        `balance 3 < 10 "CNY"`,
		End:        EndRST,
		RRN:        "000000000001",
		Approval:   "A00001",
		Postings:   []Posting{{From: "good", To: "shop", Amount: 1000, Currency: 156}, {From: "a", To: "b", Amount: -1}},
		Due:        time.Date(2026, 2, 17, 15, 30, 6, 0, time.UTC),
		Elapsed:    1500 * time.Microsecond,
		First:      1200 * time.Microsecond,
		Acked:      1600 * time.Microsecond,
		Asks:       3,
		Written:    5,
		Lost:       9,
		Raw:        []byte{0x02, 0x00, 0xff},
		Text:       "商户\n",
		Strike:     &Strike{Scenario: "reply-lost", Rule: 2, Faults: []string{"reply.delay", "frame.split"}},
		Readings:   []Reading{{Unreadable: true}, {Differs: []int{0, 11}, Code: "00", MAC: MACAbsent, Asks: 1}},
		Action:     4,
		Shown:      display.NoAnswer,
	}
}

const fullLine = `{"seq":7,"at":"2026-02-17T15:30:05.001002003Z","kind":"decided","actor":"host","listener":"pos",` +
	`"dialect":"unionpay-pos","conn":3,"source":"127.0.0.1:40000","tls":true,"message":12,"terminal":"12345678",` +
	`"merchant":"898111112345678","type":"sale","mti":"0200","processing":"190000","stan":"000001","amount":1000,` +
	`"currency":"036","batch":1,"card":2,"mac":"wrong","secrets":[{"field":2,"kind":"pan"},{"field":52,"kind":"pin-block"}],` +
	`"refers":{"mti":"0200","stan":"000006","own":true,"batch":1,"rrn":"000000000009","reason":"98"},` +
	`"outcome":"insufficient-funds","code":"51","why":"balance 3 < 10 \"CNY\"","end":"rst","rrn":"000000000001","approval":"A00001",` +
	`"postings":[{"from":"good","to":"shop","amount":1000,"currency":"156"},{"from":"a","to":"b","amount":-1}],` +
	`"due":"2026-02-17T15:30:06.000000000Z","elapsed_ns":1500000,"first_ns":1200000,"acked_ns":1600000,"asks":3,"written":5,"lost":9,"raw":"0200ff","text":"商户\n",` +
	`"strike":{"scenario":"reply-lost","rule":2,"faults":["reply.delay","frame.split"]},` +
	`"readings":[{"unreadable":true},{"differs":[0,11],"code":"00","mac":"absent","asks":1}],"action":4,"shown":"no-answer"}`

func TestAppendJSON(t *testing.T) {
	full := fullEvent()
	tests := []struct {
		name  string
		event Event
		want  string
	}{
		{"every field", full, fullLine},
		{"nothing", Event{}, `{}`},
		{"STAN 000000 is not absent", Event{HasSTAN: true}, `{"stan":"000000"}`},
		{"controls can't steer a screen", Event{Text: "\x1b[2J\x7f\u009b\r\t\x00"}, `{"text":"\u001b[2J\u007f\u009b\r\t\u0000"}`},
		{"bytes that aren't UTF-8", Event{Terminal: "a\xffb\xe5\x95"}, `{"terminal":"a` + "\ufffd" + `b` + "\ufffd\ufffd" + `"}`},
		{"the largest numbers", Event{Seq: math.MaxUint64, Amount: math.MinInt64, MTI: math.MaxUint16, STAN: math.MaxUint32, HasSTAN: true},
			`{"seq":18446744073709551615,"mti":"65535","stan":"4294967295","amount":-9223372036854775808}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			line := AppendJSON([]byte("before "), &test.event)
			assert.Equal(t, "before "+test.want, string(line))
			again, err := ParseJSON([]byte(test.want))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(AppendJSON(nil, &again)))
		})
	}
}

func TestParseJSONGivesTheEventBack(t *testing.T) {
	want := fullEvent()
	want.At = want.At.UTC()
	got, err := ParseJSON([]byte(fullLine))
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

// plainEvent is Event as encoding/json would write it in the same format.
type plainEvent struct {
	Seq        uint64         `json:"seq,omitzero"`
	At         string         `json:"at,omitzero"`
	Kind       string         `json:"kind,omitzero"`
	Actor      string         `json:"actor,omitzero"`
	Listener   string         `json:"listener,omitzero"`
	Dialect    string         `json:"dialect,omitzero"`
	Conn       uint64         `json:"conn,omitzero"`
	Source     string         `json:"source,omitzero"`
	TLS        bool           `json:"tls,omitzero"`
	Message    uint64         `json:"message,omitzero"`
	Terminal   string         `json:"terminal,omitzero"`
	Merchant   string         `json:"merchant,omitzero"`
	Type       string         `json:"type,omitzero"`
	MTI        string         `json:"mti,omitzero"`
	Processing string         `json:"processing,omitzero"`
	STAN       string         `json:"stan,omitzero"`
	Amount     int64          `json:"amount,omitzero"`
	Currency   string         `json:"currency,omitzero"`
	Batch      uint32         `json:"batch,omitzero"`
	Card       uint32         `json:"card,omitzero"`
	MAC        string         `json:"mac,omitzero"`
	Secrets    []plainSecret  `json:"secrets,omitempty"`
	Outcome    string         `json:"outcome,omitzero"`
	Code       string         `json:"code,omitzero"`
	Why        string         `json:"why,omitzero"`
	End        string         `json:"end,omitzero"`
	RRN        string         `json:"rrn,omitzero"`
	Approval   string         `json:"approval,omitzero"`
	Postings   []plainPosting `json:"postings,omitempty"`
	Due        string         `json:"due,omitzero"`
	Elapsed    int64          `json:"elapsed_ns,omitzero"`
	Written    uint32         `json:"written,omitzero"`
	Lost       uint64         `json:"lost,omitzero"`
	Raw        string         `json:"raw,omitzero"`
	Text       string         `json:"text,omitzero"`
	Strike     *plainStrike   `json:"strike,omitempty"`
	Refers     *plainRefers   `json:"refers,omitempty"`
	First      int64          `json:"first_ns,omitzero"`
	Acked      int64          `json:"acked_ns,omitzero"`
	Asks       uint8          `json:"asks,omitzero"`
	Readings   []plainReading `json:"readings,omitempty"`
	Action     uint32         `json:"action,omitzero"`
	Shown      string         `json:"shown,omitzero"`
}

type plainRefers struct {
	MTI    string `json:"mti,omitzero"`
	STAN   string `json:"stan,omitzero"`
	Own    bool   `json:"own,omitzero"`
	Batch  uint32 `json:"batch,omitzero"`
	RRN    string `json:"rrn,omitzero"`
	Reason string `json:"reason,omitzero"`
}

type plainReading struct {
	Unreadable bool   `json:"unreadable,omitzero"`
	Differs    []int  `json:"differs,omitempty"`
	Code       string `json:"code,omitzero"`
	MAC        string `json:"mac,omitzero"`
	Asks       uint8  `json:"asks,omitzero"`
}

type plainStrike struct {
	Scenario string   `json:"scenario,omitzero"`
	Rule     uint32   `json:"rule,omitzero"`
	Faults   []string `json:"faults,omitempty"`
}

type plainSecret struct {
	Field int    `json:"field,omitzero"`
	Kind  string `json:"kind,omitzero"`
}

type plainPosting struct {
	From     string `json:"from,omitzero"`
	To       string `json:"to,omitzero"`
	Amount   int64  `json:"amount,omitzero"`
	Currency string `json:"currency,omitzero"`
}

func plain(e Event) plainEvent {
	named := func(s string, zero bool) string {
		if zero {
			return ""
		}
		return s
	}
	padded := func(n uint64, width int, absent bool) string {
		digits := json.Number(strings.TrimLeft(string(appendPadded(nil, n, 20)), "0"))
		return named(strings.Repeat("0", max(width-len(digits), 0))+string(digits), absent)
	}
	at := func(t time.Time) string {
		return named(t.UTC().Format("2006-01-02T15:04:05.000000000Z"), t.IsZero())
	}
	var strike *plainStrike
	if e.Strike != nil {
		strike = (*plainStrike)(e.Strike)
	}
	p := plainEvent{
		Strike: strike,
		Seq:    e.Seq, At: at(e.At), Kind: named(e.Kind.String(), e.Kind == 0), Actor: named(e.Actor.String(), e.Actor == 0),
		Listener: e.Listener, Dialect: e.Dialect, Conn: e.Conn, Source: e.Source, TLS: e.TLS, Message: e.Message,
		Terminal: e.Terminal, Merchant: e.Merchant, Type: named(e.Type.String(), e.Type == 0),
		MTI:        padded(uint64(e.MTI), 4, e.MTI == 0),
		Processing: padded(uint64(e.Processing), 6, e.Processing == 0),
		STAN:       padded(uint64(e.STAN), 6, !e.HasSTAN),
		Amount:     e.Amount, Currency: padded(uint64(e.Currency), 3, e.Currency == 0),
		Batch: e.Batch, Card: e.Card, MAC: named(e.MAC.String(), e.MAC == 0),
		Outcome: named(e.Outcome.String(), e.Outcome == 0), Code: e.Code, Why: e.Why, End: named(e.End.String(), e.End == 0), RRN: e.RRN, Approval: e.Approval,
		Due: at(e.Due), Elapsed: int64(e.Elapsed), Written: e.Written, Lost: e.Lost, Raw: hex.EncodeToString(e.Raw), Text: e.Text,
	}
	p.First, p.Acked, p.Asks, p.Action, p.Shown = int64(e.First), int64(e.Acked), e.Asks, e.Action, named(e.Shown.String(), e.Shown == 0)
	if r := e.Refers; r != nil {
		p.Refers = &plainRefers{padded(uint64(r.MTI), 4, r.MTI == 0), padded(uint64(r.STAN), 6, !r.HasSTAN), r.Own, r.Batch, r.RRN, r.Reason}
	}
	for _, r := range e.Readings {
		p.Readings = append(p.Readings, plainReading{r.Unreadable, r.Differs, r.Code, named(r.MAC.String(), r.MAC == 0), r.Asks})
	}
	for _, q := range e.Postings {
		p.Postings = append(p.Postings, plainPosting{q.From, q.To, q.Amount, padded(uint64(q.Currency), 3, q.Currency == 0)})
	}
	for _, q := range e.Secrets {
		p.Secrets = append(p.Secrets, plainSecret(q))
	}
	return p
}

func TestAppendJSONMeansWhatEncodingJSONWouldWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t, rapid.String().AsAny())
		want, err := json.Marshal(plain(e))
		require.NoError(t, err)
		got := AppendJSON(nil, &e)
		require.JSONEq(t, string(want), string(got))
		require.NotContains(t, string(got), "\n")

		viaJSON, err := json.Marshal(e)
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(viaJSON))
	})
}

func TestEventsSurviveJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t, rapid.String().AsAny())
		line := AppendJSON(nil, &e)
		again, err := ParseJSON(line)
		require.NoError(t, err)
		require.Equal(t, e, again)
		require.Equal(t, string(line), string(AppendJSON(nil, &again)))

		var viaJSON Event
		require.NoError(t, json.Unmarshal(line, &viaJSON))
		require.Equal(t, e, viaJSON)
	})
}

// Text from the wire is not always UTF-8: what is written must still be read
// and written again in the same bytes.
func TestAnyTextIsWrittenTheSameAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t, rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }).AsAny())
		line := AppendJSON(nil, &e)
		require.True(t, json.Valid(line))
		again, err := ParseJSON(line)
		require.NoError(t, err)
		require.Equal(t, string(line), string(AppendJSON(nil, &again)))
	})
}

func TestParseJSONIsStrict(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"unknown key", `{"seq":1,"colour":"red"}`, `column 10: unknown key: "colour"`},
		{"unknown key in a posting", `{"postings":[{"form":"a"}]}`, `unknown key: "form"`},
		{"key in other letter case", `{"Seq":1}`, `column 2: unknown key: "Seq"`},
		{"repeated key", `{"seq":1,"seq":1}`, `column 10: "seq" stands here twice`},
		{"null", `{"seq":null}`, `column 8: an integer is expected here, not 'n'`},
		{"null for text", `{"why":null}`, `a string is expected here`},
		{"fraction", `{"amount":1.5}`, `a comma or } is expected here, not '.'`},
		{"exponent", `{"amount":1e3}`, `a comma or } is expected here, not 'e'`},
		{"leading zero", `{"seq":01}`, `column 8: wrong value: 01`},
		{"negative where none can be", `{"seq":-1}`, `-1 is not between 0 and 18446744073709551615`},
		{"too large", `{"batch":4294967296}`, `4294967296 is not between 0 and 4294967295`},
		{"amount too large", `{"amount":9223372036854775808}`, `is not between`},
		{"MTI as a number", `{"mti":200}`, `column 8: a string is expected here`},
		{"MTI too short", `{"mti":"200"}`, `column 8: wrong value: "200" is not a number of 4 digits`},
		{"MTI too long for its zeros", `{"mti":"00200"}`, `"00200" is not a number of 4 digits`},
		{"MTI with letters", `{"mti":"02x0"}`, `"02x0" is not`},
		{"unknown kind", `{"kind":"recieved"}`, `column 9: wrong value: no kind of event is called "recieved"`},
		{"no truth", `{"tls":1}`, `column 8: true or false is expected here, not '1'`},
		{"cut in a truth", `{"tls":tr`, `ends before its object does`},
		{"unknown end", `{"end":"FIN"}`, `no end of a connection is called "FIN"`},
		{"unknown outcome", `{"outcome":"nice"}`, `no outcome is called "nice"`},
		{"time without zone", `{"at":"2026-02-17T15:30:05"}`, `is not an RFC 3339 time`},
		{"odd hex", `{"raw":"020"}`, `odd length hex`},
		{"no hex", `{"raw":"zz"}`, `invalid byte`},
		{"bad escape", `{"why":"\q"}`, `column 8: wrong string`},
		{"raw control in a string", "{\"why\":\"a\tb\"}", `wrong string`},
		{"no object", `[1]`, `column 1: an object is expected here, not '['`},
		{"two objects", `{"seq":1}{"seq":2}`, `column 10: the end of the line is expected here, not '{'`},
		{"comma before the end", `{"seq":1,}`, `a string is expected here`},
		{"empty", ``, `ends before its object does`},
		{"cut in a key", `{"se`, `ends before its object does`},
		{"cut in an integer", `{"seq":1`, `ends before its object does`},
		{"cut in an escape", `{"why":"\`, `ends before its object does`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseJSON([]byte(test.line))
			require.Error(t, err)
			assert.Contains(t, err.Error(), test.want)
		})
	}
}

func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(fullLine))
	f.Add([]byte(`{}`))
	f.Add([]byte(` { "seq" : 1 , "postings" : [ { } ] , "why" : "\ud83d\ude00\u00e9" } `))
	f.Add([]byte(`{"at":"2026-02-17T23:30:05+08:00","secrets":[]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := ParseJSON(line)
		if err != nil {
			return
		}
		require.True(t, json.Valid(line), "%q was read, but is no JSON", line)
		once := AppendJSON(nil, &e)
		again, err := ParseJSON(once)
		require.NoError(t, err)
		require.Equal(t, string(once), string(AppendJSON(nil, &again)))
	})
}

// drawEvent draws any event; text draws its strings.
func drawEvent(t *rapid.T, text *rapid.Generator[any]) Event {
	str := func(name string) string { return text.Draw(t, name).(string) }
	when := func(name string) time.Time {
		if rapid.Bool().Draw(t, name+" absent") {
			return time.Time{}
		}
		seconds := rapid.Int64Range(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()).Draw(t, name)
		return time.Unix(seconds, rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
	}
	e := Event{
		Seq: rapid.Uint64().Draw(t, "seq"), At: when("at"),
		Kind: Kind(rapid.IntRange(0, int(kindCount)-1).Draw(t, "kind")), Actor: Actor(rapid.IntRange(0, int(actorCount)-1).Draw(t, "actor")),
		Listener: str("listener"), Dialect: str("dialect"), Conn: rapid.Uint64().Draw(t, "conn"), Source: str("source"), TLS: rapid.Bool().Draw(t, "tls"),
		Message: rapid.Uint64().Draw(t, "message"), Terminal: str("terminal"), Merchant: str("merchant"),
		Type: rapid.SampledFrom(append(world.TransactionTypes(), 0)).Draw(t, "type"),
		MTI:  rapid.Uint16().Draw(t, "mti"), Processing: rapid.Uint32().Draw(t, "processing"), HasSTAN: rapid.Bool().Draw(t, "has stan"),
		Amount: rapid.Int64().Draw(t, "amount"), Currency: world.Currency(rapid.Uint16().Draw(t, "currency")),
		Batch: rapid.Uint32().Draw(t, "batch"), Card: rapid.Uint32().Draw(t, "card"),
		MAC:     MACResult(rapid.IntRange(0, int(macCount)-1).Draw(t, "mac")),
		Outcome: rapid.SampledFrom(append(world.Outcomes(), 0)).Draw(t, "outcome"),
		Code:    str("code"), Why: str("why"), RRN: str("rrn"), Approval: str("approval"), Due: when("due"),
		Elapsed: time.Duration(rapid.Int64().Draw(t, "elapsed")), Lost: rapid.Uint64().Draw(t, "lost"),
		End: End(rapid.IntRange(0, int(endCount)-1).Draw(t, "end")), Written: rapid.Uint32().Draw(t, "written"), Text: str("text"),
	}
	if e.HasSTAN {
		e.STAN = rapid.Uint32().Draw(t, "stan")
	}
	if rapid.Bool().Draw(t, "struck") {
		e.Strike = &Strike{Scenario: str("scenario"), Rule: rapid.Uint32().Draw(t, "rule")}
		for range rapid.IntRange(0, 3).Draw(t, "faults") {
			e.Strike.Faults = append(e.Strike.Faults, str("fault"))
		}
	}
	e.First = time.Duration(rapid.Int64().Draw(t, "first"))
	e.Acked, e.Asks = time.Duration(rapid.Int64().Draw(t, "acked")), rapid.Uint8().Draw(t, "asks")
	e.Action, e.Shown = rapid.Uint32().Draw(t, "action"), rapid.SampledFrom(append(display.Outcomes(), 0)).Draw(t, "shown")
	if rapid.Bool().Draw(t, "refers") {
		e.Refers = &Refers{MTI: rapid.Uint16().Draw(t, "mti"), Own: rapid.Bool().Draw(t, "own"), Batch: rapid.Uint32().Draw(t, "batch"), RRN: str("rrn"), Reason: str("reason")}
		if e.Refers.HasSTAN = rapid.Bool().Draw(t, "has stan"); e.Refers.HasSTAN {
			e.Refers.STAN = rapid.Uint32().Draw(t, "stan")
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "readings") {
		r := Reading{Unreadable: rapid.Bool().Draw(t, "unreadable"), Code: str("code"), MAC: MACResult(rapid.IntRange(0, int(macCount)-1).Draw(t, "mac")), Asks: rapid.Uint8().Draw(t, "asks")}
		for range rapid.IntRange(0, 3).Draw(t, "differs") {
			r.Differs = append(r.Differs, rapid.IntRange(0, 128).Draw(t, "field"))
		}
		e.Readings = append(e.Readings, r)
	}
	if raw := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "raw"); len(raw) > 0 {
		e.Raw = raw
	}
	for range rapid.IntRange(0, 3).Draw(t, "secrets") {
		e.Secrets = append(e.Secrets, Secret{Field: rapid.IntRange(0, 128).Draw(t, "field"), Kind: str("secret")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "postings") {
		e.Postings = append(e.Postings, Posting{From: str("from"), To: str("to"), Amount: rapid.Int64().Draw(t, "posted"), Currency: world.Currency(rapid.Uint16().Draw(t, "currency"))})
	}
	return e
}

func BenchmarkAppendJSON(b *testing.B) {
	e := fullEvent()
	e.Raw = make([]byte, 150)
	line := AppendJSON(nil, &e)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		line = AppendJSON(line[:0], &e)
	}
}

func BenchmarkParseJSON(b *testing.B) {
	line := []byte(fullLine)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseJSON(line); err != nil {
			b.Fatal(err)
		}
	}
}
