package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

// WriteJUnit writes the report in the XML form of JUnit, as Jenkins, GitLab and
// actions of GitHub read it: one test case for each scenario, whose class is
// the dialect and the profile. Characters that XML can't hold become U+FFFD.
func WriteJUnit(w io.Writer, r *suite.Report, _ *dialect.Dialect) error {
	all := junitSuites{Name: "acqsim", Tests: len(r.Results), Failures: r.Count(suite.Failed), Errors: r.Count(suite.Errored), Time: seconds(r.Elapsed)}
	s := junitSuite{
		Name: "acqsim " + r.Dialect + " " + r.Profile, Tests: all.Tests, Failures: all.Failures, Errors: all.Errors,
		Skipped: r.Count(suite.Skipped), Time: all.Time, Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05"),
	}
	for _, p := range [][2]string{
		{"terminal", r.Terminal}, {"profile", r.Profile}, {"dialect", r.Dialect}, {"seed", fmt.Sprint(r.Seed)}, {"program", r.Program},
	} {
		s.Properties = append(s.Properties, junitProperty{p[0], p[1]})
	}
	for i := range r.Results {
		s.Cases = append(s.Cases, junitCase(r, &r.Results[i]))
	}
	all.Suites = []junitSuite{s}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitCase(report *suite.Report, r *suite.Result) junitTest {
	c := junitTest{Name: Name(r), Class: "acqsim." + report.Dialect + "." + report.Profile, Time: seconds(r.Elapsed)}
	switch r.Status {
	case suite.Failed:
		c.Failure = &junitTrouble{Type: "expectation", Message: r.Why.EN, Text: evidence(report, r)}
		if r.Rule != "" {
			c.Failure.Type, c.Failure.Message = r.Rule, r.Rule+": "+r.Why.EN
		}
	case suite.Errored:
		c.Error = &junitTrouble{Type: "not-run", Message: firstLine(r.Why.EN), Text: r.Why.EN}
		c.Output = r.Output
	case suite.Skipped:
		c.Skipped = &junitSkip{Message: r.Why.EN}
	case suite.Passed:
	}
	return c
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// The elements stand in the order that the schema of Jenkins wants.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Time     string       `xml:"time,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"` // UTC; the schema knows no zones
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitTest     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitTest struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Skipped *junitSkip    `xml:"skipped"`
	Error   *junitTrouble `xml:"error"`
	Failure *junitTrouble `xml:"failure"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitSkip struct {
	Message string `xml:"message,attr"`
}

type junitTrouble struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}
