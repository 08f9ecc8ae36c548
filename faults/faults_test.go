package faults

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// values that parameters without a default can have.
var someValue = map[ParamType]string{
	TypeDuration: "2s", TypeDistribution: "normal(2s, 300ms)", TypeCount: "3", TypeOffset: "-5", TypeBytes: "00 ff",
	TypeField: "4", TypeMTI: "0210", TypeCode: "05", TypeText: "text", TypeTerminal: "T0000002",
}

// make1 makes a fault of the kind with what it requires.
func make1(t *testing.T, name string, given ...string) Fault {
	t.Helper()
	k, err := Find(name)
	require.NoError(t, err)
	params := map[string]string{}
	for _, p := range k.Params {
		if p.Required {
			params[p.Name] = someValue[p.Type]
			if p.Type == TypeChoice {
				params[p.Name] = p.Choices[len(p.Choices)-1]
			}
		}
	}
	for i := 0; i < len(given); i += 2 {
		params[given[i]] = given[i+1]
	}
	f, err := k.Make(params)
	require.NoError(t, err)
	return f
}

func TestTable(t *testing.T) {
	seen := map[string]bool{}
	last := Listening
	for _, k := range Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			assert.False(t, seen[k.Name], "twice")
			seen[k.Name] = true
			assert.Regexp(t, `^(connect|accept|tls|line|request|reply|frame|message)\.[a-z-]+$`, k.Name)
			require.NotEmpty(t, k.Stages)
			if !strings.HasPrefix(k.Name, "line.") && !strings.HasPrefix(k.Name, "request.") {
				assert.GreaterOrEqual(t, k.Stages[0], last, "out of order")
				last = k.Stages[0]
			}
			for _, text := range []Text{k.Does, k.Meets} {
				assert.Regexp(t, `^["A-Z].*\.$`, text.EN)
				assert.Regexp(t, `\p{Han}.*。$`, text.ZH)
			}
			assert.Contains(t, k.Example, "fault: ")
			assert.Contains(t, k.Example, k.Name)
			assert.Regexp(t, `^- match: .*\n(  .*\n)+$`, k.Example)
			names := map[string]bool{}
			for _, p := range k.Params {
				assert.False(t, names[p.Name], "%s twice", p.Name)
				names[p.Name] = true
				assert.NotEmpty(t, p.Doc.EN, p.Name)
				assert.Regexp(t, `\p{Han}`, p.Doc.ZH, p.Name)
				assert.Equal(t, p.Type == TypeChoice, len(p.Choices) > 0, p.Name)
				assert.False(t, p.Required && p.Default != "", p.Name)
				if p.Default != "" {
					_, err := ParseValue(p, p.Default)
					assert.NoError(t, err, p.Name)
				}
			}
			if k.Scalar != "" {
				assert.True(t, names[k.Scalar])
			}

			f := make1(t, k.Name)
			assert.Equal(t, k.Name, f.Kind())
			assert.Contains(t, k.Stages, f.Stage())
			assert.Equal(t, map[Stage]bool{f.Stage(): true}, stagesOf(f), "one interface, that of its stage")
		})
	}
}

// stagesOf returns the stages whose interface a fault has.
func stagesOf(f Fault) map[Stage]bool {
	got := map[Stage]bool{}
	if _, ok := f.(ListenFault); ok {
		got[f.Stage()] = f.Stage() <= SYN
	}
	if _, ok := f.(AcceptFault); ok {
		got[Accepted] = true
	}
	if _, ok := f.(HelloFault); ok {
		got[Hello] = true
	}
	if _, ok := f.(IdleFault); ok {
		got[Idle] = true
	}
	if _, ok := f.(RequestFault); ok {
		got[Requesting] = true
	}
	if _, ok := f.(ReplyFault); ok {
		got[Replying] = true
	}
	return got
}

func TestEveryStageOfAKindCanBeHad(t *testing.T) {
	for _, k := range Kinds() {
		got := map[Stage]bool{}
		when, ok := k.Param("when")
		if !ok || len(k.Stages) == 1 {
			continue
		}
		for _, c := range when.Choices {
			given := []string{"when", c}
			if c == "idle" {
				given = append(given, "idle", "1s")
			}
			got[make1(t, k.Name, given...).Stage()] = true
		}
		for _, s := range k.Stages {
			assert.True(t, got[s], "%s: %v", k.Name, s)
		}
	}
}

func TestFind(t *testing.T) {
	_, err := Find("reply.dorp")
	assert.EqualError(t, err, `unknown fault "reply.dorp"; acqsim faults lists them`)
	var unknown *UnknownError
	assert.ErrorAs(t, err, &unknown)
	assert.Len(t, Names(), len(Kinds()))
}

func TestMakeErrors(t *testing.T) {
	for _, c := range []struct {
		kind  string
		given map[string]string
		want  string
	}{
		{"reply.drop", map[string]string{"dealy": "1s"}, "reply.drop: dealy: no such parameter; reply.drop has none"},
		{"reply.delay", map[string]string{"dealy": "1s"}, "reply.delay: dealy: no such parameter; reply.delay has delay, jitter"},
		{"reply.delay", nil, `reply.delay: delay: missing; give delay: a duration such as 2s or "1.5 timeouts", or uniform(1s, 3s), normal(2s, 300ms) or lognormal(2s, 0.5)`},
		{"reply.delay", map[string]string{"delay": "5"}, `reply.delay: delay: "5": a number without a unit; say 5s or 5ms; give a duration such as 2s or "1.5 timeouts", or uniform(1s, 3s), normal(2s, 300ms) or lognormal(2s, 0.5)`},
		{"reply.delay", map[string]string{"delay": "0s"}, "reply.delay: delay: keeps nothing back: give a time above 0, or a jitter"},
		{"request.hold", map[string]string{"hold": "0 timeouts"}, "request.hold: hold: holds nothing up: give a time above 0"},
		{"line.close", map[string]string{"at": "5"}, "line.close: at: means something only with when: mid-reply"},
		{"line.reset", map[string]string{"after": "5s"}, "line.reset: after: means something only with when: after-reply"},
		{"line.cut", map[string]string{"when": "idle"}, "line.cut: idle: missing; say how long, such as 30s"},
		{"line.cut", map[string]string{"idle": "2s"}, "line.cut: idle: means something only with when: idle"},
		{"line.cut", map[string]string{"at": "2"}, "line.cut: at: means something only with when: mid-reply"},
		{"request.misroute", map[string]string{"terminal": "T*"}, "request.misroute: terminal: must name one terminal, without * and ?"},
		{"frame.length", map[string]string{"edit": "zero", "by": "3"}, "frame.length: by: means something only with edit: plus or minus"},
		{"frame.garbage", map[string]string{"bytes": "00", "length": "3"}, "frame.garbage: length: means something only with drawn bytes: leave out bytes"},
		{"frame.http", map[string]string{"location": "a\nb"}, "frame.http: location: must be one line"},
		{"frame.corrupt", map[string]string{"at": "3", "field": "4"}, "frame.corrupt: field: means something only with no at"},
		{"frame.header", map[string]string{"edit": "wrong", "value": "4"}, "frame.header: value: means nothing with edit: wrong"},
		{"message.field", map[string]string{"field": "64", "edit": "remove"}, "message.field: field: is the MAC; use message.mac"},
		{"message.field", map[string]string{"field": "4", "edit": "set"}, "message.field: value: missing; say to what the element is set"},
		{"message.field", map[string]string{"field": "4", "edit": "remove", "value": "1"}, "message.field: value: means something only with edit: set"},
		{"message.field", map[string]string{"field": "1", "edit": "remove"}, `message.field: field: "1": out of bounds; give a data element from 2 to 128`},
	} {
		k, err := Find(c.kind)
		require.NoError(t, err)
		_, err = k.Make(c.given)
		assert.EqualError(t, err, c.want)
		var bad *ParamError
		require.ErrorAs(t, err, &bad)
		assert.Equal(t, c.kind, bad.Kind)
	}
}
