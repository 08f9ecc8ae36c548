package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/acqsim/acqsim/simulator/terminal"
)

func newSendCommand(a *app) *cobra.Command {
	f := &sendFlags{}
	cmd := &cobra.Command{
		Use:   "send TYPE [AMOUNT]",
		Short: "Send one transaction to a host, and show both messages and times",
		Long: `Build one transaction as a terminal of the dialect would, send it, wait for the
reply, and print both messages, how long it took, and what came of it.

TYPE is one of ` + strings.Join(sendTypes(), ", ") + `.
AMOUNT is written with its decimals, such as 10.00.

A void, refund, adjustment or tip names its original with --original-stan or
--rrn, a reversal with --original-stan, and --original-type if it is no sale.
The void or completion of a pre-authorisation names it with --approval. The
AMOUNT of an adjustment or tip is what the sale comes to.

A repeat (--repeat) has the --stan and --time of the message that it repeats, as
ISO 8583 wants it: the host knows it by them. Send the first one with --time, too,
or read its DE 12 and 13 from what was printed.

With --mac or --pin it signs on first, on the same connection, and uses the keys
of the reply; or it derives them, if the dialect has DUKPT. With --chip it asks
and checks as the card's chip would.

Card numbers, tracks, PIN blocks and keys are masked unless --unsafe is given.

A settlement (settle, for short) carries totals of --sales and --refunds, or
none; it sends them as they are, whatever the host has.

The exit code says approved (0), declined (1), no valid answer (3), or no
connection (4); acqsim help exit-codes has them all. With --json it stands in
exit_code, too. The outcome there is that of the response code: a host that
answers a settlement with an approval and says in DE 48 that its totals are
others makes it approved, out_of_balance true and exit_code 1.`,
		Example: `  acqsim send sale 10.00 --card good
  acqsim send sale 10.00 --card good --pin auto --mac
  acqsim send sale 10.00 --card chip --chip
  acqsim send reversal 10.00 --original-stan 42
  acqsim send settle --sales 3:45.00 --refunds 1:5.00
  acqsim send pre-auth 100.00
  acqsim send completion 80.00 --approval 123456
  acqsim send cash-back 50.00 --cash 20.00 --dialect iso87-bcd
  acqsim send tip 11.50 --tip 1.50 --original-stan 42
  acqsim send offline-sale 5.00 --approval 123456 --stan 41 --time 143000
  acqsim send offline-sale 5.00 --approval 123456 --stan 41 --time 143000 --repeat
  acqsim send echo --dialect iso87-ascii --to 192.0.2.7:8585 --timeout 5s`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.signOnChanged = cmd.Flags().Changed("sign-on")
			f.macChanged = cmd.Flags().Changed("mac")
			return a.send(cmd, f, args)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return sendTypes(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f.define(cmd.Flags())
	addSettings(cmd, "world", "tmk", "bdk", "color")
	return cmd
}

// sending is one run of the command.
type sending struct {
	a         *app
	f         *sendFlags
	toFlag    string // the name that the command gives to --to
	e         *effective
	d         *dialect.Dialect
	m         *terminal.Messages
	is        world.TransactionType
	p         terminal.Params
	tmk       security.Key
	bdk       security.Key // of DUKPT; zero: not used
	ksn       security.KSN
	address   string
	o         terminal.Options
	connect   time.Duration // how long connecting took
	session   *terminal.Session
	exchanges []*terminal.Exchange
}

func (a *app) send(cmd *cobra.Command, f *sendFlags, args []string) error {
	s := &sending{a: a, f: f, toFlag: "to"}
	if err := s.prepare(cmd, args); err != nil {
		return err
	}
	err := s.run(cmd.Context())
	if errors.Is(err, context.Canceled) {
		return exitWith(exitInterrupted, errors.New("interrupted before there was an answer; the host may have acted on the request all the same"))
	}
	return err
}

// prepare makes everything of flags and configuration that can be made without
// a connection, so that mistakes are said before anything is sent.
func (s *sending) prepare(cmd *cobra.Command, args []string) (err error) {
	// --dialect means something else here than to the configuration.
	settings := &cobra.Command{}
	for _, name := range []string{"world", "tmk", "bdk", "color"} {
		settings.Flags().AddFlag(cmd.Flags().Lookup(name))
	}
	if s.e, err = s.a.load(settings); err != nil {
		return err
	}
	if s.tmk = s.e.TMK.Key; s.tmk.IsZero() {
		s.tmk = security.DefaultTMK()
	}
	if s.is, err = sendType(args[0]); err != nil {
		p := &strictyaml.Problem{Message: fmt.Sprintf("no transaction is called %q", args[0]), Hint: "it takes " + strings.Join(sendTypes(), ", ")}
		return exitWith(exitUsage, p.Suggest(args[0], sendTypes()))
	}
	if err := s.speak(); err != nil {
		return err
	}
	if s.o, err = s.f.line(s.d, s.address); err != nil {
		return usagef("%w", err)
	}
	w, err := loadWorld(s.e.World)
	if err != nil {
		return err
	}
	if err := s.fill(w, args[1:]); err != nil {
		return usagef("%w", err)
	}
	if err := s.load(w); err != nil {
		return err
	}
	if s.keysFirst() {
		return nil // checked when there are keys
	}
	return s.try()
}

// try makes the request without sending it, for its mistakes.
func (s *sending) try() error {
	if s.session != nil {
		defer func(next security.KSN) { s.session.KSN = next }(s.session.KSN) // it is for the one that is sent
	}
	if c := s.p.Card.Chip; c != nil {
		defer func(next uint16) { c.Counter = next }(c.Counter)
	}
	_, err := s.m.Request(s.is, s.p, s.session)
	return s.explain(err)
}

// explain turns what a message is missing into flags.
func (s *sending) explain(err error) error {
	var missing *terminal.MissingError
	if !errors.As(err, &missing) {
		if err != nil {
			return usagef("%s", strings.TrimPrefix(err.Error(), "terminal: "))
		}
		return nil
	}
	return usagef("%s needs %s", s.is, strings.Join(neededFlags(missing.Missing, "--original-stan"), ", "))
}

// neededFlags says for each missing value what gives it on the command line; of
// is the flag for the STAN of an original.
func neededFlags(missing [][]string, of string) (all []string) {
	for _, names := range missing {
		var either []string
		for _, n := range names {
			switch n {
			case "amount":
				n = "an AMOUNT, such as 10.00"
			case "original_stan":
				n = of
			default:
				n = "--" + n
			}
			either = append(either, n)
		}
		all = append(all, strings.Join(either, " or "))
	}
	return all
}

// speak finds dialect, wording and address.
func (s *sending) speak() error {
	known, err := loadDialects(s.e.Dialects)
	if err != nil {
		return err
	}
	name := s.f.dialect
	if name == "" {
		name = s.e.Listeners[0].Dialect
	}
	if s.d, err = known.open(name); err != nil {
		return err
	}
	if s.f.messages != "" {
		s.m, err = terminal.LoadMessages(s.d, s.f.messages)
	} else {
		s.m, err = terminal.MessagesFor(s.d)
	}
	if err != nil {
		return exitWith(exitUsage, err)
	}
	for _, b := range []struct {
		flag, text string
		into       *[]byte
	}{{"tpdu", s.f.tpdu, &s.m.TPDU}, {"header", s.f.header, &s.m.Header}} {
		if b.text == "" {
			continue
		}
		if *b.into, err = hex.DecodeString(strings.ReplaceAll(b.text, " ", "")); err != nil {
			return usagef("--%s: %q is not hexadecimal", b.flag, b.text)
		}
	}
	if s.address = s.f.to; s.address == "" {
		if s.address = s.e.ownAddress(s.d.Name(), name); s.address == "" {
			return usagef("no listener of the configuration has dialect %s, so the host's address is wanted: --%s HOST:PORT", s.d.Name(), s.toFlag)
		}
	}
	if err := checkAddress(s.address); err != nil {
		return usagef("--%s: %w", s.toFlag, err)
	}
	return nil
}

// ownAddress is where acqsim serve on this machine has a listener of one of
// these dialects.
func (e *effective) ownAddress(names ...string) string {
	for _, l := range e.Listeners {
		for _, n := range names {
			host, port, err := net.SplitHostPort(l.Address)
			if l.Dialect != n || err != nil {
				continue
			}
			if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
				host = "127.0.0.1"
			}
			return net.JoinHostPort(host, port)
		}
	}
	return ""
}

// keysFirst reports whether to sign on before the transaction itself.
func (s *sending) keysFirst() bool {
	if s.is == world.SignOn {
		return false
	}
	if s.f.signOnChanged {
		return s.f.signOn
	}
	return (s.f.mac || s.f.pin != "") && !s.d.DUKPT()
}

// run connects, signs on if need be, and sends.
func (s *sending) run(ctx context.Context) error {
	begun := time.Now()
	l, err := s.dial(ctx)
	var failed *terminal.ConnectError
	if errors.As(err, &failed) {
		if s.f.json {
			return s.printJSON(nil, failed)
		}
		return exitWith(exitNoConnection, err)
	}
	if err != nil {
		return err
	}
	s.connect = time.Since(begun)
	defer func() { _ = l.Close() }() // the answer is there, or there is none
	if s.keysFirst() {
		before := (s.p.STAN+999_997)%999_999 + 1
		on, err := s.one(ctx, l, world.SignOn, before)
		if err != nil {
			return err
		}
		if on.Outcome != terminal.Approved {
			return s.conclude(on)
		}
		if err := s.openSession(on); err != nil {
			return err
		}
		if err := s.try(); err != nil {
			return err
		}
	}
	x, err := s.one(ctx, l, s.is, s.p.STAN)
	if err != nil {
		return err
	}
	if s.is == world.SignOn && x.Outcome == terminal.Approved {
		if err := s.openSession(x); err != nil {
			return err
		}
	}
	return s.conclude(x)
}

// dial connects, and says so if it takes long.
func (s *sending) dial(ctx context.Context) (*terminal.Line, error) {
	defer s.a.waiting("connecting to "+s.address, s.o.ConnectTimeout)()
	return terminal.Dial(ctx, s.o)
}

// one sends one request and prints what came of it.
func (s *sending) one(ctx context.Context, l *terminal.Line, is world.TransactionType, stan uint32) (*terminal.Exchange, error) {
	p := s.p
	p.STAN = stan
	if is != s.is {
		p.Fields = nil // they are meant for the transaction
	}
	if is != world.SignOn && s.f.macChanged && !s.f.mac && s.d.MACField() > 0 {
		fields := map[int]string{s.d.MACField(): ""}
		for n, v := range p.Fields {
			fields[n] = v
		}
		p.Fields = fields
	}
	r, err := s.m.Request(is, p, s.session)
	if err != nil {
		return nil, s.explain(err)
	}
	s.printRequest(r)
	done := s.a.waiting("waiting for the reply", s.o.ResponseTimeout)
	x, err := l.Exchange(ctx, r)
	done()
	if err != nil {
		return nil, err
	}
	s.exchanges = append(s.exchanges, x)
	s.printReply(x)
	return x, nil
}

// openSession takes keys and batch from the reply to a sign-on.
func (s *sending) openSession(x *terminal.Exchange) error {
	session, err := terminal.OpenSession(s.d, s.tmk, x.Reply)
	var differ *security.CheckValueError
	switch {
	case errors.As(err, &differ):
		return exitWith(exitNegative, fmt.Errorf("the host's keys can't be opened with this terminal master key (%v); give the host's with --tmk: %w", s.tmk, err))
	case errors.Is(err, terminal.ErrNoDownload) && (s.f.mac || s.f.pin != ""):
		return usagef("%s brought no keys for a MAC or PIN: %w", s.d.Name(), err)
	case errors.Is(err, terminal.ErrNoDownload):
		return nil
	case err != nil:
		return exitWith(exitNegative, err)
	}
	s.session = session
	if session.HasBatch && session.Batch != 0 {
		s.p.Batch = session.Batch
	}
	s.printKeys()
	return nil
}

// exitOf is the exit code of an outcome. What the keyboard interrupts has none: it
// is an error.
func exitOf(o terminal.Outcome) int {
	switch o {
	case terminal.Approved:
		return exitOK
	case terminal.Declined, terminal.CardDeclined:
		return exitNegative
	case terminal.CannotConnect, terminal.SendFailed:
		return exitNoConnection
	default:
		return exitNoAnswer
	}
}
