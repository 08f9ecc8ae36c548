package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// faultLangs are the languages in which the catalogue of faults is printed.
var faultLangs = []string{langEN, langZH}

func newFaultsCommand(a *app) *cobra.Command {
	lang := langEN
	cmd := &cobra.Command{
		Use:   "faults",
		Short: "List the faults that scenarios can bring about",
		Long: `List the faults that the rules of a scenario can bring about, by the stage of a
connection at which they strike. acqsim faults show tells all about one: its
parameters, what a terminal meets, by what a rule can select, and an example.`,
		Args: noSuchCommand,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if err := oneOf(faultLangs, lang); err != nil {
				return usagef("--lang: %w", err)
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error { return a.print(faultText{lang: lang}.list()) },
	}
	cmd.PersistentFlags().StringVar(&lang, "lang", langEN, "`LANGUAGE` of the texts: "+strings.Join(faultLangs, ", "))
	// The flag is the command's own: it is there.
	_ = cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(faultLangs, cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(&cobra.Command{
		Use:   "show NAME",
		Short: "Tell all about a fault",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("name one fault, such as reply.drop; acqsim faults lists them")
			}
			k, err := faults.Find(args[0])
			if err != nil {
				p := &strictyaml.Problem{Message: err.Error()}
				return exitWith(exitUsage, p.Suggest(args[0], faults.Names()))
			}
			return a.print(faultText{lang: lang}.show(k))
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return faults.Names(), cobra.ShellCompDirectiveNoFileComp
		},
	})
	return cmd
}

func (a *app) print(text string) error {
	_, err := a.stdout.Write([]byte(text))
	return err
}

// faultText puts the table of faults into words.
type faultText struct{ lang string }

func (t faultText) say(x faults.Text) string { return words(x).in(t.lang) }

// both chooses between two texts of the program's own.
func (t faultText) both(en, zh string) string { return words{en, zh}.in(t.lang) }

// list writes a line for each fault, under its first stage.
func (t faultText) list() string {
	var b strings.Builder
	for _, s := range faults.Stages() {
		head := false
		for _, k := range faults.Kinds() {
			if k.Stages[0] != s {
				continue
			}
			if !head {
				head = true
				if b.Len() > 0 {
					b.WriteByte('\n')
				}
				fmt.Fprintf(&b, "%s\n", t.say(s.Name()))
			}
			fmt.Fprintf(&b, "  %-18s %s\n", k.Name, t.say(k.Does))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", t.both("acqsim faults show NAME tells parameters, an example, and what the terminal meets.",
		"acqsim faults show 名称：查看参数、示例以及终端的表现。"))
	return b.String()
}

// show writes all about a fault.
func (t faultText) show(k *faults.Kind) string {
	var b strings.Builder
	colon := t.both(": ", "：")
	section := func(en, zh, text string) { fmt.Fprintf(&b, "%s%s%s\n", t.both(en, zh), colon, text) }

	fmt.Fprintf(&b, "%s\n\n%s\n\n", k.Name, t.say(k.Does))
	section("The terminal meets", "终端的表现", t.say(k.Meets))
	b.WriteByte('\n')
	stages := make([]string, len(k.Stages))
	for i, s := range k.Stages {
		stages[i] = t.say(s.Name())
	}
	comma := t.both(", ", "、")
	section("Stage", "阶段", strings.Join(stages, comma)+t.which(k, "`when`"))
	section("Selectors", "可用的选择条件", t.selectors(k, comma))
	if k.Needs != 0 {
		var all []string
		for _, need := range k.Needs.Names() {
			all = append(all, t.say(need))
		}
		section("Needs", "前提", strings.Join(all, comma))
	}
	t.params(&b, k)
	fmt.Fprintf(&b, "\n%s\n", t.both("Example", "示例"))
	for line := range strings.Lines(k.Example) {
		b.WriteString("  " + line)
	}
	return b.String()
}

// which says what decides between the stages of a fault, if there are several.
func (t faultText) which(k *faults.Kind, param string) string {
	if len(k.Stages) < 2 {
		return ""
	}
	return t.both(", as "+param+" says", "（由 "+param+" 决定）")
}

// selectors are those of the earliest stage, and what later ones add.
func (t faultText) selectors(k *faults.Kind, comma string) string {
	text := ""
	known := 0
	for i, s := range slices.Sorted(slices.Values(k.Stages)) {
		var names []string
		for _, sel := range s.Selectors()[known:] {
			names = append(names, string(sel))
		}
		known = len(s.Selectors())
		if i > 0 {
			text += t.both("; at stage "+s.String()+" also ", "；"+s.Name().ZH+"阶段另有 ")
		}
		text += strings.Join(names, comma)
	}
	return text
}

func (t faultText) params(b *strings.Builder, k *faults.Kind) {
	if len(k.Params) == 0 {
		fmt.Fprintf(b, "\n%s\n", t.both("It has no parameters.", "没有参数。"))
		return
	}
	fmt.Fprintf(b, "\n%s\n", t.both("Parameters", "参数"))
	for _, p := range k.Params {
		value := ""
		switch {
		case p.Required:
			value = t.both("required", "必填")
		case p.Default != "":
			value = t.both("default ", "缺省 ") + p.Default
		default:
			value = t.both("optional", "可选")
		}
		fmt.Fprintf(b, "  %s (%s)\n      %s\n      %s\n", p.Name, value, t.say(p.Doc), t.say(p.Form()))
	}
	if k.Scalar != "" {
		fmt.Fprintf(b, "  %s\n", t.both(fmt.Sprintf("A bare value is %s: {%s: …} is {%s: {%s: …}}.", k.Scalar, k.Name, k.Name, k.Scalar),
			fmt.Sprintf("只写一个值时即为 %s：{%s: …} 等同于 {%s: {%s: …}}。", k.Scalar, k.Name, k.Name, k.Scalar)))
	}
}
