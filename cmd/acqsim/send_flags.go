package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// sendFlags are the flags of `acqsim send`.
type sendFlags struct {
	to, dialect, messages string
	timeout, connect      time.Duration

	tls, insecure bool
	ca, cert, key string

	card, pin, currency        string
	terminal, merchant         string
	stan, batch                uint32
	time                       string
	rrn, approval, reason      string
	cash, tip                  string
	sales, refunds             string
	uploaded, told             int
	download, wanted           string
	outOfBalance               bool
	original                   uint32
	originalBatch              uint32
	originalDate, originalType string
	repeat, signOn, mac        bool
	fields                     []string
	tpdu, header               string
	hex, json, unsafe, chip    bool
	ksn                        string
	signOnChanged, macChanged  bool
}

const autoPIN = "auto"

func (f *sendFlags) define(s *pflag.FlagSet) {
	f.defineHost(s)
	s.DurationVar(&f.timeout, "timeout", 30*time.Second, "`TIME` to wait for the reply")
	s.DurationVar(&f.connect, "connect-timeout", 10*time.Second, "`TIME` to wait for the connection")

	f.defineCard(s)
	s.StringVar(&f.ksn, "ksn", "", "key serial number of the request under DUKPT, `HEX` (default by --terminal and --stan)")
	s.Uint32Var(&f.stan, "stan", 0, "`NUMBER` of the transaction, 1 to 999999 (default by the clock)")
	s.StringVar(&f.time, "time", "", "`TIME` on the terminal's clock: hhmmss, MMDDhhmmss or YYMMDDhhmmss (default now)")
	s.Uint32Var(&f.batch, "batch", 1, "`NUMBER` of the batch; a sign-on brings the host's")
	s.StringVar(&f.rrn, "rrn", "", "retrieval reference `NUMBER` of the original")
	s.StringVar(&f.approval, "approval", "", "approval `CODE` of the original")
	s.Uint32Var(&f.original, "original-stan", 0, "STAN of the original, a `NUMBER`")
	s.Uint32Var(&f.originalBatch, "original-batch", 0, "batch `NUMBER` of the original (default --batch)")
	s.StringVar(&f.originalDate, "original-date", "", "date of the original, `MMDD` (default today)")
	s.StringVar(&f.originalType, "original-type", "", "`TYPE` of the original (default a sale, a pre-auth for its void and completion, a completion for its void)")
	s.StringVar(&f.cash, "cash", "", "of the amount of a cash-back, the `AMOUNT` that is paid out")
	s.StringVar(&f.tip, "tip", "", "of the amount of a tip, the `AMOUNT` that was added")
	s.StringVar(&f.sales, "sales", "", "of a settlement, `COUNT:AMOUNT` of the sales, such as 3:45.00 (default none)")
	s.StringVar(&f.refunds, "refunds", "", "of a settlement, `COUNT:AMOUNT` of the refunds (default none)")
	s.IntVar(&f.uploaded, "uploaded", 0, "of the end of an upload, `NUMBER` of transactions in it")
	s.BoolVar(&f.outOfBalance, "out-of-balance", false, "of the end of an upload: the batch was out of balance")
	s.StringVar(&f.download, "download", "public-keys", "`LIST` of a status upload, download or its end: public-keys, chip or terminal")
	s.IntVar(&f.told, "told", 0, "`NUMBER` of a list that the terminal knows already")
	s.StringVar(&f.wanted, "wanted", "", "`HEX` that names what to download, from the list of a status upload")
	s.StringVar(&f.reason, "reason", "", "`CODE` that says why it is reversed (default 98: no answer)")
	s.BoolVar(&f.repeat, "repeat", false, "send it as a repeat, such as 0401, of a message that was sent with the same --stan and --time")
	s.StringArrayVar(&f.fields, "field", nil, "set a field, `N=VALUE`, or leave it out, N=; binary fields in hexadecimal; can be given several times")
	s.StringVar(&f.tpdu, "tpdu", "", "TPDU as `HEX`, 5 bytes")
	s.StringVar(&f.header, "header", "", "proprietary header as `HEX`")

	s.BoolVar(&f.signOn, "sign-on", false, "sign on first, on the same connection (default with --mac or --pin)")
	s.BoolVar(&f.mac, "mac", false, "sign the request and check the reply (default where it signs on first)")
	s.BoolVar(&f.hex, "hex", false, "print the frames in hexadecimal, too")
	s.BoolVar(&f.json, "json", false, "print one JSON object instead")
	s.BoolVar(&f.unsafe, "unsafe", false, "mask nothing: card numbers and PIN blocks are shown as they are")
}

// defineHost defines the flags that say which host to talk to, and how.
func (f *sendFlags) defineHost(s *pflag.FlagSet) {
	s.StringVar(&f.to, "to", "", "send to `HOST:PORT` (default the port of this machine where acqsim serve has the dialect)")
	s.StringVar(&f.dialect, "dialect", "", "`NAME` of the dialect, or its file (default that of the first listener)")
	s.StringVar(&f.messages, "messages", "", "take the wording of the messages from this `FILE`")

	s.BoolVar(&f.tls, "tls", false, "use TLS")
	s.StringVar(&f.ca, "ca", "", "trust the certificates of this PEM `FILE`, not the system's")
	s.StringVar(&f.cert, "cert", "", "show the certificate of this PEM `FILE`")
	s.StringVar(&f.key, "key", "", "the certificate's key is in this PEM `FILE`")
	s.BoolVar(&f.insecure, "insecure", false, "use TLS and accept any certificate")
}

// defineCard defines the flags that say whose card is used, where.
func (f *sendFlags) defineCard(s *pflag.FlagSet) {
	s.StringVar(&f.card, "card", "", "`ALIAS` of a card of the world, or a card number (default good)")
	s.StringVar(&f.pin, "pin", "", "enter this `PIN`; auto: the one that the world knows of the card")
	s.BoolVar(&f.chip, "chip", false, "use the card's chip: ask the issuer, and check what it answers; the world must know the issuer's master key")
	s.StringVar(&f.currency, "currency", "", "`CODE` of the currency, such as CNY (default that of the card's account)")
	s.StringVar(&f.terminal, "terminal", "", "`ID` of the terminal (default the first of the world in service)")
	s.StringVar(&f.merchant, "merchant", "", "`ID` of the merchant (default the terminal's)")
}

// sendTypes are the transactions that can be sent.
func sendTypes() (names []string) {
	for _, t := range world.TransactionTypes() {
		if t != world.ESignature {
			names = append(names, t.String())
		}
	}
	return names
}

// sendType reads a TYPE; settle is short for settlement.
func sendType(name string) (world.TransactionType, error) {
	if name == "settle" {
		return world.Settlement, nil
	}
	return world.ParseTransactionType(name)
}

// downloads are what --download can be.
var downloads = map[string]terminal.Download{
	"public-keys": terminal.PublicKeys, "chip": terminal.ChipParameters, "terminal": terminal.TerminalParameters,
}

// sumOf reads COUNT:AMOUNT.
func sumOf(flag, text string, cur world.Currency) (sum terminal.Sum, err error) {
	if text == "" {
		return sum, nil
	}
	count, amount, ok := strings.Cut(text, ":")
	if sum.Count, err = strconv.Atoi(count); err != nil || !ok {
		return sum, fmt.Errorf("--%s: %q is no sum: write COUNT:AMOUNT, such as 3:45.00", flag, text)
	}
	if sum.Amount, err = world.ParseAmount(amount, cur); err != nil {
		return sum, fmt.Errorf("--%s: %w", flag, err)
	}
	return sum, nil
}

// fieldChanges reads N=VALUE.
func fieldChanges(texts []string) (map[int]string, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	all := map[int]string{}
	for _, text := range texts {
		number, value, ok := strings.Cut(text, "=")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 0 || n == 1 || n > dialect.MaxField {
			return nil, fmt.Errorf("--field: %q is no field: write N=VALUE with N from 2 to %d (0: the MTI)", text, dialect.MaxField)
		}
		all[n] = value
	}
	return all, nil
}

// line makes the options of the connection.
func (f *sendFlags) line(d *dialect.Dialect, address string) (terminal.Options, error) {
	o := terminal.Options{Dialect: d, Address: address, ConnectTimeout: f.connect, ResponseTimeout: f.timeout}
	if f.timeout <= 0 || f.connect <= 0 {
		return o, errors.New("--timeout and --connect-timeout: a time above zero is wanted")
	}
	if !f.tls && !f.insecure && f.ca == "" && f.cert == "" && f.key == "" {
		return o, nil
	}
	o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: f.insecure} //nolint:gosec // the user asked for it
	if f.ca != "" {
		pem, err := os.ReadFile(f.ca)
		if err != nil {
			return o, fmt.Errorf("--ca: %w", unwrapPath(err))
		}
		o.TLS.RootCAs = x509.NewCertPool()
		if !o.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return o, fmt.Errorf("--ca: %s holds no certificate in PEM format", f.ca)
		}
	}
	switch {
	case f.cert == "" && f.key == "":
		return o, nil
	case f.cert == "" || f.key == "":
		return o, errors.New("--cert and --key: give both")
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return o, fmt.Errorf("--cert: %w", unwrapPath(err))
	}
	o.TLS.Certificates = []tls.Certificate{pair}
	return o, nil
}
