package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/acqsim/acqsim/simulator/capture"
)

// write prints an item for people, and the reply below a request.
func (d *captureDecoder) write(x *captureItem) error {
	for ; x != nil; x = x.Reply {
		t := decodeText{lang: d.o.lang, offsets: d.o.offsets}
		t.captureItem(x)
		t.line("")
		if _, err := d.out.WriteString(t.b.String()); err != nil {
			return err
		}
	}
	return nil
}

func (t *decodeText) captureItem(x *captureItem) {
	head := fmt.Sprintf("%s  stream %d, packet %d  %s → %s", x.At.Format("2006-01-02T15:04:05.000000Z"), x.Stream, x.Packet, x.From, x.To)
	if x.note != "" {
		head += "  (" + x.note + ")"
	}
	t.line("%s", head)
	switch x.Kind {
	case capture.Message.String():
		t.message(x.Message, "")
	case capture.KeepAlives.String():
		t.line("%s of keep-alives: a length of zero, nothing to answer", plural(int(x.Size), "byte"))
	case capture.Missing.String():
		t.line("%s not in the capture, from byte %d of this direction on", are(x.Size), x.Offset)
	case capture.FIN.String():
		t.line("closed (FIN)")
	case capture.RST.String():
		t.line("reset (RST)")
	case capture.Skipped.String():
		t.line("%s skipped, from byte %d of this direction on: %s", are(x.Size), x.Offset, x.Reason)
		for _, m := range x.Parts {
			t.message(m, fmt.Sprintf("byte %d: ", m.At))
		}
	}
}

func are(n int64) string {
	if n == 1 {
		return "1 byte is"
	}
	return fmt.Sprintf("%d bytes are", n)
}

// notes are what else there is to know of a capture.
func (d *captureDecoder) notes(sum *capture.Summary) (all []string) {
	note := func(n int64, one, many string) {
		switch {
		case n == 1:
			all = append(all, "1 "+one)
		case n > 1:
			all = append(all, fmt.Sprintf("%d %s", n, many))
		}
	}
	note(int64(len(d.midst)), "stream began before the capture", "streams began before the capture")
	note(int64(len(d.oneWay)), "stream has one direction only in the capture: what the other side said is not known",
		"streams have one direction only in the capture: what the other side said is not known")
	note(int64(len(d.foreign)), "stream is in no dialect: something else, TLS, or a dialect of your own (--dialect FILE)",
		"streams are in no dialect: something else, TLS, or a dialect of your own (--dialect FILE)")
	note(d.missing, "byte is missing in streams", "bytes are missing in streams")
	note(int64(sum.CutShort), "TCP packet was cut short by the capture (tcpdump: -s 0)", "TCP packets were cut short by the capture (tcpdump: -s 0)")
	note(int64(sum.Fragments), "IP fragment was left out: fragments are not put together", "IP fragments were left out: fragments are not put together")
	note(int64(sum.Strange), "TCP segment far outside its stream was left out", "TCP segments far outside their streams were left out")
	note(int64(sum.Dropped), "stream was given up: too many were open at once", "streams were given up: too many were open at once")
	note(int64(sum.Others), "packet is not TCP", "packets are not TCP")
	return all
}

// finish prints the figures.
func (d *captureDecoder) finish(sum *capture.Summary, bad *capture.ReadError) error {
	notes := d.notes(sum)
	if d.o.json {
		end := struct {
			Format     string   `json:"format"`
			Packets    int      `json:"packets"`
			Streams    int      `json:"streams"`
			Messages   int      `json:"messages"`
			Exchanges  int      `json:"exchanges"`
			Unanswered int      `json:"unanswered"`
			Notes      []string `json:"notes,omitempty"`
			Error      string   `json:"error,omitempty"`
		}{sum.Format, sum.Packets, sum.Streams, d.messages, d.exchanges, d.unanswered, notes, ""}
		if bad != nil {
			end.Error = bad.Error()
		}
		b, err := json.MarshalIndent(end, "  ", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(d.out, "\n  ],\n  \"capture\": %s\n}\n", b)
		return err
	}
	var t decodeText
	format := sum.Format
	if format == "" {
		format = "capture"
	}
	head := []string{plural(sum.Packets, "packet"), plural(sum.Streams, "TCP stream"), plural(d.messages, "message")}
	if d.exchanges > 0 {
		head = append(head, fmt.Sprintf("%d answered", d.exchanges))
	}
	if d.unanswered > 0 {
		head = append(head, fmt.Sprintf("%d not answered", d.unanswered))
	}
	t.line("%s: %s.", format, strings.Join(head, ", "))
	for _, n := range notes {
		t.line("Note: %s.", n)
	}
	_, err := d.out.WriteString(t.b.String())
	return err
}
