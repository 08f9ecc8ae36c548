package suite

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// Judge judges what is recorded of a run, by nothing but the record: equal
// transcripts give equal verdicts, whenever and wherever they are judged.
func Judge(h transcript.Header, events []transcript.Event) (*verdict.Report, error) {
	return judgeIn(h, events, world.Default())
}

// judgeIn is Judge with the world of a run whose header does not say it.
func judgeIn(h transcript.Header, events []transcript.Event, w *world.World) (*verdict.Report, error) {
	fields := &fieldReader{}
	in := verdict.Input{Events: events, Field: fields.Read, Means: fields.Means}
	run := h.Run
	if run == nil {
		run = &transcript.Run{}
	}
	in.Terminal = run.Terminal
	if err := fields.know(run.Dialect); err != nil {
		return nil, err
	}
	var err error
	if in.Profile, err = openProfile(run.Profile); err != nil {
		return nil, err
	}
	in.Profile = paceOf(run).Apply(in.Profile)
	if run.World.Text != "" {
		if w, err = world.Load(run.World.Name, []byte(run.World.Text)); err != nil {
			return nil, err
		}
	}
	if run.Scenario.Text != "" {
		if in.Scenario, err = scenarios.Load(run.Scenario.Name, []byte(run.Scenario.Text), w); err != nil {
			return nil, err
		}
		if in.World, err = scenarios.Apply(w, in.Scenario); err != nil {
			return nil, err
		}
	}
	return verdict.Judge(in)
}

func openProfile(s transcript.Source) (*profile.Profile, error) {
	if s.Text == "" {
		return profile.Open(cmp.Or(s.Name, profile.Default))
	}
	return profile.Load(s.Name, []byte(s.Text))
}

// Record is a transcript of a run, as it stands in its file.
func Record(h transcript.Header, events []transcript.Event) ([]byte, error) {
	var b bytes.Buffer
	e := transcript.NewEncoder(&b, h)
	for i := range events {
		if err := e.Encode(&events[i]); err != nil {
			return nil, err
		}
	}
	if err := e.Flush(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// LastRun reads the last run in a transcript; name is for its errors.
func LastRun(r io.Reader, name string) (h transcript.Header, events []transcript.Event, err error) {
	d := transcript.NewDecoder(r, name)
	for {
		e, err := d.Next()
		switch {
		case errors.Is(err, io.EOF):
			return d.Header(), events, nil
		case err != nil:
			return h, nil, fmt.Errorf("the transcript can't be read: %w", err)
		}
		if n := len(events); n > 0 && e.Seq <= events[n-1].Seq {
			events = events[:0] // events are numbered anew in each run
		}
		events = append(events, e)
	}
}

// fieldReader reads data elements of recorded frames. The zero value is ready;
// it is for one goroutine at a time.
type fieldReader struct{ dialects map[string]*dialect.Dialect }

// know takes a user's dialect from a transcript.
func (r *fieldReader) know(from transcript.Source) error {
	if from.Text == "" {
		return nil
	}
	d, err := dialect.LoadText(from.Name, []byte(from.Text))
	if err != nil {
		return err
	}
	r.dialects = map[string]*dialect.Dialect{d.Name(): d}
	return nil
}

// Read returns a data element of the message in an event, 0 being the MTI.
func (r *fieldReader) Read(e *transcript.Event, n int) (value string, present, readable bool) {
	d := r.dialect(e.Dialect)
	if d == nil || len(e.Raw) == 0 {
		return "", false, false
	}
	f, _, err := d.Format().Cut(e.Raw, 0)
	if err != nil {
		return "", false, false
	}
	var ix dialect.Index
	if _, err := d.Index(f.Body, &ix); err != nil {
		return "", false, false
	}
	text, present := d.FieldText(f.Body, &ix, n, nil)
	return string(text), present, true
}

// dialect opens a dialect once. One that can't be opened here is nil, and
// leaves its fields unread.
func (r *fieldReader) dialect(name string) *dialect.Dialect {
	d, known := r.dialects[name]
	if !known {
		if r.dialects == nil {
			r.dialects = map[string]*dialect.Dialect{}
		}
		d, _ = dialect.Open(name)
		r.dialects[name] = d
	}
	return d
}

// of1987 are the embedded dialects whose codes scenarios are written in.
var of1987 = []string{"unionpay-pos", "iso87-ascii"}

// Means returns the response codes of ISO 8583:1987 that mean the same as one
// in the answer to a request: those that its dialects have for an outcome for
// which the request's own dialect has that code.
func (r *fieldReader) Means(request *transcript.Event, code string) (same []string) {
	d := r.dialect(request.Dialect)
	if d == nil {
		return nil
	}
	for _, o := range world.Outcomes() {
		if d.Code(request.MTI, o) != code {
			continue
		}
		for _, name := range of1987 {
			if x := r.dialect(name); x != nil {
				same = append(same, x.Code(request.MTI%1000, o))
			}
		}
	}
	return same
}
