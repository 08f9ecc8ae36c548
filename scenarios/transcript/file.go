package transcript

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Version is the version of the file format. A reader refuses a later one.
const Version = 1

// MaxLine is the longest line that a Decoder reads, in bytes: several times
// what the largest frame takes in hexadecimal.
const MaxLine = 1 << 20

// format is the value by which a header is known.
const format = "transcript"

// Header is the first line of a file. A file that was continued has another
// header where each run begins; events are numbered anew behind it.
type Header struct {
	Version int       // of the format; 0 stands for the present one when written
	Started time.Time // when the run, or the writing, began
	Program string    // what wrote it, such as "acqsim 1.2.0"
	Run     *Run      // of a run of a suite; nil: of anything else
}

// AppendHeader appends the line of a header, with its line feed.
func AppendHeader(dst []byte, h Header) []byte {
	if h.Version == 0 {
		h.Version = Version
	}
	o := object{b: append(dst, '{'), empty: true}
	o.text("acqsim", format)
	o.integer("version", int64(h.Version))
	o.time("started", h.Started)
	o.text("program", h.Program)
	if h.Run != nil {
		h.Run.append(&o)
	}
	return append(o.b, '}', '\n')
}

func (s *scanner) header() (Header, error) {
	var h Header
	kind := ""
	err := s.object(func(key string) (err error) {
		switch key {
		case "acqsim":
			kind, err = s.string()
		case "version":
			var n uint64
			n, err = s.unsigned(math.MaxInt32)
			h.Version = int(n)
		case "started":
			h.Started, err = s.time()
		case "program":
			h.Program, err = s.string()
		default:
			if h.Run == nil {
				h.Run = &Run{}
			}
			err = h.Run.read(s, key)
		}
		return err
	})
	switch {
	case err != nil:
		return h, err
	case kind != format:
		return h, fmt.Errorf(`a transcript begins with a header {"acqsim":"transcript","version":%d,…}; this is none`, Version)
	case h.Version < 1 || h.Version > Version:
		return h, fmt.Errorf("version %d is not known here, only %d is; read it with the acqsim that wrote it", h.Version, Version)
	}
	return h, nil
}

// headerStart is how a header line begins.
var headerStart = []byte(`{"acqsim":`)

// Encoder writes a transcript. It buffers: call Flush at the end.
type Encoder struct {
	w    *bufio.Writer
	line []byte
}

// NewEncoder returns an encoder that begins with the header.
func NewEncoder(w io.Writer, h Header) *Encoder {
	e := &Encoder{w: bufio.NewWriterSize(w, 64<<10)}
	// An error stays with the bufio.Writer until the next call returns it.
	_, _ = e.w.Write(AppendHeader(nil, h))
	return e
}

// Encode writes one event.
func (e *Encoder) Encode(event *Event) error {
	e.line = append(AppendJSON(e.line[:0], event), '\n')
	if _, err := e.w.Write(e.line); err != nil {
		return fmt.Errorf("transcript: %w", err)
	}
	return nil
}

// Flush writes what is buffered.
func (e *Encoder) Flush() error {
	if err := e.w.Flush(); err != nil {
		return fmt.Errorf("transcript: %w", err)
	}
	return nil
}

// SyntaxError says what is wrong in a transcript, and where.
type SyntaxError struct {
	File   string // as given to NewDecoder
	Line   int    // from 1
	Column int    // in bytes, from 1
	Err    error
}

// Error returns "file:line:column: what is wrong".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
}

// Unwrap returns what is wrong.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Decoder reads a transcript.
type Decoder struct {
	r      *bufio.Reader
	file   string
	header Header
	line   int    // number of the line read last
	ahead  []byte // a line that was read ahead
	torn   []int
	long   []byte // gathers a line longer than the reader's buffer
	err    error
}

// NewDecoder returns a decoder; file is the name that its errors give.
func NewDecoder(r io.Reader, file string) *Decoder {
	return &Decoder{r: bufio.NewReaderSize(r, 64<<10), file: file}
}

// Header returns the header that stands before the event read last.
func (d *Decoder) Header() Header { return d.header }

// Torn returns the numbers of lines that end in the middle, because whoever
// wrote them was killed: the last line, or lines before a further header. They
// are no error; what they would have said is lost.
func (d *Decoder) Torn() []int { return d.torn }

// Next returns the next event, and io.EOF at the end. What is wrong in the file
// is a *SyntaxError; after an error every call returns it again.
func (d *Decoder) Next() (Event, error) {
	if d.err != nil {
		return Event{}, d.err
	}
	e, err := d.next()
	d.err = err
	return e, err
}

func (d *Decoder) next() (Event, error) {
	for {
		line, err := d.read()
		if err != nil {
			return Event{}, err
		}
		number := d.line
		s := scanner{line: line}
		var e Event
		isHeader := d.header.Version == 0 || bytes.HasPrefix(line, headerStart)
		if isHeader {
			var h Header
			if h, err = s.header(); err == nil {
				err = s.end()
			}
			if err == nil {
				d.header = h
				continue
			}
		} else if e, err = s.event(); err == nil {
			err = s.end()
		}
		switch {
		case err == nil:
			return e, nil
		case errors.Is(err, errTorn) && d.tornHere():
			d.torn = append(d.torn, number)
		default:
			return Event{}, &SyntaxError{File: d.file, Line: number, Column: s.at + 1, Err: err}
		}
	}
}

// tornHere reports whether the line read last may be torn: nothing or a header
// follows it.
func (d *Decoder) tornHere() bool {
	line, err := d.read()
	if err != nil {
		return errors.Is(err, io.EOF)
	}
	d.ahead = line
	d.line--
	return bytes.HasPrefix(line, headerStart)
}

// read returns the next line without its line feed; it is valid until the next
// call. An empty last line is none.
func (d *Decoder) read() ([]byte, error) {
	if line := d.ahead; line != nil {
		d.ahead = nil
		d.line++
		return line, nil
	}
	line, err := d.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		d.long = append(d.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(d.long) <= MaxLine {
			line, err = d.r.ReadSlice('\n')
			d.long = append(d.long, line...)
		}
		line = d.long
	}
	switch {
	case len(line) > MaxLine:
		return nil, &SyntaxError{File: d.file, Line: d.line + 1, Column: MaxLine, Err: fmt.Errorf("the line is longer than %d bytes", MaxLine)}
	case err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("transcript: %s: %w", d.file, err)
	case err != nil && len(line) == 0:
		return nil, io.EOF
	}
	d.line++
	return bytes.TrimSuffix(line, []byte("\n")), nil
}
