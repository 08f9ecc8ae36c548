// Package reports writes what came of a suite, for people and for programs that
// gather test results.
package reports

import (
	"fmt"
	"io"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

// Form is one form of report.
type Form struct {
	Name  string // of the flag
	Usage string // one sentence without its full stop, the value in backquotes

	// Write writes the report. d is the dialect of the suite. It is nil where
	// Folder is not: then the report is several files in a folder that exists.
	Write  func(w io.Writer, r *suite.Report, d *dialect.Dialect) error
	Folder func(dir string, r *suite.Report) error
}

// Name is how people tell a result from others: its scenario and, of several
// runs of that, which one.
func Name(r *suite.Result) string {
	if r.Repeat == 0 {
		return r.Scenario
	}
	return fmt.Sprintf("%s #%d", r.Scenario, r.Repeat)
}

// Forms lists all forms. Each is a file of this package.
func Forms() []Form {
	return []Form{
		{Name: "junit", Usage: "write the report as JUnit XML to `FILE`, - is stdout, for CI systems", Write: WriteJUnit},
		{Name: "html", Usage: "write the report as a page for people, in English and Chinese, to `FILE`, - is stdout", Write: WriteHTML},
		{Name: "json", Usage: "write the report as JSON to `FILE`, - is stdout; docs/suites.md tells the keys", Write: WriteJSON},
		{Name: "transcripts", Usage: "write into the folder `DIR` what happened, NAME.jsonl, and the verdict on it, NAME.verdict.json", Folder: WriteTranscripts},
	}
}
