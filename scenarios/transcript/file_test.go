package transcript

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const head = `{"acqsim":"transcript","version":1,"started":"2026-02-17T15:30:05.000000000Z","program":"acqsim 1.0.0"}` + "\n"

var headHeader = Header{Version: 1, Started: time.Date(2026, 2, 17, 15, 30, 5, 0, time.UTC), Program: "acqsim 1.0.0"}

func TestAppendHeader(t *testing.T) {
	h := headHeader
	h.Version = 0
	assert.Equal(t, "x"+head, string(AppendHeader([]byte("x"), h)))
	assert.Equal(t, `{"acqsim":"transcript","version":1}`+"\n", string(AppendHeader(nil, Header{})))
}

func TestFilesAreWrittenTheSameAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events []Event
		for range rapid.IntRange(0, 5).Draw(t, "events") {
			events = append(events, drawEvent(t, rapid.String().AsAny()))
		}
		file := encode(t, headHeader, events)
		d := NewDecoder(bytes.NewReader(file), "f")
		got, err := all(d)
		require.NoError(t, err)
		require.Equal(t, events, got)
		require.Empty(t, d.Torn())
		require.Equal(t, string(file), string(encode(t, headHeader, got)))
	})
}

// Wherever a kill tears a file, all whole lines are read, and the decoder says
// which one was torn: at the end, and where another run was added behind it.
func TestDecoderTornFile(t *testing.T) {
	file := head + `{"seq":1,"why":"商户"}` + "\n" + `{"seq":2,"raw":"00ff","secrets":[{"field":2}]}` + "\n"
	for cut := 1; cut <= len(file); cut++ {
		lines := strings.Count(file[:cut], "\n")
		rest := file[strings.LastIndexByte(file[:cut], '\n')+1 : cut]
		whole := rest == "" || rest[len(rest)-1] == '}' && strings.Count(rest, "{") == strings.Count(rest, "}")
		want := max(lines-1, 0)
		var torn []int
		switch {
		case !whole:
			torn = []int{lines + 1}
		case rest != "" && lines > 0:
			want++
		}

		d := NewDecoder(strings.NewReader(file[:cut]), "f")
		got, err := all(d)
		require.NoError(t, err, file[:cut])
		require.Len(t, got, want, file[:cut])
		require.Equal(t, torn, d.Torn(), file[:cut])

		if rest == "" {
			continue
		}
		d = NewDecoder(strings.NewReader(file[:cut]+"\n"+head+`{"seq":1,"text":"again"}`+"\n"), "f")
		got, err = all(d)
		require.NoError(t, err, file[:cut])
		require.Len(t, got, want+1, file[:cut])
		require.Equal(t, "again", got[want].Text)
		require.Equal(t, torn, d.Torn(), file[:cut])
	}
}

func TestDecoderGivesTheHeaderOfEachRun(t *testing.T) {
	second := Header{Version: 1, Program: "acqsim 2.0.0"}
	file := head + `{"seq":1}` + "\n" + string(AppendHeader(nil, second)) + `{"seq":1}` + "\n"
	d := NewDecoder(strings.NewReader(file), "f")
	_, err := d.Next()
	require.NoError(t, err)
	assert.Equal(t, headHeader, d.Header())
	_, err = d.Next()
	require.NoError(t, err)
	assert.Equal(t, second, d.Header())
	_, err = d.Next()
	assert.ErrorIs(t, err, io.EOF)
}

func TestDecoderErrors(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"no header", `{"seq":1}` + "\n", `runs/a.jsonl:1:2: unknown key: "seq"`},
		{"another program's JSON Lines", `{"acqsim":"world"}` + "\n", `runs/a.jsonl:1:19: a transcript begins with a header {"acqsim":"transcript","version":1,…}; this is none`},
		{"no JSON", "Feb 17 15:30 started\n", `runs/a.jsonl:1:1: an object is expected here, not 'F'`},
		{"later version", `{"acqsim":"transcript","version":2}` + "\n", `version 2 is not known here, only 1 is`},
		{"no version", `{"acqsim":"transcript"}` + "\n", `version 0 is not known here`},
		{"wrong value", head + "{}\n" + `{"kind":"x"}` + "\n", `runs/a.jsonl:3:9: wrong value: no kind of event is called "x"`},
		{"torn in the middle of a run", head + `{"seq":` + "\n{}\n", `runs/a.jsonl:2:8: the line ends before its object does`},
		{"empty line in the middle", head + "\n{}\n", `runs/a.jsonl:2:1: the line ends before its object does`},
		{"wrong header later", head + "{}\n" + `{"acqsim":"transcript","version":9}` + "\n", `runs/a.jsonl:3:36: version 9`},
		{"lines are counted across a torn one", head + `{"se` + "\n" + head + `{"kind":"x"}`, `runs/a.jsonl:4:9: wrong value`},
		{"endless line", head + strings.Repeat("{", MaxLine+1), `runs/a.jsonl:2:1048576: the line is longer than 1048576 bytes`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := NewDecoder(strings.NewReader(test.file), "runs/a.jsonl")
			_, err := all(d)
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			assert.Contains(t, err.Error(), test.want)
			_, again := d.Next()
			assert.Equal(t, err, again, "an error stays")
		})
	}
}

func TestDecoderReadsLinesLongerThanItsBuffer(t *testing.T) {
	events := []Event{{Seq: 1, Raw: bytes.Repeat([]byte{0xab}, 65536)}, {Seq: 2, Text: "short"}, {Seq: 3, Raw: bytes.Repeat([]byte{0xcd}, 50000)}}
	got, err := all(NewDecoder(iotest.OneByteReader(bytes.NewReader(encode(t, headHeader, events))), "f"))
	require.NoError(t, err)
	assert.Equal(t, events, got)
}

func TestDecoderPassesReadErrorsOn(t *testing.T) {
	broken := errors.New("disk is gone")
	_, err := all(NewDecoder(io.MultiReader(strings.NewReader(head+"{}\n"), iotest.ErrReader(broken)), "f"))
	require.ErrorIs(t, err, broken)
	assert.Equal(t, "transcript: f: disk is gone", err.Error())
}

func TestEncoderReportsWriteErrors(t *testing.T) {
	broken := errors.New("no space left on device")
	e := NewEncoder(failing{broken}, headHeader)
	require.NoError(t, e.Encode(&Event{}), "buffered")
	require.ErrorIs(t, e.Flush(), broken)
	require.ErrorIs(t, e.Encode(&Event{}), broken)
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestNames(t *testing.T) {
	for _, k := range Kinds() {
		again, err := ParseKind(k.String())
		require.NoError(t, err)
		assert.Equal(t, k, again)
	}
	assert.Len(t, Kinds(), int(kindCount)-1)
	for a := NoActor; a < actorCount; a++ {
		again, err := ParseActor(a.String())
		require.NoError(t, err)
		assert.Equal(t, a, again)
	}
	for m := MACUnchecked; m < macCount; m++ {
		again, err := ParseMACResult(m.String())
		require.NoError(t, err)
		assert.Equal(t, m, again)
	}
	for what, names := range map[string][]string{"kind": kindNames[:], "actor": actorNames[:], "MAC result": macNames[:]} {
		seen := map[string]bool{}
		for _, n := range names {
			assert.Regexp(t, `^[a-z]+(-[a-z]+)*$`, n, what)
			assert.False(t, seen[n], "%s %s twice", what, n)
			seen[n] = true
		}
	}
	assert.Equal(t, "kind(200)", Kind(200).String())
	var k Kind
	assert.EqualError(t, k.UnmarshalText([]byte("nope")), `no kind of event is called "nope"`)
}

func FuzzDecoder(f *testing.F) {
	f.Add([]byte(head + fullLine + "\n"))
	f.Add([]byte(head + `{"seq":1}` + "\n" + `{"se` + "\n" + head + "{}"))
	f.Add([]byte(`{"acqsim":"transcript","version":1}`))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		events, err := all(NewDecoder(bytes.NewReader(file), "f"))
		again, againErr := all(NewDecoder(iotest.OneByteReader(bytes.NewReader(file)), "f"))
		require.Equal(t, events, again)
		require.Equal(t, err, againErr)
	})
}

// all reads to the end, which is no error.
func all(d *Decoder) (events []Event, err error) {
	for {
		e, err := d.Next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
}

func encode(t require.TestingT, h Header, events []Event) []byte {
	var file bytes.Buffer
	e := NewEncoder(&file, h)
	for i := range events {
		require.NoError(t, e.Encode(&events[i]))
	}
	require.NoError(t, e.Flush())
	return file.Bytes()
}

func TestTheHeaderOfARun(t *testing.T) {
	h := headHeader
	h.Run = &Run{
		Scenario: Source{"my.yaml", "name: mine\n"}, Profile: Source{Name: "strict"}, World: Source{"w.yaml", "cards: {}\n"},
		Terminal: "10000001", Dialect: Source{"my-dialect.yaml/long", "name: mine\n"}, Connect: time.Second, Response: 2 * time.Second, Backoff: time.Millisecond, Within: 1,
	}
	line := AppendHeader(nil, h)
	d := NewDecoder(strings.NewReader(string(line)+`{"seq":1,"kind":"note"}`+"\n"), "run.jsonl")
	_, err := d.Next()
	require.NoError(t, err)
	assert.Equal(t, h, d.Header())

	d = NewDecoder(strings.NewReader(strings.Replace(string(line), "terminal", "terminals", 1)), "run.jsonl")
	_, err = d.Next()
	require.ErrorContains(t, err, "terminals")
}
