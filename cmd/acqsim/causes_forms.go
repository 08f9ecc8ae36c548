package main

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/world"
)

// The forms of the card of trigger amounts.
const (
	sheetNone = ""
	sheetText = "text"
	sheetHTML = "html"
)

var sheetForms = []string{sheetText, sheetHTML}

// What the card says beside the amounts, on screen and on paper.
var (
	sheetHead = world.Bilingual{
		EN: "acqsim serve --triggers: the last two digits of the amount choose the cause.",
		ZH: "金额的最后两位决定故障原因。",
	}
	sheetHonest = world.Bilingual{EN: "an honest answer", ZH: "正常应答"}
	sheetNext   = world.Bilingual{
		EN: "Those with an arrow (→) strike the next connection: the sale itself is answered.",
		ZH: "带箭头（→）者作用于下一次连接：本笔交易正常应答。",
	}
	sheetFoot = world.Bilingual{
		EN: "Only first-time requests trigger: reversals, advices, voids, repeats and uploads never do.",
		ZH: "仅首次请求触发；冲正、通知、撤销、重发和批上送不触发。",
	}
)

// triggered are the causes that an amount chooses, by amount.
func triggered(all []*scenarios.Scenario) (rows []*scenarios.Scenario) {
	for _, s := range all {
		if s.Trigger != nil {
			rows = append(rows, s)
		}
	}
	slices.SortFunc(rows, func(a, b *scenarios.Scenario) int {
		return strings.Compare(string(a.Trigger.Amount), string(b.Trigger.Amount))
	})
	return rows
}

// sheetRow is a line of the card.
type sheetRow struct {
	Amount string
	Title  world.Bilingual
	Next   bool // it strikes the next connection
}

func sheetRows(all []*scenarios.Scenario) (rows []sheetRow) {
	for _, s := range triggered(all) {
		rows = append(rows, sheetRow{string(s.Trigger.Amount), s.Title, s.StrikesConnections()})
	}
	return rows
}

// sheetOf is the card as text.
func sheetOf(all []*scenarios.Scenario) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n\n  x.00  %s %s\n", sheetHead.EN, sheetHead.ZH, sheetHonest.EN, sheetHonest.ZH)
	for _, r := range sheetRows(all) {
		next := ""
		if r.Next {
			next = " →"
		}
		fmt.Fprintf(&b, "  x.%s  %s %s%s\n", r.Amount, r.Title.EN, r.Title.ZH, next)
	}
	fmt.Fprintf(&b, "\n%s\n%s\n%s\n%s\n", sheetNext.EN, sheetNext.ZH, sheetFoot.EN, sheetFoot.ZH)
	return b.String()
}

// sheetPage is the card as a page of HTML that needs no other file.
const sheetPage = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>acqsim: trigger amounts 触发金额</title>
<style>
body { font: 9pt sans-serif; margin: 1em; }
ul { columns: 2; list-style: none; margin: 1em 0; padding: 0; }
li { break-inside: avoid; padding: .15em 0 .15em 4em; text-indent: -4em; }
b { display: inline-block; font-family: monospace; text-indent: 0; width: 4em; }
@page { margin: 12mm; }
@media print { body { margin: 0; } }
</style>
</head>
<body>
<p>{{.Head.EN}}<br><span lang="zh">{{.Head.ZH}}</span></p>
<ul>
<li><b>x.00</b>{{.Honest.EN}} <span lang="zh">{{.Honest.ZH}}</span></li>
{{- range .Rows}}
<li><b>x.{{.Amount}}</b>{{.Title.EN}} <span lang="zh">{{.Title.ZH}}</span>{{if .Next}} →{{end}}</li>
{{- end}}
</ul>
<p>{{.Next.EN}}<br><span lang="zh">{{.Next.ZH}}</span></p>
<p>{{.Foot.EN}}<br><span lang="zh">{{.Foot.ZH}}</span></p>
</body>
</html>
`

func writeSheetHTML(out io.Writer, all []*scenarios.Scenario) error {
	page, err := template.New("sheet").Parse(sheetPage)
	if err != nil {
		return fmt.Errorf("the page of trigger amounts: %w", err)
	}
	return page.Execute(out, map[string]any{
		"Head": sheetHead, "Honest": sheetHonest, "Next": sheetNext, "Foot": sheetFoot, "Rows": sheetRows(all),
	})
}

// bothView is a text in both languages.
type bothView struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// causeView is a cause for programs.
type causeView struct {
	Name    string    `json:"name"`
	Title   bothView  `json:"title"`
	Story   bothView  `json:"story"`
	Layer   string    `json:"layer"`
	Symptom string    `json:"symptom"`
	Source  string    `json:"source,omitempty"`
	Trigger string    `json:"trigger,omitempty"` // the last two digits of the amount
	ByHand  *bothView `json:"by_hand,omitempty"` // what a person does; only of the shop's
	Faults  []string  `json:"faults,omitempty"`
	Rules   []string  `json:"rules,omitempty"` // of the terminal
	FoundBy []string  `json:"found_by,omitempty"`
}

func newCauseView(s *scenarios.Scenario) *causeView {
	v := &causeView{Name: s.Name, Title: bothView(s.Title), Story: bothView(s.Story),
		Layer: string(s.Layer), Symptom: string(s.Symptom), Source: s.Source}
	if s.Trigger != nil {
		v.Trigger = string(s.Trigger.Amount)
	}
	if s.IsSite() {
		site := bothView(s.Site)
		v.ByHand = &site
	}
	for i := range s.Rules {
		for _, f := range s.Rules[i].Fault {
			v.Faults = append(v.Faults, f.Kind())
		}
	}
	for i := range s.Expect {
		if r := s.Expect[i].Rule; r != nil {
			v.Rules = append(v.Rules, r.Name)
		}
	}
	for _, step := range s.FoundBy {
		v.FoundBy = append(v.FoundBy, string(step))
	}
	return v
}

func writeCauses(out io.Writer, all []*scenarios.Scenario) error {
	views := make([]*causeView, len(all))
	for i, s := range all {
		views[i] = newCauseView(s)
	}
	return writeJSON(out, views)
}

func writeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
