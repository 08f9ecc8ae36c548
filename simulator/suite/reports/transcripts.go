package reports

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/acqsim/acqsim/simulator/suite"
)

// WriteTranscripts writes, for each scenario that was begun, NAME.jsonl and,
// where it was judged, NAME.verdict.json: what acqsim verdict --json makes of
// the transcript, byte by byte. Repeats are NAME-1.jsonl, NAME-2.jsonl, …
func WriteTranscripts(dir string, r *suite.Report) error {
	for i := range r.Results {
		x := &r.Results[i]
		if len(x.Events) == 0 {
			continue
		}
		if err := writeTranscript(filepath.Join(dir, fileName(x)), x); err != nil {
			return fmt.Errorf("%s: %w", x.Scenario, err)
		}
	}
	return nil
}

// fileName is what the files of a result are called, without extension.
func fileName(r *suite.Result) string {
	if r.Repeat == 0 {
		return r.Scenario
	}
	return fmt.Sprintf("%s-%d", r.Scenario, r.Repeat)
}

func writeTranscript(path string, r *suite.Result) error {
	record, err := suite.Record(r.Header, r.Events)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".jsonl", record, 0o644); err != nil { //nolint:gosec // evidence is masked
		return err
	}
	if r.Verdict == nil {
		// One of an earlier run would be about another transcript.
		if err := os.Remove(path + ".verdict.json"); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	var b bytes.Buffer
	if err := WriteVerdict(&b, r.Verdict); err != nil {
		return err
	}
	return os.WriteFile(path+".verdict.json", b.Bytes(), 0o644) //nolint:gosec // evidence is masked
}
