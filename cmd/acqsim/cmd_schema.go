package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/world"
)

// schemas are the kinds of file that an editor can check.
var schemas = []struct {
	kind string
	make func() schema.Object
}{
	{"scenario", scenarios.Schema},
	{"profile", profile.Schema},
	{"world", world.Schema},
}

func schemaKinds() (all []string) {
	for _, s := range schemas {
		all = append(all, s.kind)
	}
	return all
}

func newSchemaCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema [scenario|profile|world]",
		Short: "Print the JSON Schema of a kind of file, for editors",
		Long: `Print the JSON Schema of scenario files (the default), profiles or worlds. Editors
complete keys and mark mistakes by it. For those with a YAML language server:

  acqsim schema scenario > scenario.schema.json

and, as the first line of a scenario beside it:

  # yaml-language-server: $schema=scenario.schema.json

acqsim lint checks more than a schema can say: selectors against faults, names
against the world, faults against each other.`,
		ValidArgs: schemaKinds(),
		RunE: func(_ *cobra.Command, args []string) error {
			kind := schemas[0].kind
			switch len(args) {
			case 0:
			case 1:
				kind = args[0]
			default:
				return usagef("name one kind of file: scenario, profile or world")
			}
			if err := oneOf(schemaKinds(), kind); err != nil {
				return exitWith(exitUsage, err)
			}
			for _, s := range schemas {
				if s.kind != kind {
					continue
				}
				out := json.NewEncoder(a.stdout)
				out.SetIndent("", "  ")
				out.SetEscapeHTML(false)
				return out.Encode(s.make())
			}
			return nil
		},
	}
}
