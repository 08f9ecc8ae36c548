package main

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/security"
)

// greetListeners prints each listener's address, and those of this machine
// where it listens on every interface: those are what goes into a terminal.
func (a *app) greetListeners(e *effective, s *simulator.Server) {
	a.say("Listening")
	everywhere := false
	for i := range e.Listeners {
		l := &e.Listeners[i]
		addr := s.Addr(i).(*net.TCPAddr) //nolint:forcetypeassert // listeners are TCP
		everywhere = everywhere || addr.IP.IsUnspecified()
		secure := ""
		if l.TLS != nil {
			secure = "  TLS"
			if l.TLS.ClientCA != "" {
				secure = "  mutual TLS"
			}
		}
		host := addr.IP.String()
		if addr.IP.IsUnspecified() {
			host = "every interface"
		}
		a.say("  port %-6d %-16s %s%s", addr.Port, l.Dialect, host, secure)
	}
	if own := simulator.OwnAddresses(); everywhere && len(own) > 0 {
		a.say("This machine's addresses: %s", addressText(own))
	}
	a.say("")
}

// addressText is what goes into a terminal: one of the addresses that it can
// reach, or a loopback one if it is a program on this machine.
func addressText(own []netip.Addr) string {
	var reached, loopback []string
	for _, ip := range own {
		if ip.IsLoopback() {
			loopback = append(loopback, ip.String())
		} else {
			reached = append(reached, ip.String())
		}
	}
	if len(reached) == 0 {
		reached = []string{"none that others can reach"}
	}
	text := strings.Join(reached, ", ")
	if len(loopback) > 0 {
		text += " (for programs on it: " + strings.Join(loopback, ", ") + ")"
	}
	return text
}

// greetWorld prints what to type into a terminal.
func (a *app) greetWorld(e *effective, w *world.World) {
	kind := "open: unknown terminals, merchants and cards are enrolled"
	if e.Strict {
		kind = "strict: unknown terminals, merchants and cards are refused"
	}
	a.say("World: %s, %s", worldName(e), kind)
	a.say("  terminal %s, merchant %s", firstTerminal(w), firstMerchant(w))
	a.say("  cards (acqsim world shows everything):")
	for _, alias := range sortedKeys(w.Cards) {
		c := w.Cards[alias]
		pin := ""
		if c.PIN != "" {
			pin = "  PIN " + c.PIN
		}
		a.say("    %-14s %-19s %s%s", alias, c.PAN, expiry(c.Expiry), pin)
	}
	a.say("")
}

func worldName(e *effective) string {
	if e.World == "" {
		return "embedded"
	}
	return e.World
}

// firstTerminal is the terminal to try first: the first that is in service
// with an active merchant.
func firstTerminal(w *world.World) string {
	for _, id := range sortedKeys(w.Terminals) {
		t := w.Terminals[id]
		if m := w.Merchants[t.Merchant]; t.Status == world.TerminalActive && m != nil && m.Status == world.MerchantActive {
			return id
		}
	}
	return "any"
}

func firstMerchant(w *world.World) string {
	if t := w.Terminals[firstTerminal(w)]; t != nil {
		return t.Merchant
	}
	return "any"
}

func expiry(yymm string) string {
	if len(yymm) != 4 {
		return "no expiry"
	}
	return fmt.Sprintf("expires %s/%s", yymm[2:], yymm[:2])
}

// greetKeys prints the check value that a terminal shows after the master key
// was keyed in.
func (a *app) greetKeys(tmk security.Key) {
	a.say("Terminal master key: check value %X (acqsim keys prints its components)", tmk.KCV())
}

// greetBaseKey prints the check value of the key that DUKPT starts from, where a
// listener's dialect uses it.
func (a *app) greetBaseKey(e *effective, s *simulator.Server, w *world.World) {
	for _, d := range s.Dialects() {
		if !d.DUKPT() {
			continue
		}
		if key, from, err := e.baseKeyOf(w); err == nil {
			a.say("Base derivation key: check value %X, %s (acqsim keys --ksn prints a terminal's initial key)", key.KCV(), from)
		}
		return
	}
}
