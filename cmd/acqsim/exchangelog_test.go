package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/journal"
)

func TestExchangeLogLines(t *testing.T) {
	sale := transcript.Event{
		Terminal: "10000001", Type: world.Sale, MTI: 200, Amount: 1000, Currency: world.CNY,
		Outcome: world.Approved, Code: "00", Why: "the account has the funds", Elapsed: 1234 * time.Microsecond,
	}
	of := func(k transcript.Kind, change func(*transcript.Event)) transcript.Event {
		e := sale
		e.Kind = k
		if change != nil {
			change(&e)
		}
		return e
	}
	tests := map[string]struct {
		event transcript.Event
		want  string
	}{
		"approved": {of(transcript.Sent, nil),
			"10000001  sale        0200       10.00 CNY  approved               00      1.23 ms  the account has the funds"},
		"declined": {of(transcript.Sent, func(e *transcript.Event) {
			e.Outcome, e.Code, e.Why = world.InsufficientFunds, "51", "available 0.00 is less than the amount"
		}),
			"10000001  sale        0200       10.00 CNY  insufficient-funds     51      1.23 ms  available 0.00 is less than the amount"},
		"no answer": {of(transcript.Discarded, func(e *transcript.Event) { e.Why = "merchant M is suspended, and is refused silently" }),
			"10000001  sale        0200       10.00 CNY  no answer        -     merchant M is suspended, and is refused silently"},
		"without a terminal or an amount": {of(transcript.Sent, func(e *transcript.Event) {
			e.Terminal, e.Type, e.MTI, e.Amount, e.Why = "", world.Echo, 800, 0, "line test"
		}),
			"-         echo        0800                  approved               00      1.23 ms  line test"},
		"without a currency": {of(transcript.NotSent, func(e *transcript.Event) { e.Currency, e.Why = 0, "broken pipe" }),
			"10000001  sale        0200       10.00 CNY  reply not sent     1.23 ms  broken pipe"},
		"without a currency, at a shop that is paid in yen": {of(transcript.Sent, func(e *transcript.Event) { e.Currency, e.Merchant = 0, "104110045110099" }),
			"10000001  sale        0200        1000 JPY  approved               00      1.23 ms  the account has the funds"},
		"what a captive portal says": {of(transcript.Sent, func(e *transcript.Event) {
			e.Outcome, e.Code, e.Why = world.Undecided, "", "frame.http (captive-portal)"
		}),
			"10000001  sale        0200       10.00 CNY  not from the host              1.23 ms  frame.http (captive-portal)"},
		"bad frame":  {of(transcript.BadFrame, func(e *transcript.Event) { e.Conn, e.Why = 7, "frame bad-length: …" }), "conn 7  bad frame frame bad-length: …"},
		"refused":    {of(transcript.Refused, func(e *transcript.Event) { e.Conn, e.Why, e.Source = 7, "full", "192.0.2.1:5" }), "conn 7  refused full (192.0.2.1:5)"},
		"difference": {of(transcript.Difference, func(e *transcript.Event) { e.Batch, e.STAN, e.HasSTAN, e.Text = 3, 9, true, "other amount" }), "10000001  batch 000003 STAN 000009: other amount"},
		"batch":      {of(transcript.BatchClosed, func(e *transcript.Event) { e.Batch, e.Text = 3, "2 sales" }), "10000001  batch 000003 closed: 2 sales"},
		"note":       {of(transcript.Note, func(e *transcript.Event) { e.Text = "a note" }), "a note"},
		"received":   {of(transcript.Received, nil), ""},
		"closed":     {of(transcript.Closed, func(e *transcript.Event) { e.Why = "the peer closed (FIN)" }), ""},
		"TLS":        {of(transcript.Closed, func(e *transcript.Event) { e.Conn, e.Why = 7, "the TLS handshake failed: EOF" }), "conn 7  closed the TLS handshake failed: EOF"},
	}
	w := world.Default()
	w.Accounts["yen"] = &world.Account{Alias: "yen", Currency: 392}
	w.Merchants["104110045110099"] = &world.Merchant{ID: "104110045110099", Account: "yen"}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plain := newExchangeLog(nil, w, false, false)
			assert.Equal(t, tt.want, plain.text(&tt.event))
			coloured := newExchangeLog(nil, w, false, true).text(&tt.event)
			assert.Equal(t, tt.want == "" || strings.HasPrefix(name, "batch"), !strings.Contains(coloured, "\x1b["))
		})
	}
}

func TestASlowLogSaysHowMuchItMissed(t *testing.T) {
	j := journal.New(journal.Options{})
	lines := j.Subscribe(4)
	for range 100 {
		j.Append(transcript.Event{Kind: transcript.Note, Text: "a note"})
	}
	require.NoError(t, j.Close(context.Background()))
	var out bytes.Buffer
	require.NoError(t, newExchangeLog(&out, world.Default(), false, false).follow(t.Context(), lines))
	assert.Contains(t, out.String(), "96 events are not shown")
	assert.Equal(t, 4, strings.Count(out.String(), "a note"))
}
