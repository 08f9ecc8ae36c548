package main

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
)

// componentsByDefault is as many as most terminals ask for.
const componentsByDefault = 2

func newKeysCommand(a *app) *cobra.Command {
	var components int
	var terminalID, ksn string
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Print the terminal master key as it is keyed into a terminal",
		Long: `Print the terminal master key for keying into a terminal: whole, and in
components whose XOR is the key, each with the check value that the terminal
should show.

The key is the one that acqsim serve uses with the same flags, configuration and
environment: --tmk, or else a well-known test key. With --terminal it is that
terminal's own, if the world gives it one. The same --seed gives the same
components.

With --ksn it is the initial key (IPEK) of the DUKPT device with this key serial
number, from the world's base derivation key or --bdk.

Everything is printed in clear, since components without secrecy are no secret
either: use test keys only.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := a.load(cmd)
			if err != nil {
				return err
			}
			return a.printKeys(e, components, terminalID, ksn)
		},
	}
	addSettings(cmd, "tmk", "bdk", "seed", "world")
	cmd.Flags().IntVar(&components, "components", componentsByDefault,
		fmt.Sprintf("split the key into `N` components, %d to %d", security.MinComponents, security.MaxComponents))
	cmd.Flags().StringVar(&terminalID, "terminal", "", "print the key of the terminal with this `ID`")
	cmd.Flags().StringVar(&ksn, "ksn", "", "print the initial key of the device with this key serial number, `HEX`; its counter does not matter")
	return cmd
}

func (a *app) printKeys(e *effective, components int, terminalID, ksn string) error {
	if components < security.MinComponents || components > security.MaxComponents {
		return usagef("--components: a key has %d to %d of them, not %d", security.MinComponents, security.MaxComponents, components)
	}
	if ksn != "" && terminalID != "" {
		return usagef("--ksn names the device itself: leave --terminal out")
	}
	title := "Terminal master key"
	key, note, err := e.masterKeyOf(terminalID)
	if ksn != "" {
		title = "Initial key"
		key, note, err = e.initialKeyOf(ksn)
	}
	if err != nil {
		return err
	}
	parts, err := key.Components(components, binary.BigEndian.AppendUint64(nil, e.Seed))
	if err != nil {
		return fmt.Errorf("split the key: %w", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", title, note)
	for i, part := range parts {
		writeKey(&b, fmt.Sprintf("Component %d", i+1), part)
	}
	writeKey(&b, "Whole key", key)
	b.WriteString(`Key the components into the terminal one after the other; it combines them by
XOR. After each it should show that component's check value, and at the end the
whole key's: the first 4, 6 or 8 digits of it. If the last one differs, a
component was mistyped. A terminal that takes the key in one piece takes the
whole one.
`)
	_, err = a.stdout.Write([]byte(b.String()))
	return err
}

// masterKeyOf returns the key that a terminal has to have, and whose it is.
// Without an ID it is the host's.
func (e *effective) masterKeyOf(id string) (key security.Key, note string, err error) {
	if id != "" {
		w, err := loadWorld(e.World)
		if err != nil {
			return key, "", err
		}
		t := w.Terminals[id]
		if t == nil {
			p := &strictyaml.Problem{Message: fmt.Sprintf("--terminal: the world has no terminal %q", id), Hint: "acqsim world lists them"}
			return key, "", exitWith(exitUsage, p.Suggest(id, sortedKeys(w.Terminals)))
		}
		if t.MasterKey != nil {
			key, err = security.NewKey(t.MasterKey)
			return key, fmt.Sprintf("terminal %s's own, from the world", id), err
		}
	}
	if !e.TMK.IsZero() {
		return e.TMK.Key, "from " + e.origins["tmk"], nil
	}
	return security.DefaultTMK(), "the well-known test key of docs/configuration.md; --tmk sets another", nil
}

// initialKeyOf returns the key that a DUKPT device has to have loaded.
func (e *effective) initialKeyOf(text string) (key security.Key, note string, err error) {
	ksn, err := security.ParseKSN(text)
	if err != nil {
		return key, "", usagef("--ksn: %s", strings.TrimPrefix(err.Error(), "security: "))
	}
	w, err := loadWorld(e.World)
	if err != nil {
		return key, "", err
	}
	bdk, from, err := e.baseKeyOf(w)
	if err != nil {
		return key, "", err
	}
	key, err = security.InitialKey(bdk, ksn)
	return key, fmt.Sprintf("for key serial number %s, under the base derivation key with check value %X, %s", ksn.Device(), bdk.KCV(), from), err
}

// baseKeyOf returns the base derivation key of a host with this world, and
// where it comes from.
func (e *effective) baseKeyOf(w *world.World) (key security.Key, from string, err error) {
	switch {
	case w.Acquirer.BaseKey != nil:
		key, err = security.NewKey(w.Acquirer.BaseKey)
		return key, "the world's", err
	case !e.BDK.IsZero():
		return e.BDK.Key, "from " + e.origins["bdk"], nil
	}
	return security.DefaultBDK(), "the well-known test key", nil
}

// writeKey writes a key in groups of four digits, as people key them in, with
// 16 digits on a line.
func writeKey(b *strings.Builder, name string, key security.Key) {
	hexed := key.RevealHex()
	kcv := key.KCV()
	for at := 0; at < len(hexed); at += 16 {
		fmt.Fprintf(b, "  %-12s  %s", name, inFours(hexed[at:at+16]))
		if name = ""; at == 0 {
			fmt.Fprintf(b, "    check value  %s", inFours(hexText(kcv[:])))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

func inFours(digits string) string {
	var groups []string
	for ; len(digits) > 4; digits = digits[4:] {
		groups = append(groups, digits[:4])
	}
	return strings.Join(append(groups, digits), " ")
}
