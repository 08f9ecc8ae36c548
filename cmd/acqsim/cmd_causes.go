package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/world"
)

func newCausesCommand(a *app) *cobra.Command {
	lang, sheet := langEN, false
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
  acqsim serve --cause reply-lost`,
		Args: noSuchCommand,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if err := oneOf(faultLangs, lang); err != nil {
				return usagef("--lang: %w", err)
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			all, err := causes()
			if err != nil {
				return err
			}
			t := causeText{faultText{lang: lang}}
			if sheet {
				return a.print(t.sheet(all))
			}
			return a.print(t.list(all))
		},
	}
	cmd.PersistentFlags().StringVar(&lang, "lang", langEN, "`LANGUAGE` of the texts: "+strings.Join(faultLangs, ", "))
	cmd.Flags().BoolVar(&sheet, "sheet", false, "print a card of the trigger amounts in both languages, to lie beside the terminal")
	// The flag is the command's own: it is there.
	_ = cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(faultLangs, cobra.ShellCompDirectiveNoFileComp))
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
			return a.print(causeText{faultText{lang: lang}}.show(s))
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return library.Names(), cobra.ShellCompDirectiveNoFileComp
		},
	})
	return cmd
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
			fmt.Fprintf(&b, "%-18s %s\n", t.both(en, zh), value)
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
	if len(s.Given.World) > 0 {
		fmt.Fprintf(&b, "\n%s\n", t.both("What the world is like", "预设条件"))
		for _, c := range s.Given.World {
			fmt.Fprintf(&b, "  %s: %s\n", c.Path, c.Value)
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

// sheet is a card of the trigger amounts, in both languages.
func (t causeText) sheet(all []*scenarios.Scenario) string {
	var b strings.Builder
	b.WriteString("acqsim serve --triggers: the last two digits of the amount choose the cause.\n" +
		"金额的最后两位决定故障原因。\n\n  x.00  an honest answer 正常应答\n")
	var rows []*scenarios.Scenario
	for _, s := range all {
		if s.Trigger != nil {
			rows = append(rows, s)
		}
	}
	slices.SortFunc(rows, func(a, b *scenarios.Scenario) int {
		return strings.Compare(string(a.Trigger.Amount), string(b.Trigger.Amount))
	})
	for _, s := range rows {
		fmt.Fprintf(&b, "  x.%s  %s %s\n", s.Trigger.Amount, s.Title.EN, s.Title.ZH)
	}
	b.WriteString("\nOnly first-time requests trigger: reversals, advices, voids, repeats and uploads never do.\n" +
		"仅首次请求触发；冲正、通知、撤销、重发和批上送不触发。\n")
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
