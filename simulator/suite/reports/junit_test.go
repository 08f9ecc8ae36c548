package reports

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// junitSchema is what the schema of Jenkins' xUnit plugin (junit-10.xsd), which
// is the strictest of the readers', allows: by element, the elements in it and
// its attributes; those it requires end with an exclamation mark.
var junitSchema = map[string]struct{ elements, attributes []string }{
	"testsuites": {[]string{"testsuite"}, []string{"name", "time", "tests", "failures", "errors"}},
	"testsuite": {[]string{"properties", "testcase", "system-out", "system-err"},
		[]string{"name!", "tests!", "failures!", "errors!", "time", "skipped", "timestamp", "hostname", "id", "package", "file"}},
	"properties": {[]string{"property"}, nil},
	"property":   {nil, []string{"name!", "value!"}},
	"testcase":   {[]string{"skipped", "error", "failure", "system-out", "system-err"}, []string{"name!", "classname", "time"}},
	"skipped":    {nil, []string{"type", "message"}},
	"error":      {nil, []string{"type", "message"}},
	"failure":    {nil, []string{"type", "message"}},
	"system-out": {nil, nil},
	"system-err": {nil, nil},
}

func TestJUnit(t *testing.T) {
	got := written(t, WriteJUnit)
	golden(t, "report.xml", got)
	checkJUnit(t, got)

	var back junitSuites
	require.NoError(t, xml.Unmarshal(got, &back))
	s := back.Suites[0]
	assert.Equal(t, [4]int{5, 1, 1, 1}, [4]int{s.Tests, s.Failures, s.Errors, s.Skipped})
	assert.Equal(t, "2026-03-02T02:00:00", s.Timestamp)
	names := map[string]junitTest{}
	for _, c := range s.Cases {
		names[c.Name] = c
	}
	require.Len(t, names, 5, "repeats are told apart")
	lost := names["reply-lost #2"].Failure
	require.NotNil(t, lost)
	assert.Regexp(t, "^"+lost.Type+": the sale of ", lost.Message)
	assert.Contains(t, lost.Text, "rule reversal-follows-no-answer: ")
	assert.Contains(t, lost.Text, "\nmoney at risk: 10.00 CNY, charged-not-delivered, left by terminal: ")
	assert.Regexp(t, `\[[0-9]+(, [0-9]+)+\]`, lost.Text)
	assert.Contains(t, lost.Text, "\nrun it again: acqsim run reply-lost --terminal 'exec:./pos --sim' --profile strict --dialect unionpay-pos --seed 8 --timeout 2s\n")
	assert.Nil(t, names["reply-lost #1"].Failure)

	died := names["tls-stalled"]
	require.NotNil(t, died.Error)
	assert.Equal(t, "action 1, sale: the driver could not do sale: it died", died.Error.Message)
	assert.Equal(t, "panic: \uFFFD[31mred\uFFFD <b>\ngoroutine 1", died.Output)
	assert.NotNil(t, names["cable-untidy"].Skipped)
}

// checkJUnit holds a document against junitSchema.
func checkJUnit(t *testing.T, doc []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(doc))
	var open []string
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			rule, known := junitSchema[name]
			require.True(t, known, name)
			if len(open) > 0 {
				assert.Contains(t, junitSchema[open[len(open)-1]].elements, name)
			}
			open = append(open, name)
			checkAttributes(t, token, rule.attributes)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	assert.Empty(t, open)
}

// junitTime is the schema's SURFIRE_TIME.
var junitTime = regexp.MustCompile(`^[0-9]*(\.[0-9]*)?$`)

func checkAttributes(t *testing.T, e xml.StartElement, allowed []string) {
	t.Helper()
	for _, a := range e.Attr {
		name := a.Name.Local
		assert.True(t, slices.Contains(allowed, name) || slices.Contains(allowed, name+"!"), "%s of %s", name, e.Name.Local)
		switch name {
		case "time":
			assert.Regexp(t, junitTime, a.Value)
		case "tests", "failures", "errors", "skipped":
			_, err := strconv.Atoi(a.Value)
			assert.NoError(t, err)
		}
	}
	for _, name := range allowed {
		if name[len(name)-1] == '!' {
			assert.True(t, slices.ContainsFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local+"!" == name }), "%s needs %s", e.Name.Local, name)
		}
	}
}
