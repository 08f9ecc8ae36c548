package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fatih/color"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/journal"
)

// exchangeLog prints what happens, one line per exchange: time, terminal,
// transaction, amount, outcome and code, milliseconds, and why.
type exchangeLog struct {
	out  io.Writer
	json bool // every event as JSON instead
	// currency is what the host posts a merchant's request in that names none.
	currency func(merchant string) world.Currency

	good, bad, odd, dim func(format string, a ...any) string
	line                []byte
}

func newExchangeLog(out io.Writer, w *world.World, asJSON, colour bool) *exchangeLog {
	paint := func(attributes ...color.Attribute) func(string, ...any) string {
		c := color.New(attributes...)
		if colour {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.Sprintf
	}
	return &exchangeLog{out: out, json: asJSON, currency: currencyIn(w),
		good: paint(color.FgGreen), bad: paint(color.FgRed), odd: paint(color.FgYellow), dim: paint(color.Faint)}
}

// follow prints until ctx ends or the journal closes. A reader that is too
// slow misses events, and says how many; it never holds up the server.
func (l *exchangeLog) follow(ctx context.Context, s *journal.Subscription) error {
	for {
		events, missed, err := s.Next(ctx)
		if missed > 0 {
			if err := l.write(l.odd("%d events are not shown: this output is too slow. They are in the journal", missed)); err != nil {
				return err
			}
		}
		for i := range events {
			if err := l.event(&events[i]); err != nil {
				return err
			}
		}
		if err != nil {
			return nil //nolint:nilerr // the end of the journal or of ctx is the normal end
		}
	}
}

func (l *exchangeLog) event(e *transcript.Event) error {
	if l.json {
		l.line = append(transcript.AppendJSON(l.line[:0], e), '\n')
		_, err := l.out.Write(l.line)
		return err
	}
	if text := l.text(e); text != "" {
		return l.write(l.dim("%s", e.At.Local().Format("15:04:05.000")) + "  " + text)
	}
	return nil
}

func (l *exchangeLog) write(line string) error {
	_, err := io.WriteString(l.out, line+"\n")
	return err
}

// text is an event's line; empty for events that are not shown.
func (l *exchangeLog) text(e *transcript.Event) string {
	switch e.Kind {
	case transcript.Sent:
		return l.exchange(e, l.outcome(e), e.Elapsed)
	case transcript.NotSent:
		return l.exchange(e, l.bad("reply not sent"), e.Elapsed)
	case transcript.Held:
		return l.exchange(e, l.odd("held until %s", e.Due.Local().Format("15:04:05.000")), -1)
	case transcript.Discarded:
		return l.exchange(e, l.odd("no answer"), -1)
	case transcript.Struck:
		return l.struck(e)
	case transcript.BadFrame:
		return fmt.Sprintf("conn %d  %s %s", e.Conn, l.bad("bad frame"), l.dim("%s", e.Why))
	case transcript.Refused:
		return fmt.Sprintf("conn %d  %s %s", e.Conn, l.bad("refused"), l.dim("%s (%s)", e.Why, e.Source))
	case transcript.Closed:
		if strings.Contains(e.Why, "TLS") {
			return fmt.Sprintf("conn %d  %s %s", e.Conn, l.bad("closed"), l.dim("%s", e.Why))
		}
	case transcript.BatchClosed:
		return fmt.Sprintf("%-8s  batch %06d closed: %s", e.Terminal, e.Batch, e.Text)
	case transcript.Difference:
		about := fmt.Sprintf("batch %06d", e.Batch)
		if e.HasSTAN {
			about += fmt.Sprintf(" STAN %06d", e.STAN)
		}
		return fmt.Sprintf("%-8s  %s: %s", e.Terminal, about, l.odd("%s", e.Text))
	case transcript.Evicted, transcript.Note:
		return l.odd("%s", e.Text)
	}
	return ""
}

// struck is the line of a rule that struck a listener or a connection. Of an
// exchange, the line that it hit says so.
func (l *exchangeLog) struck(e *transcript.Event) string {
	where := "listener " + e.Listener
	switch {
	case e.Message > 0 || e.Strike == nil:
		return ""
	case e.Conn > 0:
		where = fmt.Sprintf("conn %d", e.Conn)
	}
	return fmt.Sprintf("%s  %s", where, l.odd("%s (%s)", e.Text, e.Strike.Scenario))
}

func (l *exchangeLog) exchange(e *transcript.Event, result string, elapsed time.Duration) string {
	took := "      -   "
	if elapsed >= 0 {
		took = fmt.Sprintf("%7.2f ms", float64(elapsed)/float64(time.Millisecond))
	}
	terminal := e.Terminal
	if terminal == "" {
		terminal = "-"
	}
	why := ""
	if e.Why != "" {
		paint := l.dim
		if e.Strike != nil {
			paint = l.odd
		}
		why = "  " + paint("%s", e.Why)
	}
	return fmt.Sprintf("%-8s  %-11s %04d  %14s  %s  %s%s", terminal, e.Type, e.MTI, l.amount(e), result, took, why)
}

func (l *exchangeLog) outcome(e *transcript.Event) string {
	paint := l.bad
	switch e.Outcome {
	case world.Approved:
		paint = l.good
	case world.Undecided: // a captive portal's page, say
		return paint("%-26s", "not from the host")
	}
	// Padded before it is painted: escape sequences have no width.
	return paint("%s", fmt.Sprintf("%-22s %-3s", e.Outcome, e.Code))
}

func (l *exchangeLog) amount(e *transcript.Event) string {
	if e.Amount == 0 {
		return ""
	}
	c := e.Currency
	if c == 0 {
		c = l.currency(e.Merchant)
	}
	return world.FormatAmount(e.Amount, c) + " " + c.Alpha()
}

// currencyIn returns what says in which currency a merchant of a world is paid:
// that of its account, or the acquirer's.
func currencyIn(w *world.World) func(merchant string) world.Currency {
	return func(merchant string) world.Currency {
		if m := w.Merchants[merchant]; m != nil {
			if a := w.Accounts[m.Account]; a != nil && a.Currency != 0 {
				return a.Currency
			}
		}
		return w.Acquirer.Currency
	}
}
