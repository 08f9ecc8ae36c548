package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
)

func newRulesCommand(a *app) *cobra.Command {
	lang := langEN
	langs := []string{langEN, langZH}
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules by which terminals are judged",
		Long: `List the rules by which acqsim verdict judges terminals: what each of them
convicts. acqsim rules show tells all about one: what harm the mistake does, and
what the rule needs.`,
		Args: noSuchCommand,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if err := oneOf(langs, lang); err != nil {
				return usagef("--lang: %w", err)
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			var b strings.Builder
			for _, r := range verdict.Rules() {
				fmt.Fprintf(&b, "%-34s %s\n", r.Name, sayIn(r.Fails, lang))
			}
			return a.print(b.String())
		},
	}
	cmd.PersistentFlags().StringVar(&lang, "lang", langEN, "`LANGUAGE` of the texts: "+strings.Join(langs, ", "))
	// The flag is the command's own: it is there.
	_ = cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(langs, cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(&cobra.Command{
		Use:   "show NAME",
		Short: "Tell all about a rule",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("name one rule, such as money-is-safe; acqsim rules lists them")
			}
			r, err := verdict.Find(args[0])
			if err != nil {
				p := &strictyaml.Problem{Message: err.Error()}
				return exitWith(exitUsage, p.Suggest(args[0], scenarios.VerdictRules()))
			}
			heads := [3]string{"It fails when: ", "Why it matters: ", "It needs: "}
			if lang == langZH {
				heads = [3]string{"判定失败：", "危害：", "所需依据："}
			}
			return a.print(fmt.Sprintf("%s\n\n%s%s\n%s%s\n%s%s\n", r.Name, heads[0], sayIn(r.Fails, lang),
				heads[1], sayIn(r.Why, lang), heads[2], sayIn(r.Needs.Text(), lang)))
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return scenarios.VerdictRules(), cobra.ShellCompDirectiveNoFileComp
		},
	})
	return cmd
}

func sayIn(x world.Bilingual, lang string) string { return words{x.EN, x.ZH}.in(lang) }
