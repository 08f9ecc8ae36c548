package profile

import (
	"embed"
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

//go:embed profiles/*.yaml
var files embed.FS

// names are the embedded profiles, the default first.
var names = []string{Default, "unionpay-bctc", "nac"}

const (
	longestTimeout = 10 * time.Minute
	mostRetries    = 100
	mostPending    = 100
	mostRounds     = 10

	codePattern = `^[0-9A-Z]{2,4}$`
)

var (
	nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	codeForm = regexp.MustCompile(codePattern)
)

// compared are the data elements that a terminal compares with its request.
var compared = []int{3, 4, 11, 41, 42}

// Names lists the embedded profiles.
func Names() []string { return slices.Clone(names) }

// Source returns the file of an embedded profile, to start one's own from.
func Source(name string) ([]byte, error) {
	if !slices.Contains(names, name) {
		p := &strictyaml.Problem{Message: fmt.Sprintf("no profile is called %q", name), Hint: "the profiles are " + strings.Join(names, ", ")}
		return nil, p.Suggest(name, names)
	}
	return files.ReadFile(path.Join("profiles", name+".yaml"))
}

// Open returns an embedded profile.
func Open(name string) (*Profile, error) {
	src, err := Source(name)
	if err != nil {
		return nil, err
	}
	return Load(name+".yaml", src)
}

// Load reads a profile file: what it does not say is as in the profile that it
// is based on. file is used in messages only. The error is
// [strictyaml.Problems]: every mistake with its place.
func Load(file string, src []byte) (*Profile, error) {
	var found strictyaml.Problems
	n, err := strictyaml.Parse(file, src)
	found.Add(err)
	if !n.Exists() {
		return nil, found.Err()
	}
	p := new(Profile)
	base, err := baseOf(n)
	found.Add(err)
	if base != "" {
		b, err := Open(base)
		if err != nil {
			return nil, err // an embedded file that is broken
		}
		*p = *b
		p.clearIdentity()
	}
	found.Add(n.Decode(p))
	found.Add(p.check(found))
	if err := found.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// baseOf returns the profile that a file is laid over; empty for the one that
// says everything itself.
func baseOf(n strictyaml.Node) (string, error) {
	at := n.At("based_on")
	if at.Exists() {
		base, err := at.Choose("profile", names)
		if err != nil {
			base = Default // so that the rest can be checked
		}
		return base, err
	}
	if n.At("name").Text() == Default {
		return "", nil
	}
	return Default, nil
}

// clearIdentity forgets what is the base's own.
func (p *Profile) clearIdentity() {
	var fresh Profile
	p.Name, p.Title, p.About, p.BasedOn = fresh.Name, fresh.Title, fresh.About, fresh.BasedOn
}

// Schema returns the JSON Schema of profile files.
func Schema() schema.Object { return schema.File("acqsim profile", reflect.TypeFor[Profile]()) }

// check reports values that can't be, unless their place is complained of
// already.
func (p *Profile) check(already strictyaml.Problems) error {
	var found strictyaml.Problems
	bad := func(at strictyaml.Node, format string, args ...any) {
		problem := at.Errorf(format, args...)
		if !slices.ContainsFunc(already, func(q *strictyaml.Problem) bool { return q.Path == problem.Path }) {
			found = append(found, problem)
		}
	}
	at := p.Place.At
	if p.Name != "" && !nameForm.MatchString(p.Name) {
		bad(at("name"), "a profile's name has small letters, digits and hyphens")
	}
	for _, d := range []struct {
		key string
		d   time.Duration
	}{{"connect", p.Timeouts.Connect}, {"response", p.Timeouts.Response}} {
		if d.d < time.Millisecond || d.d > longestTimeout {
			bad(at("timeouts", d.key), "a timeout is between 1ms and %s", longestTimeout)
		}
	}
	if d := p.Connecting.Backoff; d < 0 || d > longestTimeout {
		bad(at("connecting", "backoff"), "the wait is between 0s and %s", longestTimeout)
	}
	within := func(n, lowest, highest int, path ...any) {
		if n < lowest || n > highest {
			bad(at(path...), "%d is out of bounds: it is %d to %d", n, lowest, highest)
		}
	}
	within(p.Connecting.Retries, 0, mostRetries, "connecting", "retries")
	within(p.PIN.Rounds, 1, mostRounds, "pin", "rounds")
	for i, f := range p.Replies.Tolerate {
		if !slices.Contains(compared, f) {
			bad(at("replies", "tolerate", i), "terminals compare the data elements 3, 4, 11, 41 and 42; %d is none of them", f)
		}
	}
	for i, c := range p.SignOn.Codes {
		if !codeForm.MatchString(c) {
			bad(at("sign_on", "codes", i), "%q is not a response code such as \"77\"", c)
		}
	}
	r, rev := p.Reversal, at("reversal")
	within(r.Repeats, 0, mostRetries, "reversal", "repeats")
	within(r.Pending, 1, mostPending, "reversal", "pending")
	for i, t := range r.Types {
		if !t.Financial() {
			bad(rev.At("types", i), "%s moves no money: it is never reversed", t)
		}
	}
	switch {
	case r.Within < 0 || r.Within > longestTimeout:
		bad(rev.At("within"), "the time is between 0s and %s", longestTimeout)
	case r.Within != 0 && r.Sent == BeforeNext:
		bad(rev.At("within"), "`within` goes with sent: at-once; before-next has no time limit")
	}
	if !r.SettledBy.Any && len(r.SettledBy.List) == 0 {
		bad(rev.At("settled_by"), "a reversal that nothing settles blocks for ever: name the codes, or write any")
	}
	for i, c := range r.SettledBy.List {
		if !codeForm.MatchString(c) {
			bad(rev.At("settled_by", i), "%q is not a response code such as \"25\"", c)
		}
	}
	for _, x := range []struct{ key, code string }{
		{"no_answer", r.Reasons.NoAnswer}, {"mac", r.Reasons.MAC}, {"terminal_failure", r.Reasons.TerminalFailure},
		{"card_declined", r.Reasons.CardDeclined}, {"other", r.Reasons.Other},
	} {
		if x.code != "" && !codeForm.MatchString(x.code) {
			bad(rev.At("reasons", x.key), "%q is not a code of DE 39 such as \"98\"", x.code)
		}
	}
	return found.Err()
}
