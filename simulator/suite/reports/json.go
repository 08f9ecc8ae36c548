package reports

import (
	"encoding/json"
	"io"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

// WriteJSON writes the report as one JSON object, whose keys docs/suites.md
// tells.
func WriteJSON(w io.Writer, r *suite.Report, _ *dialect.Dialect) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
