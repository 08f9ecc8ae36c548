package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/simulator/frame"
)

// shortestFrame still holds the shortest message of any embedded dialect.
const shortestFrame = 64

// check reports values that can't be, each with its origin.
func (e *effective) check() error {
	var found strictyaml.Problems
	wrong := func(key string, err error) {
		if err != nil {
			found.Add(e.wrong(key, err))
		}
	}
	for _, s := range settings {
		wrong(s.key, checkTexts(show(s, &e.config)))
		if len(s.words) > 0 {
			wrong(s.key, oneOf(s.words, s.in(&e.config).String()))
		}
	}
	for _, m := range checkListeners(e.Listeners) {
		if m.listener == nil || !m.listener.place.Exists() {
			wrong("listeners", m.err)
			continue
		}
		found.Add(m.listener.place.Errorf("%w", m.err))
	}
	wrong("max_connections", within(e.MaxConnections, 1, 1_000_000))
	wrong("max_frame", within(e.MaxFrame, shortestFrame, frame.HighestMax))
	wrong("max_open_transactions", within(e.MaxOpenTransactions, 1, 100_000_000))
	wrong("frame_timeout", atLeast(e.FrameTimeout, time.Millisecond))
	wrong("idle_timeout", atLeast(e.IdleTimeout, 0))
	wrong("shutdown_timeout", atLeast(e.ShutdownTimeout, 0))
	wrong("metrics", checkMetrics(e.Metrics, e.Token))
	return found.Err()
}

// checkTexts wants texts that can be printed on one line: paths and names with
// control characters in them are mistakes.
func checkTexts(v any) error {
	var all []string
	switch v := v.(type) {
	case string:
		all = []string{v}
	case []string:
		all = v
	case []listener:
		for _, l := range v {
			all = append(all, l.Name, l.Address, l.Dialect)
			if l.TLS != nil {
				all = append(all, l.TLS.Cert, l.TLS.Key, l.TLS.ClientCA)
			}
		}
	}
	for _, text := range all {
		if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("%q has characters that can't be printed: remove them", text)
		}
	}
	return nil
}

func within(v, lowest, highest int) error {
	if v < lowest || v > highest {
		return fmt.Errorf("%d is out of bounds: it must be %d to %d", v, lowest, highest)
	}
	return nil
}

func atLeast(d, lowest time.Duration) error {
	if d < lowest {
		return fmt.Errorf("%s is too short: it must be %s or more", d, lowest)
	}
	return nil
}

// checkMetrics keeps the HTTP side on this machine unless a token guards it.
func checkMetrics(address string, token secret) error {
	if address == metricsOff {
		return nil
	}
	if address == "" {
		return errors.New("an address is wanted, such as 127.0.0.1:9583, or off")
	}
	if err := checkAddress(address); err != nil {
		return err
	}
	if token.text == "" && !isLoopback(address) {
		return fmt.Errorf("%s can be reached from other machines, where a token must guard it: set ACQSIM_TOKEN, or listen on 127.0.0.1", address)
	}
	return nil
}

// isLoopback reports whether only this machine can reach address. A name other
// than localhost may stand for anything, so it does not count.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
