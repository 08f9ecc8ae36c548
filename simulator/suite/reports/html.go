package reports

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

//go:embed html
var htmlFiles embed.FS

// WriteHTML writes the report as one page that needs no other file, in English
// and Chinese. It can be read without scripts; they only open what is linked.
func WriteHTML(w io.Writer, r *suite.Report, d *dialect.Dialect) error {
	files := map[string]string{}
	for _, name := range []string{"page.tmpl", "style.css", "script.js"} {
		src, err := htmlFiles.ReadFile("html/" + name)
		if err != nil {
			return err
		}
		files[name] = string(src)
	}
	page, err := template.New("page").Funcs(template.FuncMap{
		"both": both, "picture": picture, "pause": pausePicture, "events": eventLinks, "status": suite.Status.Text,
		"verdict": scenarios.Verdict.Text, "words": func(en, zh string) text { return text{EN: en, ZH: zh} },
	}).Parse(files["page.tmpl"])
	if err != nil {
		return fmt.Errorf("the template of the report: %w", err)
	}
	return page.Execute(w, map[string]any{
		"Report": r, "Title": titleOf(r), "Views": viewsOf(r, newReader(d)), "Elapsed": seconds(r.Elapsed), "Started": r.Started.Format("2006-01-02 15:04:05 -07:00"),
		"CSS": template.CSS(files["style.css"]), "JS": template.JS(files["script.js"]), //nolint:gosec // files of this package
		"Statuses": []suite.Status{suite.Passed, suite.Failed, suite.Errored, suite.Skipped},
	})
}

// titleOf is what the page is called in tabs and lists of windows.
func titleOf(r *suite.Report) text {
	return world.Say("acqsim: %d passed, %d failed, %d error, %d skipped", "acqsim：通过 %d，不通过 %d，出错 %d，跳过 %d",
		r.Count(suite.Passed), r.Count(suite.Failed), r.Count(suite.Errored), r.Count(suite.Skipped))
}

// view is a result as the page shows it.
type view struct {
	*suite.Result
	ID       string // of its section
	Output   text   // of the driver
	Name     string
	Elapsed  string
	Failed   bool                // it is open from the beginning
	Scenario *scenarios.Scenario // nil: not known
	Again    string              // the command that runs it again; "": it needs none

	Convicted, Fine, Open []ruleView // rules that failed, passed, and do not apply
	Expects               []expectView
	Money                 []moneyView
	Rows                  []row
}

type ruleView struct {
	verdict.Result
	Rule       string
	Fails, Why text // of the rule
	Evidence   text
}

type expectView struct {
	verdict.Expectation
	What text
}

type moneyView struct {
	verdict.Risk
	What, By text
	Amount   string
}

func viewsOf(r *suite.Report, read *reader) []view {
	all := make([]view, len(r.Results))
	for i := range r.Results {
		x := &r.Results[i]
		v := &all[i]
		shown := *x
		shown.Why = visibleIn(x.Why)
		*v = view{Result: &shown, ID: fmt.Sprintf("s%d", i+1), Output: visibleIn(suite.OutputText(x.Output)), Name: Name(x), Elapsed: seconds(x.Elapsed),
			Failed: x.Status == suite.Failed || x.Status == suite.Errored, Rows: rowsOf(x.Events, read)}
		v.Scenario = scenarioOf(x)
		if v.Failed {
			v.Again = again(r, x)
		}
		v.judged()
	}
	return all
}

// scenarioOf reads the scenario that stands in a transcript; where nothing was
// run, the library may have it. nil: it is not known.
func scenarioOf(x *suite.Result) *scenarios.Scenario {
	run := x.Header.Run
	if run == nil || run.Scenario.Text == "" {
		if s, err := library.Load(x.Scenario, nil); err == nil && s.Title == x.Title {
			return s
		}
		return nil
	}
	w := world.Default()
	if run.World.Text != "" {
		var err error
		if w, err = world.Load(run.World.Name, []byte(run.World.Text)); err != nil {
			return nil // it could be loaded when it was run
		}
	}
	s, err := scenarios.Load(run.Scenario.Name, []byte(run.Scenario.Text), w)
	if err != nil {
		return nil
	}
	return s
}

// judged fills in what the verdict says.
func (v *view) judged() {
	if v.Verdict == nil {
		return
	}
	guilty := map[string]bool{}
	for _, x := range v.Verdict.Failures() {
		guilty[x.Rule] = true
	}
	for _, x := range v.Verdict.Rules {
		r := ruleView{Result: x, Rule: x.Rule, Evidence: x.Why}
		if rule, err := verdict.Find(x.Rule); err == nil {
			r.Fails, r.Why = rule.Fails, rule.Why
		}
		switch {
		case guilty[x.Rule]:
			v.Convicted = append(v.Convicted, r)
		case x.Verdict == scenarios.NotApplicable:
			v.Open = append(v.Open, r)
		default:
			v.Fine = append(v.Fine, r)
		}
	}
	for _, x := range v.Verdict.Expect {
		e := expectView{Expectation: x}
		if v.Scenario != nil && x.Number >= 1 && x.Number <= len(v.Scenario.Expect) {
			e.What = expected(&v.Scenario.Expect[x.Number-1])
		}
		v.Expects = append(v.Expects, e)
	}
	for _, m := range v.Verdict.Money {
		v.Money = append(v.Money, moneyView{m, m.Kind.Text(), m.By.Text(), money(m.Amount, m.Currency)})
	}
}

// both writes a text in both languages, of which the page shows one.
func both(t text) template.HTML { return inBoth("span", "", t) }

// inBoth writes an element for each language, or one where they are the same.
func inBoth(element, attributes string, t text) template.HTML {
	en, zh := template.HTMLEscapeString(t.EN), template.HTMLEscapeString(t.ZH)
	one := func(lang, s string) string {
		return "<" + element + attributes + lang + ">" + s + "</" + element + ">"
	}
	switch {
	case en == zh && element == "span":
		return template.HTML(en) //nolint:gosec // escaped above
	case en == zh:
		return template.HTML(one("", en)) //nolint:gosec // escaped above
	}
	return template.HTML(one(` lang="en"`, en) + one(` lang="zh"`, zh)) //nolint:gosec // escaped above
}

// eventLinks links to the rows of events.
func eventLinks(id string, events []uint64) template.HTML {
	var b strings.Builder
	for i, n := range events {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `<a href="#%s-e%d">%d</a>`, id, n, n)
	}
	return template.HTML(b.String()) //nolint:gosec // numbers and an ID of this package
}
