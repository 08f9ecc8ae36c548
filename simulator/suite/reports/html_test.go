package reports

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

// inlined are style and script, which the golden file is spared.
var inlined = regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>`)

func TestHTML(t *testing.T) {
	golden(t, "report.html", inlined.ReplaceAll(written(t, WriteHTML), []byte("<$1></$1>")))
}

// page parses the report.
func page(t *testing.T) (src []byte, elements []*html.Node) {
	t.Helper()
	src = written(t, WriteHTML)
	root, err := html.Parse(bytes.NewReader(src))
	require.NoError(t, err)
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			elements = append(elements, n)
		}
	}
	return src, elements
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestHTMLNeedsNoOtherFile(t *testing.T) {
	src, elements := page(t)
	assert.NotRegexp(t, `https?:`, string(src))
	assert.NotRegexp(t, `url\(|@import`, string(src))
	for _, n := range elements {
		assert.NotContains(t, []string{"link", "img", "iframe", "object"}, n.Data)
		assert.Empty(t, attribute(n, "src"))
	}
}

// TestEvidenceIsBilingual holds that what is said of a case can be read in either
// language alone.
func TestEvidenceIsBilingual(t *testing.T) {
	r, d := made(t)
	n := 0
	check := func(x text) {
		n++
		assert.NotRegexp(t, `\p{Han}`, x.EN)
		assert.Regexp(t, `\p{Han}`, x.ZH, x.EN)
	}
	for _, v := range viewsOf(r, newReader(d)) {
		if v.Why.EN != "" {
			check(v.Why)
		}
		for _, rule := range slices.Concat(v.Convicted, v.Fine, v.Open) {
			check(rule.Evidence)
		}
		for _, e := range v.Expects {
			check(e.Why)
		}
		for _, m := range v.Money {
			check(m.Risk.Why)
		}
	}
	assert.Greater(t, n, 50)
}

// TestHTMLOpensInTheLanguageOfTheRun holds that whoever runs a suite in Chinese
// gets a Chinese page.
func TestHTMLOpensInTheLanguageOfTheRun(t *testing.T) {
	r, d := made(t)
	for lang, want := range map[string]string{"": "lang-en", "en": "lang-en", "zh": "lang-zh"} {
		told := *r
		told.Lang = lang
		var b bytes.Buffer
		require.NoError(t, WriteHTML(&b, &told, d))
		assert.Contains(t, b.String(), `id="`+want+`" checked`)
		title := map[string]string{"lang-en": "<title>acqsim: 2 passed, 1 failed, 1 error, 1 skipped</title>", "lang-zh": "<title>acqsim：通过 2，不通过 1，出错 1，跳过 1</title>"}
		assert.Contains(t, b.String(), title[want])
		assert.Equal(t, 1, strings.Count(b.String(), `name="lang"`+` id="lang-en" checked`)+strings.Count(b.String(), `name="lang"`+` id="lang-zh" checked`))
	}
}

// TestHTMLIsSound holds that elements nest as the template means them, links
// lead somewhere, and each text is there in both languages.
func TestHTMLIsSound(t *testing.T) {
	src, elements := page(t)
	// The template closes each element itself: apart from void elements, the
	// page is well-formed XML, which HTML parsers would not insist on.
	d := xml.NewDecoder(bytes.NewReader(inlined.ReplaceAll(src, nil)))
	d.Strict, d.AutoClose, d.Entity = false, []string{"meta", "input", "br"}, xml.HTMLEntity
	for {
		_, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
	}

	ids := map[string]bool{}
	for _, n := range elements {
		if id := attribute(n, "id"); id != "" {
			assert.False(t, ids[id], "%s twice", id)
			ids[id] = true
		}
	}
	links := 0
	for _, n := range elements {
		switch n.Data {
		case "a":
			to := attribute(n, "href")
			require.True(t, strings.HasPrefix(to, "#"), to)
			assert.True(t, ids[to[1:]], to)
			links++
		case "label":
			assert.True(t, ids[attribute(n, "for")])
		case "svg":
			assert.NotEmpty(t, attribute(n, "aria-label")+attribute(n, "aria-hidden"))
		case "summary":
			assert.Equal(t, "details", n.Parent.Data)
		}
		if attribute(n, "lang") == "en" && n.Data != "html" {
			require.NotNil(t, n.NextSibling)
			assert.Equal(t, "zh", attribute(n.NextSibling, "lang"), "a text is in English only")
			assert.NotEmpty(t, textOf(n.NextSibling), textOf(n))
		}
	}
	assert.Greater(t, links, 30)
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for x := range n.Descendants() {
		if x.Type == html.TextNode {
			b.WriteString(x.Data)
		}
	}
	return b.String()
}

// zeroed are recorded bytes and values that the page calls masked, in which
// masked digits are zeros: those of the world's good card, 620000 000000 0005,
// look like the real ones.
var zeroed = regexp.MustCompile(`<code>[0-9a-f]+</code>|<td><span lang="en">[^<]* \(masked\)</span><span lang="zh">[^<]*（已掩码）</span></td>`)

func TestHTMLHidesAndEscapes(t *testing.T) {
	src, _ := page(t)
	text := string(zeroed.ReplaceAll(src, nil))
	assert.False(t, strings.Contains(text, world.Default().Cards["good"].PAN), "a card number is shown")
	assert.True(t, strings.Contains(text, "620000******0005"))
	assert.True(t, strings.Contains(text, `<td><span lang="en">(hidden)</span><span lang="zh">（不显示）</span></td>`))
	assert.True(t, strings.Contains(text, "panic: \uFFFD[31mred\uFFFD &lt;b&gt;\ngoroutine 1"))
}

// TestHTMLTellsTheStory looks for what a reader of a failed scenario looks for.
func TestHTMLTellsTheStory(t *testing.T) {
	r, d := made(t)
	v := viewsOf(r, newReader(d))[1]
	require.True(t, v.Failed)
	assert.Equal(t, "reversal-follows-no-answer", v.Convicted[0].Rule)
	require.Len(t, v.Money, 1)
	assert.Equal(t, "10.00 CNY", v.Money[0].Amount)
	assert.Len(t, v.Expects, 7)
	assert.Equal(t, text{EN: "in the books, action 1 is reversed", ZH: "账务中操作 1 已冲正"}, v.Expects[1].What)

	var lost, struck, sale *row
	for i := range v.Rows {
		switch x := &v.Rows[i]; {
		case x.Broken:
			lost = x
		case x.Class == "fault":
			struck = x
		case sale == nil && strings.Contains(x.Label.EN, "0200 sale"):
			sale = x
		}
	}
	require.NotNil(t, lost)
	assert.Equal(t, "0210 sale 00: lost ⚡ reply.drop", lost.Label.EN)
	assert.Equal(t, laneTerminal, lost.To)
	require.NotNil(t, struck)
	assert.Equal(t, "⚡ reply.drop", struck.Label.EN)
	assert.Contains(t, struck.Lines[0].ZH, "reply.drop：")
	require.NotNil(t, sale)
	assert.Equal(t, "0200 消费 10.00 CNY，流水号 000002", sale.Label.ZH)
	fields := map[string]string{}
	for _, f := range sale.Message.Fields {
		fields[f.Path] = f.Value.EN
	}
	assert.Regexp(t, `^[0-9]{6}\*+[0-9]{4}$`, fields["2"])
	assert.Equal(t, "(hidden)", fields["52"])
	assert.Equal(t, "10000001", fields["41"])
}

// TestHTMLKnowsTheLibrary tells the story of what was not run, too; a file of
// the same name has another title.
func TestHTMLKnowsTheLibrary(t *testing.T) {
	s, err := library.Load("cable-loose", nil)
	require.NoError(t, err)
	r := &suite.Report{Results: []suite.Result{
		{Scenario: s.Name, Title: s.Title, Status: suite.Skipped}, {Scenario: s.Name, Title: world.Same("mine"), Status: suite.Skipped},
	}}
	views := viewsOf(r, newReader(nil))
	require.NotNil(t, views[0].Scenario)
	assert.Equal(t, s.Site, views[0].Scenario.Site)
	assert.Nil(t, views[1].Scenario)
}

// TestRowsComeInTime holds that what was recorded late is drawn when it was.
func TestRowsComeInTime(t *testing.T) {
	r, d := made(t)
	for _, v := range viewsOf(r, newReader(d)) {
		for i := 1; i < len(v.Rows); i++ {
			assert.GreaterOrEqual(t, v.Rows[i].Time, v.Rows[i-1].Time)
		}
	}
	late := viewsOf(r, newReader(d))[2]
	var pauses int
	for i := range late.Rows {
		if late.Rows[i].Pause != "" {
			pauses++
		}
	}
	assert.GreaterOrEqual(t, pauses, 2, "the time-out, and the wait for the late reply")
}

func TestWordsAreComplete(t *testing.T) {
	for _, o := range display.Outcomes() {
		assert.NotEmpty(t, shownText(o).ZH, o)
	}
	for _, k := range []verdict.Kind{verdict.ChargedNotDelivered, verdict.DeliveredNotCharged} {
		assert.NotEmpty(t, k.Text().ZH)
	}
	for _, b := range []verdict.By{verdict.ByTerminal, verdict.ByProfile, verdict.ByLine, verdict.ByHost, verdict.ByPending} {
		assert.NotEmpty(t, b.Text().ZH)
	}
	for _, name := range library.Names() {
		s, err := library.Load(name, nil)
		require.NoError(t, err)
		for i := range s.Expect {
			e := expected(&s.Expect[i])
			assert.NotRegexp(t, `%!|: $| $`, e.EN, name)
			assert.NotEqual(t, e.EN, e.ZH, name)
		}
		for _, a := range s.Actions {
			if a.Wait == nil && a.Together == nil {
				assert.NotEqual(t, suite.ActionText(a.Name).EN, suite.ActionText(a.Name).ZH, a.Name)
			}
		}
	}
	for _, v := range []scenarios.Verdict{scenarios.Pass, scenarios.Fail, scenarios.NotApplicable} {
		assert.NotEmpty(t, v.Text().ZH, v)
	}
	for _, s := range []suite.Status{suite.Passed, suite.Failed, suite.Errored, suite.Skipped} {
		assert.NotEmpty(t, s.Text().ZH, s)
	}
	for _, m := range []transcript.MACResult{transcript.MACOK, transcript.MACIsWrong, transcript.MACAbsent} {
		assert.NotEmpty(t, macTexts[m], m)
	}
}

// TestEveryEventIsDrawnOrLeftOut goes through all kinds, bare of anything else:
// none may panic, and only the server's own are left out.
func TestEveryEventIsDrawnOrLeftOut(t *testing.T) {
	for _, k := range transcript.Kinds() {
		rows := rowsOf([]transcript.Event{{Seq: 1, Kind: k, Dialect: "none", Raw: []byte{0xff, 0x00}}}, newReader(nil))
		if k == transcript.Listening || k == transcript.Stopped {
			assert.Empty(t, rows, k)
			continue
		}
		require.Len(t, rows, 1, k)
		assert.Contains(t, string(picture(&rows[0])), "</svg>")
	}
}

// The digits of two balances side by side can pass for a card number.
func TestBalancesAreNoSecret(t *testing.T) {
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	const balances = "0001156C0000995235580002156C000099523558"
	body, err := d.Build(map[int]string{0: "0210", 39: "00", 54: balances}, nil)
	require.NoError(t, err)
	raw, err := d.AppendRequest(nil, nil, nil, body)
	require.NoError(t, err)
	m := newReader(d).read(&transcript.Event{Dialect: d.Name(), Raw: raw})
	require.Empty(t, m.Error)
	assert.Equal(t, field{"54", d.FieldName(54), world.Same(balances)}, m.Fields[len(m.Fields)-1])
}
