package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

func newCausesCommand(a *app) *cobra.Command {
	lang, sheet, asJSON := langEN, sheetNone, false
	cmd := &cobra.Command{
		Use:   "causes",
		Short: "List the causes of no (good) answer",
		Long: `List the real-world causes of no (good) answer that acqsim brings about: name,
title, what the terminal meets, and the last two digits of the amount that
choose it with serve --triggers. Those of the shop are brought about by hand.

acqsim causes show tells all about one: the story, what is done, what is
expected of the terminal, and the human steps that find it.`,
		Example: `  acqsim causes
  acqsim causes show reply-lost --lang zh
  acqsim causes --sheet
  acqsim causes --sheet=html > sheet.html
  acqsim causes --sheet --scenario mine.yaml
  acqsim causes --json
  acqsim serve --cause reply-lost`,
		Args: noSuchCommand,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf(faultLangs, lang); err != nil {
				return usagef("--lang: %w", err)
			}
			if err := oneOf(sheetForms, sheet); cmd.Flags().Changed("sheet") && err != nil {
				return usagef("--sheet: %w", err)
			}
			if asJSON && sheet != sheetNone {
				return usagef("--json and --sheet are two forms of output: choose one")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if sheet != sheetNone {
				return a.printSheet(cmd, sheet)
			}
			for _, flag := range []string{"scenario", "world"} {
				if cmd.Flags().Changed(flag) {
					return usagef("--%s is for the card of the amounts: add --sheet", flag)
				}
			}
			all, err := causes()
			if err != nil {
				return err
			}
			if asJSON {
				return writeCauses(a.stdout, all)
			}
			return a.print(causeText{faultText{lang: lang}}.list(all))
		},
	}
	cmd.PersistentFlags().StringVar(&lang, "lang", langEN, "`LANGUAGE` of the texts: "+strings.Join(faultLangs, ", "))
	cmd.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON, with the texts in both languages")
	cmd.Flags().StringVar(&sheet, "sheet", sheetNone,
		"print a card of the trigger amounts in both languages, to lie beside the terminal, in this `FORM`: "+strings.Join(sheetForms, ", "))
	cmd.Flags().Lookup("sheet").NoOptDefVal = sheetText
	addSettings(cmd, "world", "scenarios")
	// The flag is the command's own: it is there.
	_ = cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(faultLangs, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("sheet", cobra.FixedCompletions(sheetForms, cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(&cobra.Command{
		Use:   "show NAME",
		Short: "Tell all about a cause",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("name one cause, such as reply-lost; acqsim causes lists them")
			}
			s, err := library.Load(args[0], nil)
			if err != nil {
				return exitWith(exitUsage, err)
			}
			if asJSON {
				return writeJSON(a.stdout, newCauseView(s))
			}
			return a.print(causeText{faultText{lang: lang}}.show(s))
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return library.Names(), cobra.ShellCompDirectiveNoFileComp
		},
	})
	return cmd
}

// printSheet prints the card of the amounts, those of the user's own scenarios
// among them.
func (a *app) printSheet(cmd *cobra.Command, form string) error {
	e, w, err := a.loadWithWorld(cmd)
	if err != nil {
		return err
	}
	files := scenarios.NewFiles(os.ReadFile, w)
	var own []*scenarios.Scenario
	var found strictyaml.Problems
	for _, path := range e.Scenarios {
		s, err := files.Add(path)
		found.Add(err)
		own = append(own, s)
	}
	if err := found.Err(); err != nil {
		return exitWith(exitUsage, err)
	}
	all, err := withOwn(own)
	if err != nil {
		return exitWith(exitUsage, err)
	}
	if form == sheetHTML {
		return writeSheetHTML(a.stdout, all)
	}
	return a.print(sheetOf(all))
}

// causes are those of the library, by layer.
func causes() (all []*scenarios.Scenario, err error) {
	for _, name := range library.Names() {
		s, err := library.Load(name, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	order := map[scenarios.Layer]int{}
	for i, w := range scenarios.Layers() {
		order[scenarios.Layer(w.Name)] = i
	}
	slices.SortStableFunc(all, func(a, b *scenarios.Scenario) int { return order[a.Layer] - order[b.Layer] })
	return all, nil
}

// causeText puts causes into words.
type causeText struct{ faultText }

func (t causeText) in(x world.Bilingual) string { return words{x.EN, x.ZH}.in(t.lang) }

func (t causeText) list(all []*scenarios.Scenario) string {
	var b strings.Builder
	var layer scenarios.Layer
	for _, s := range all {
		if s.Layer != layer {
			if layer != "" {
				b.WriteByte('\n')
			}
			layer = s.Layer
			fmt.Fprintf(&b, "%s\n", t.in(layer.Text()))
		}
		trigger := "    "
		if s.Trigger != nil {
			trigger = "x." + string(s.Trigger.Amount)
		}
		if s.IsSite() {
			trigger = t.both("hand", "手工")
		}
		fmt.Fprintf(&b, "  %-30s %s  %s (%s)\n", s.Name, trigger, t.in(s.Title), t.in(s.Symptom.Text()))
	}
	fmt.Fprintf(&b, "\n%s\n", t.both("acqsim causes show NAME tells all about one; acqsim serve --cause NAME brings it about.",
		"acqsim causes show 名称：查看详情；acqsim serve --cause 名称：制造该故障。"))
	return b.String()
}

func (t causeText) show(s *scenarios.Scenario) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n\n%s\n\n", s.Name, t.in(s.Title), wrap(t.in(s.Story), 78))
	row := func(en, zh, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s %s\n", pad(t.both(en, zh), 18), value)
		}
	}
	row("Where", "所在环节", t.in(s.Layer.Text()))
	row("The terminal meets", "终端表现", t.in(s.Symptom.Text()))
	row("Seen in", "出处", s.Source)
	if s.Trigger != nil {
		row("Amount", "触发金额", fmt.Sprintf(t.both("x.%s, with serve --triggers", "x.%s（serve --triggers）"), s.Trigger.Amount))
	}
	if s.IsSite() {
		row("By hand", "手工制造", t.in(s.Site))
	}
	if len(s.Rules) > 0 {
		fmt.Fprintf(&b, "\n%s\n", t.both("What is done", "所用故障"))
		for i := range s.Rules {
			for _, f := range s.Rules[i].Fault {
				fmt.Fprintf(&b, "  %s\n", f.Kind())
			}
		}
	}
	if len(s.Given.Outcome) > 0 {
		fmt.Fprintf(&b, "\n%s\n", t.both("What the host decides", "主机的处理结果"))
		for i := range s.Given.Outcome {
			fmt.Fprintf(&b, "  %s\n", s.Given.Outcome[i].Is)
		}
	}
	if !s.Given.Clock.IsZero() || len(s.Given.World) > 0 {
		fmt.Fprintf(&b, "\n%s\n", t.both("What the world is like", "预设条件"))
		if !s.Given.Clock.IsZero() {
			fmt.Fprintf(&b, "  clock: %s\n", s.Given.Clock.Format("2006-01-02 15:04 -07:00"))
		}
		for _, c := range s.Given.World {
			fmt.Fprintf(&b, "  %s: %s\n", strings.TrimPrefix(c.Path, "given."), c.Text())
		}
	}
	head := "\n" + t.both("Rules expected of the terminal", "终端应遵守的规则") + "\n"
	for i := range s.Expect {
		if r := s.Expect[i].Rule; r != nil {
			fmt.Fprintf(&b, "%s  %s\n", head, r.Name)
			head = ""
		}
	}
	if len(s.FoundBy) > 0 {
		fmt.Fprintf(&b, "\n%s\n", t.both("Human steps that find it", "可发现此原因的排查步骤"))
		for _, step := range s.FoundBy {
			fmt.Fprintf(&b, "  %s\n", t.in(step.Text()))
		}
	}
	return b.String()
}

// wrap breaks a text in English into lines of about so many characters; one in
// Chinese, which has no spaces, stays as it is.
func wrap(text string, width int) string {
	var b strings.Builder
	line := 0
	for i, word := range strings.Fields(text) {
		if i > 0 && line+1+len(word) > width {
			b.WriteByte('\n')
			line = 0
		} else if i > 0 {
			b.WriteByte(' ')
			line++
		}
		b.WriteString(word)
		line += len(word)
	}
	return b.String()
}
