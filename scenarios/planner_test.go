package scenarios_test

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/world"
)

// message is a request by its fields.
type message struct {
	fields map[int]string
	card   string
	pan    string
	key    uint64
}

func (m message) DuplicateKey() uint64 { return m.key }

func (m message) Field(n int) ([]byte, bool) { v, ok := m.fields[n]; return []byte(v), ok }
func (m message) CardAlias() string          { return m.card }
func (m message) CardBegins(digits string, exact bool) bool {
	if exact {
		return m.pan == digits
	}
	return m.pan != "" && strings.HasPrefix(m.pan, digits)
}

var (
	noon   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))
	client = netip.MustParseAddr("10.1.2.3")
)

func request(terminal, kind string, amount int64) *faults.Exchange {
	mti := uint16(200)
	switch kind {
	case "reversal":
		mti = 400
	case "refund":
		mti = 220
	case "batch-upload":
		mti = 320
	case "echo":
		mti = 800
	}
	return &faults.Exchange{
		Conn: &faults.Conn{Listener: "main", Source: client, Nth: 1, Open: 1, Business: noon, Now: noon, Timeout: time.Second},
		MTI:  mti, Type: kind, Terminal: terminal, Merchant: "999000000000001", Amount: amount, HasAmount: amount > 0,
		Request: message{fields: map[int]string{3: "000000", 60: "22000001"}, card: "good", pan: "6200000000000005"},
	}
}

// exchange plans a whole exchange, approved by the host, and returns what fired
// and what becomes of it.
func exchange(p *scenarios.Planner, x *faults.Exchange) (scenarios.Plan, faults.Delivery) {
	var plan scenarios.Plan
	var d faults.Delivery
	p.OnRequest(x, &plan)
	x.Outcome, x.Code = "approved", "00"
	p.OnReply(x, &plan, &d)
	return plan, d
}

func armed(t testing.TB, bodies ...string) *scenarios.Planner {
	t.Helper()
	p := scenarios.NewPlanner(scenarios.PlannerOptions{Seed: 1})
	for i, body := range bodies {
		s := load(t, body)
		s.Name += strconv.Itoa(i)
		require.NoError(t, p.Arm(scenarios.Arming{Scenario: s, At: noon}))
	}
	return p
}

// struck says for each of n sales of a terminal whether its reply is lost.
func struck(p *scenarios.Planner, terminal string, n int) string {
	var b strings.Builder
	for range n {
		_, d := exchange(p, request(terminal, "sale", 1000))
		if d.Lost {
			b.WriteByte('x')
		} else {
			b.WriteByte('.')
		}
	}
	return b.String()
}

func TestWhen(t *testing.T) {
	for when, want := range map[string]string{
		"{}":                    "xxxxxxxx",
		"{nth: 1}":              "x.......",
		"{nth: [2, 4]}":         ".x.x....",
		"{first: 3}":            "xxx.....",
		"{every: 3}":            "..x..x..",
		"{after: 2}":            "..xxxxxx",
		"{until: 2}":            "xx......",
		"{after: 1, every: 2}":  "..x.x.x.",
		"{after: 2, until: 4}":  "..xx....",
		"{limit: 2}":            "xx......",
		"{every: 2, limit: 1}":  ".x......",
		"{probability: 0}":      "........",
		"{probability: 1}":      "xxxxxxxx",
		"{window: 09:00-18:00}": "xxxxxxxx",
		"{window: 18:00-09:00}": "........",
		"{window: {hours: 03:00-05:00, zone: UTC}}": "xxxxxxxx", // noon in China
		"{window: {hours: 11:00-13:00, days: tue}}": "........", // it is a Monday
		"{armed_for: 1s}": "xxxxxxxx",
	} {
		p := armed(t, "rules: [{match: {type: sale}, when: "+when+", fault: reply.drop}]\n")
		assert.Equal(t, want, struck(p, "T1", 8), when)
	}
}

func TestOccurrencesAreCountedPerTerminal(t *testing.T) {
	p := armed(t, "rules: [{when: {nth: 1}, fault: reply.drop}]\n")
	assert.Equal(t, "x.", struck(p, "T1", 2))
	assert.Equal(t, "x.", struck(p, "T2", 2))
	p = armed(t, "rules: [{when: {nth: 1, count: overall}, fault: reply.drop}]\n")
	assert.Equal(t, "x.", struck(p, "T1", 2))
	assert.Equal(t, "..", struck(p, "T2", 2))
	p = armed(t, "rules: [{when: {limit: 3}, fault: reply.drop}]\n")
	assert.Equal(t, "xx", struck(p, "T1", 2))
	assert.Equal(t, "x.", struck(p, "T2", 2), "a limit is for all terminals together")
}

func TestArmedFor(t *testing.T) {
	p := armed(t, "rules: [{when: {armed_for: 10m}, fault: reply.drop}]\n")
	x := request("T1", "sale", 1000)
	x.Now = noon.Add(10*time.Minute - 1)
	_, d := exchange(p, x)
	assert.True(t, d.Lost)
	x = request("T1", "sale", 1000)
	x.Now = noon.Add(10 * time.Minute)
	_, d = exchange(p, x)
	assert.False(t, d.Lost)
}

func TestMatch(t *testing.T) {
	for match, want := range map[string]bool{
		`{}`:                              true,
		`{type: sale}`:                    true,
		`{type: [void, sale]}`:            true,
		`{type: void}`:                    false,
		`{mti: "0200"}`:                   true,
		`{mti: ["0100", "0400"]}`:         false,
		`{terminal: "T*"}`:                true,
		`{terminal: "T?"}`:                true,
		`{terminal: "T??"}`:               false,
		`{terminal: ["A", "*1"]}`:         true,
		`{merchant: "999*001"}`:           true,
		`{merchant: "998*"}`:              false,
		`{card: good}`:                    true,
		`{card: poor}`:                    false,
		`{card: "6200"}`:                  true,
		`{card: "6200000000000005"}`:      true,
		`{card: "620000000000000"}`:       false, // 15 digits are a whole number
		`{card: ["4", "62"]}`:             true,
		`{amount: "10.00"}`:               true,
		`{amount: 10}`:                    true,
		`{amount: "10.01"}`:               false,
		`{amount: "1.00..10.00"}`:         true,
		`{amount: "..9.99"}`:              false,
		`{amount: "10.00.."}`:             true,
		`{amount: x.00}`:                  true,
		`{amount: [x.51, "10.00"]}`:       true,
		`{amount: x0.00}`:                 true,
		`{amount: x1.00}`:                 false,
		`{field: {3: "000000"}}`:          true,
		`{field: {3: "310000"}}`:          false,
		`{field: {60: {prefix: "22"}}}`:   true,
		`{field: {60: {regex: "1$"}}}`:    true,
		`{field: {55: {absent: true}}}`:   true,
		`{field: {3: {absent: true}}}`:    false,
		`{field: {55: {absent: false}}}`:  false,
		`{field: {55: "x"}}`:              false,
		`{source: 10.0.0.0/8}`:            true,
		`{source: [10.1.2.3]}`:            true,
		`{source: 192.168.0.0/16}`:        false,
		`{listener: main}`:                true,
		`{listener: "m*"}`:                true,
		`{listener: other}`:               false,
		`{connection: 1}`:                 true,
		`{connection: "2.."}`:             false,
		`{open: "..1"}`:                   true,
		`{server_name: x}`:                false,
		`{outcome: approved}`:             true,
		`{outcome: [insufficient-funds]}`: false,
		`{code: "00"}`:                    true,
		`{code: ["05", "51"]}`:            false,
		`{type: sale, terminal: "X"}`:     false, // all keys have to fit
		`{source_of: "T1"}`:               false, // it has never been seen
	} {
		p := armed(t, "rules: [{match: "+match+", fault: reply.drop}]\n")
		_, d := exchange(p, request("T1", "sale", 1000))
		assert.Equal(t, want, d.Lost, match)
	}
}

func TestTheFirstRuleWinsAndOthersCanJoin(t *testing.T) {
	p := armed(t, `
rules:
  - {match: {type: sale}, when: {nth: 1}, fault: {reply.delay: 1s}}
  - {match: {type: sale}, when: {until: 2}, fault: {reply.delay: 2s}}
  - {match: {type: sale}, fault: reply.duplicate, also: true}
`)
	plan, d := exchange(p, request("T1", "sale", 1000))
	assert.Equal(t, time.Second, d.Delay)
	require.Len(t, plan.Fired, 2)
	assert.Equal(t, scenarios.Strike{Scenario: "x0", Rule: 1, Faults: []string{"reply.delay"}}, plan.Fired[0])
	assert.Equal(t, 3, plan.Fired[1].Rule)
	_, d = exchange(p, request("T1", "sale", 1000))
	assert.Equal(t, 2*time.Second, d.Delay, "the second rule has counted both")
	plan, d = exchange(p, request("T1", "sale", 1000))
	assert.Zero(t, d.Delay)
	assert.Len(t, plan.Fired, 1)
}

// A rule with faults of request and reply strikes both by one decision.
func TestARuleOfRequestAndReply(t *testing.T) {
	p := armed(t, "rules: [{when: {nth: 2}, fault: [{request.hold: 1s}, reply.drop]}]\n")
	plan, d := exchange(p, request("T1", "sale", 1000))
	assert.Zero(t, plan.Request.Hold)
	assert.False(t, d.Lost)
	plan, d = exchange(p, request("T1", "sale", 1000))
	assert.Equal(t, time.Second, plan.Request.Hold)
	assert.True(t, d.Lost)
	assert.Len(t, plan.Fired, 1, "it is one strike")

	plan.Reset()
	assert.Empty(t, plan.Fired)
	assert.Zero(t, plan.Request.Hold)
}

// A plan that is used again holds nothing of what struck before, and a delivery
// that nothing strikes is left as it is: servers use both again and again.
func TestPlanAndDeliveryAreUsedAgain(t *testing.T) {
	for name, rule := range map[string]string{
		"request":           "{when: {every: 3}, fault: {request.hold: 1s}}",
		"reply":             "{when: {every: 3}, fault: reply.drop}",
		"request and reply": "{when: {every: 3}, fault: [{request.hold: 1s}, reply.drop]}",
		"another terminal":  "{match: {terminal: \"9*\"}, fault: reply.drop}",
	} {
		t.Run(name, func(t *testing.T) {
			body := "rules: [" + rule + "]\n"
			again, fresh := armed(t, body), armed(t, body)
			var plan scenarios.Plan
			for range 7 {
				wantPlan, wantDelivery := exchange(fresh, request("T1", "sale", 1000))
				x := request("T1", "sale", 1000)
				var d faults.Delivery
				plan.Reset()
				assert.Equal(t, len(wantPlan.Fired) > 0 && wantPlan.Request.Hold > 0, again.OnRequest(x, &plan))
				x.Outcome, x.Code = "approved", "00"
				if !again.OnReply(x, &plan, &d) {
					assert.Zero(t, d)
				}
				assert.Equal(t, wantDelivery, d)
				assert.Equal(t, wantPlan.Request.Hold, plan.Request.Hold)
				assert.Equal(t, len(wantPlan.Fired), len(plan.Fired))
			}
		})
	}
}

func TestWhatTheHostIsGivenToDecide(t *testing.T) {
	p := armed(t, "given: {outcome: [{match: {type: sale}, when: {nth: 1}, is: cut-over}, {is: issuer-down}]}\n")
	plan, _ := exchange(p, request("T1", "sale", 1000))
	assert.Equal(t, world.CutOver, plan.Outcome)
	assert.Equal(t, []scenarios.Strike{{Scenario: "x0", Outcome: world.CutOver}}, plan.Fired)
	plan, _ = exchange(p, request("T1", "sale", 1000))
	assert.Equal(t, world.IssuerDown, plan.Outcome)
	plan, _ = exchange(p, request("T1", "reversal", 1000))
	assert.Equal(t, world.Undecided, plan.Outcome, "a reversal stays honest unless a match names it")
	plan, _ = exchange(p, request("T1", "echo", 0))
	assert.Equal(t, world.Undecided, plan.Outcome)
}

// The same seed and requests give a terminal the same, whatever others do.
func TestOthersDoNotMatter(t *testing.T) {
	const body = `
rules:
  - {match: {type: sale}, when: {probability: 0.4}, fault: {reply.delay: "uniform(10ms, 5s)"}}
  - {match: {type: sale}, when: {every: 2, probability: 0.5}, fault: reply.drop}
`
	play := func(others []int) string {
		p := armed(t, body)
		var b strings.Builder
		for _, n := range others {
			for range n {
				exchange(p, request(fmt.Sprintf("X%d", n), "sale", 100))
			}
			_, d := exchange(p, request("T1", "sale", 1000))
			fmt.Fprintf(&b, "%v %v\n", d.Lost, d.Delay)
		}
		return b.String()
	}
	alone := play(make([]int, 50))
	assert.Contains(t, alone, "true")
	assert.Contains(t, alone, "false 0s")
	rapid.Check(t, func(t *rapid.T) {
		others := rapid.SliceOfN(rapid.IntRange(0, 3), 50, 50).Draw(t, "others")
		assert.Equal(t, alone, play(others))
	})
}

// Counts lose nothing when connections plan at the same time, and arming
// disturbs nobody. The race detector looks on.
func TestConcurrentUse(t *testing.T) {
	p := armed(t, "rules: [{match: {type: sale}, when: {limit: 100}, fault: reply.drop}]\n")
	other := load(t, "rules: [{match: {type: void}, fault: reply.drop}]\n")
	other.Name = "other"
	var wg sync.WaitGroup
	lost := make([]int, 8)
	for i := range lost {
		wg.Go(func() {
			for range 100 {
				if _, d := exchange(p, request(strconv.Itoa(i), "sale", 1000)); d.Lost {
					lost[i]++
				}
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			if err := p.Arm(scenarios.Arming{Scenario: other}); err != nil {
				t.Error(err)
			}
			p.Disarm("other")
		}
	})
	wg.Wait()
	sum := 0
	for _, n := range lost {
		sum += n
	}
	assert.Equal(t, 100, sum)
}

func TestNothingArmedAllocatesNothing(t *testing.T) {
	for name, p := range map[string]*scenarios.Planner{
		"nothing": scenarios.NewPlanner(scenarios.PlannerOptions{}),
		"others":  armed(t, "rules: [{match: {terminal: \"9*\", type: sale}, when: {nth: 1}, fault: reply.drop}]\n"),
	} {
		x := request("T1", "sale", 1000)
		var plan scenarios.Plan
		var d faults.Delivery
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			plan.Reset()
			p.OnRequest(x, &plan)
			p.OnReply(x, &plan, &d)
		}), name)
	}
}

func BenchmarkExchange(b *testing.B) {
	for name, p := range map[string]*scenarios.Planner{
		"nothing armed":     scenarios.NewPlanner(scenarios.PlannerOptions{}),
		"others selected":   armed(b, "rules: [{match: {terminal: \"9*\", type: sale}, when: {nth: 1}, fault: reply.drop}]\n"),
		"matching, no fire": armed(b, "rules: [{match: {type: sale}, when: {nth: 1}, fault: reply.drop}]\n"),
	} {
		b.Run(name, func(b *testing.B) {
			x := request("T1", "sale", 1000)
			var plan scenarios.Plan
			var d faults.Delivery
			exchange(p, x)
			b.ReportAllocs()
			for b.Loop() {
				plan.Reset()
				p.OnRequest(x, &plan)
				p.OnReply(x, &plan, &d)
			}
		})
	}
}

func TestWhomTheRulesOfExchangesConcern(t *testing.T) {
	p := scenarios.NewPlanner(scenarios.PlannerOptions{})
	assert.False(t, p.Concerns("T0000001"), "nothing is armed")
	assert.False(t, p.Recalls())

	one := armed(t, "rules: [{match: {terminal: [\"T0000001\", \"X*\"]}, fault: reply.drop}]")
	for terminal, want := range map[string]bool{"T0000001": true, "X7": true, "T0000002": false, "": false} {
		assert.Equal(t, want, one.Concerns(terminal), terminal)
	}
	assert.False(t, one.Recalls())
	assert.True(t, armed(t, "rules: [{match: {type: sale}, fault: reply.stale}]").Concerns("T0000002"), "a rule that does not go by terminal")
	assert.True(t, armed(t, "rules: [{match: {type: sale}, fault: reply.stale}]").Recalls())

	given := scenarios.NewPlanner(scenarios.PlannerOptions{})
	s := load(t, "given: {outcome: do-not-honour}")
	require.NoError(t, given.Arm(scenarios.Arming{Scenario: s, Terminals: "T0000003", At: noon}))
	assert.True(t, given.Concerns("T0000003"))
	assert.False(t, given.Concerns("T0000001"))
}
