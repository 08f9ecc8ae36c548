package reports

import (
	"encoding/json"
	"io"

	"github.com/acqsim/acqsim/scenarios/verdict"
)

// WriteVerdict writes a verdict as JSON: equal verdicts are equal bytes.
func WriteVerdict(w io.Writer, v *verdict.Report) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
