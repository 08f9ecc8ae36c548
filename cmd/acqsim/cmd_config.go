package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

func newConfigCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the effective configuration, and where each value came from",
		Long: `Print the configuration that acqsim serve would use with the same flags, in the
same folder and environment, with where each value came from.

Values come from flags, from environment variables, from ` + configName + ` in the
current folder (or the file that --config or ` + configEnv + ` names), and from the
defaults, in that order: the first that has a value decides, for lists as well.
Lists in environment variables are separated by commas. Paths in the file are
relative to the file.

The output is a configuration file itself. It shows no secrets.

` + settingsTable(),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := a.load(cmd)
			if err != nil {
				return err
			}
			text, err := e.yaml()
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		},
	}
	addSettings(cmd)
	return cmd
}

// settingsTable lists the names of each setting, for the help text.
func settingsTable() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s%-31s%s\n", "Key", "Environment variable", "Flag")
	for _, s := range settings {
		fmt.Fprintf(&b, "%-24s%-31s--%s\n", s.key, s.env(), s.flag)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// yaml is the configuration as a file, each value with its origin. Secrets are
// comments.
func (e *effective) yaml() ([]byte, error) {
	var b bytes.Buffer
	if e.file == "" {
		b.WriteString("# no configuration file\n")
	}
	for _, s := range settings {
		if s.secret {
			fmt.Fprintf(&b, "# %s: %s # %s\n", s.key, hint(s, &e.config), e.origins[s.key])
			continue
		}
		text, err := yaml.MarshalWithOptions(map[string]any{s.key: shown(show(s, &e.config))}, yaml.Indent(2), yaml.IndentSequence(true))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.key, err)
		}
		first, rest, _ := strings.Cut(string(text), "\n")
		fmt.Fprintf(&b, "%s # %s\n%s", first, e.origins[s.key], rest)
	}
	return b.Bytes(), nil
}

// shown makes of listeners what the YAML writer can write without their empty
// keys.
func shown(v any) any {
	all, ok := v.([]listener)
	if !ok {
		return v
	}
	list := make([]yaml.MapSlice, len(all))
	for i, l := range all {
		m := yaml.MapSlice{{Key: "name", Value: l.Name}, {Key: "address", Value: l.Address}, {Key: "dialect", Value: l.Dialect}}
		if l.MAC != "" {
			m = append(m, yaml.MapItem{Key: "mac", Value: l.MAC})
		}
		if l.TLS != nil {
			t := yaml.MapSlice{{Key: "cert", Value: l.TLS.Cert}, {Key: "key", Value: l.TLS.Key}}
			if l.TLS.ClientCA != "" {
				t = append(t, yaml.MapItem{Key: "client_ca", Value: l.TLS.ClientCA})
			}
			m = append(m, yaml.MapItem{Key: "tls", Value: t})
		}
		if l.MaxConnections > 0 {
			m = append(m, yaml.MapItem{Key: "max_connections", Value: l.MaxConnections})
		}
		list[i] = m
	}
	return list
}
