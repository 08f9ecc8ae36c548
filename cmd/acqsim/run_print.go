package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fatih/color"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/suite"
	"github.com/acqsim/acqsim/simulator/suite/reports"
)

// runText puts the results of a suite into words.
type runText struct {
	faultText
	paint map[suite.Status]func(string, ...any) string
}

func newRunText(lang string, colour bool) *runText {
	t := &runText{faultText: faultText{lang: lang}, paint: map[suite.Status]func(string, ...any) string{}}
	for status, attribute := range map[suite.Status]color.Attribute{
		suite.Passed: color.FgGreen, suite.Failed: color.FgRed, suite.Errored: color.FgYellow, suite.Skipped: color.Faint,
	} {
		c := color.New(attribute)
		if colour {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		t.paint[status] = c.Sprintf
	}
	return t
}

// status is the word for a status, in its colour, padded to a column.
func (t *runText) status(s suite.Status) string {
	word := t.word(s)
	return t.paint[s]("%s", word) + gap(word, 8)
}

// word is the word for a status.
func (t *runText) word(s suite.Status) string { return sayIn(s.Text(), t.lang) }

// gap fills up a word to a column.
func gap(word string, width int) string { return strings.Repeat(" ", max(width-places(word), 1)) }

// places is how wide a text is on a screen, where Chinese takes two places.
func places(text string) (n int) {
	for _, r := range text {
		n++
		if utf8.RuneLen(r) == 3 {
			n++
		}
	}
	return n
}

// table is what people read at the end.
func (t *runText) table(r *suite.Report) string {
	var b strings.Builder
	t.rows(&b, r)
	t.skipped(&b, r)
	fmt.Fprintf(&b, t.both("%d passed, %d failed, %d could not be run, %d skipped; %s, profile %s, %s, seed %d, %s\n",
		"通过 %d，不通过 %d，无法执行 %d，跳过 %d；终端 %s，终端规范 %s，%s，种子 %d，用时 %s\n"),
		r.Count(suite.Passed), r.Count(suite.Failed), r.Count(suite.Errored), r.Count(suite.Skipped),
		r.Terminal, r.Profile, r.Dialect, r.Seed, shortTime(r.Elapsed))
	return b.String()
}

func (t *runText) rows(b *strings.Builder, r *suite.Report) {
	names, rules := t.both("scenario", "场景"), t.both("rule", "规则")
	widths := [2]int{places(names), places(rules)}
	n := 0
	for i := range r.Results {
		if x := &r.Results[i]; x.Status != suite.Skipped {
			widths[0], widths[1] = max(widths[0], len(reports.Name(x))), max(widths[1], len(x.Rule))
			n++
		}
	}
	if n == 0 {
		return
	}
	line := func(name, status, rule, text string) {
		cells := name + gap(name, widths[0]+2) + status + rule + gap(rule, widths[1]+2) + text
		b.WriteString(strings.TrimRight(cells, " ") + "\n")
	}
	head := t.both("verdict", "结论")
	line(names, head+gap(head, 8)+"  ", rules, t.both("what happened", "说明"))
	for i := range r.Results {
		if x := &r.Results[i]; x.Status != suite.Skipped {
			line(reports.Name(x), t.status(x.Status)+"  ", x.Rule, t.sentence(x))
		}
	}
	b.WriteByte('\n')
	for i := range r.Results {
		if x := &r.Results[i]; x.Output != "" {
			fmt.Fprintf(b, t.both("%s, what the driver wrote last:\n%s\n", "%s，驱动程序最后的输出：\n%s\n"), reports.Name(x), lastLines(sayIn(suite.OutputText(x.Output), t.lang)))
		}
	}
}

// lastLines are the last lines of an output, indented. What would steer the
// screen is left out.
func lastLines(output string) string {
	const most = 10
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	lines = lines[max(len(lines)-most, 0):]
	for i := range lines {
		lines[i] = "  " + strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 {
				return -1
			}
			return r
		}, lines[i])
	}
	return strings.Join(lines, "\n") + "\n"
}

// sentence is what happened, in one line.
func (t *runText) sentence(r *suite.Result) string {
	if r.Why == (world.Bilingual{}) {
		return sayIn(r.Title, t.lang)
	}
	return strings.Join(strings.Fields(sayIn(r.Why, t.lang)), " ")
}

// skipped lists what was skipped under the reasons.
func (t *runText) skipped(b *strings.Builder, r *suite.Report) {
	var reasons []string
	scenarios := map[string][]string{}
	for i := range r.Results {
		x := &r.Results[i]
		if x.Status != suite.Skipped {
			continue
		}
		why := sayIn(x.Why, t.lang)
		if !slices.Contains(reasons, why) {
			reasons = append(reasons, why)
		}
		if all := scenarios[why]; !slices.Contains(all, x.Scenario) {
			scenarios[why] = append(all, x.Scenario)
		}
	}
	for _, why := range reasons {
		fmt.Fprintf(b, t.both("skipped, %s:\n  %s\n", "跳过（%s）：\n  %s\n"), why, strings.Join(scenarios[why], ", "))
	}
	if len(reasons) > 0 {
		b.WriteByte('\n')
	}
}

// shortTime is a time as people say it.
func shortTime(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}
