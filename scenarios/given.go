package scenarios

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Given is what a scenario takes for granted: any part of a world file, laid
// over the world, and
//
//	clock: "2026-11-23T23:30:00+08:00"   the business clock when it begins
//	outcome: system-malfunction          what the host decides
//	outcome: [{match: {type: sale}, when: {nth: 1}, is: cut-over}]
type Given struct {
	Clock   time.Time     // of business; zero: not given
	Outcome []Decision    // what the host decides; the first that fits counts
	World   []WorldChange // which values of the world it sets

	overlay strictyaml.Node // the part of a world file
}

// WorldChange is one value of the world that a scenario sets.
type WorldChange struct {
	Path, Value string
	At          strictyaml.Node
}

// Text is the value for people: of a list of scalars, the scalars.
func (c WorldChange) Text() string {
	if c.At.Kind() != strictyaml.List {
		return c.Value
	}
	var all []string
	for _, item := range c.At.Items() {
		if item.Kind() == strictyaml.Mapping || item.Kind() == strictyaml.List {
			return c.Value
		}
		all = append(all, item.Text())
	}
	return strings.Join(all, ", ")
}

// Decision makes the host decide otherwise than it honestly would.
type Decision struct {
	Match Match         `yaml:"match" doc:"Which requests; without it, every financial request but reversals."`
	When  When          `yaml:"when" doc:"Which of them; without it, each."`
	Is    world.Outcome `yaml:"is,required" doc:"What the host decides."`
	Place strictyaml.Node
}

// givenForm is what a Given has besides a world.
type givenForm struct {
	Clock   *timestamp `yaml:"clock" doc:"The business clock when the scenario begins, with its zone: \"2026-11-23T23:30:00+08:00\"."`
	Outcome decisions  `yaml:"outcome" doc:"What the host decides: an outcome, or a list of {match, when, is}."`
}

// timestamp is a time with its zone.
type timestamp time.Time

// UnmarshalNode reads RFC 3339.
func (t *timestamp) UnmarshalNode(n strictyaml.Node) error {
	at, err := time.Parse(time.RFC3339, n.Text())
	if err != nil {
		return n.Errorf(`a time with its zone is wanted, such as "2026-11-23T23:30:00+08:00"`)
	}
	*t = timestamp(at)
	return nil
}

// JSONSchema is a time.
func (timestamp) JSONSchema() schema.Object {
	return schema.Object{"type": "string", "format": "date-time"}
}

type decisions []Decision

// UnmarshalNode reads an outcome, a decision, or a list of decisions.
func (d *decisions) UnmarshalNode(n strictyaml.Node) error {
	switch n.Kind() {
	case strictyaml.List:
		return n.Decode((*[]Decision)(d))
	case strictyaml.Mapping:
		*d = make(decisions, 1)
		return n.Decode(&(*d)[0])
	}
	var is world.Outcome
	err := n.Decode(&is)
	*d = decisions{{Is: is, Place: n}}
	return err
}

// JSONSchema is an outcome, a decision, or a list.
func (decisions) JSONSchema() schema.Object {
	one := schema.Of(reflect.TypeFor[Decision]())
	return schema.OneOf(schema.Of(reflect.TypeFor[world.Outcome]()), one, schema.List(one))
}

// UnmarshalNode reads the clock and the outcome, and keeps the rest for the
// world that it will be laid over.
func (g *Given) UnmarshalNode(n strictyaml.Node) error {
	if n.Kind() != strictyaml.Mapping {
		return n.Errorf("a mapping is wanted, such as {clock: …, accounts: {good: {balance: \"5.00\"}}}")
	}
	var found strictyaml.Problems
	var form givenForm
	var own struct {
		Clock   strictyaml.Node `yaml:"clock"`
		Outcome strictyaml.Node `yaml:"outcome"`
	}
	found.Add(n.Without(worldKeys...).Decode(&own))
	if own.Clock.Exists() {
		found.Add(own.Clock.Decode(&form.Clock))
	}
	if own.Outcome.Exists() {
		found.Add(own.Outcome.Decode(&form.Outcome))
	}
	*g = Given{Outcome: form.Outcome, overlay: n.Without("clock", "outcome")}
	if form.Clock != nil {
		g.Clock = time.Time(*form.Clock)
	}
	g.World = leaves(g.overlay, nil)
	return found.Err()
}

// worldKeys are the keys of a world file that a scenario can have. It can't
// change who the acquirer is, and takes the world that there is.
var worldKeys = []string{"accounts", "cards", "merchants", "terminals", "issuers", "holidays"}

// JSONSchema is a world with a clock and an outcome.
func (Given) JSONSchema() schema.Object {
	o := schema.Of(reflect.TypeFor[givenForm]())
	own, _ := o["properties"].(schema.Object)
	laid, _ := world.FileShape()["properties"].(schema.Object)
	for _, key := range worldKeys {
		own[key] = laid[key]
	}
	for _, key := range choosing {
		part, _ := own[key].(schema.Object)
		thing, _ := part["additionalProperties"].(schema.Object)
		keys, _ := thing["properties"].(schema.Object)
		delete(keys, "cause")
	}
	return o
}

// leaves lists the scalars below a node, and its lists as a whole, in order.
func leaves(n strictyaml.Node, all []WorldChange) []WorldChange {
	switch n.Kind() {
	case strictyaml.Mapping:
		for _, e := range n.Entries() {
			all = leaves(e.Value, all)
		}
		return all
	case strictyaml.List:
		var texts []string
		for _, item := range n.Items() {
			for _, l := range leaves(item, nil) {
				texts = append(texts, l.Path+"="+l.Value)
			}
		}
		return append(all, WorldChange{n.Path(), strings.Join(texts, ", "), n})
	case strictyaml.Missing, strictyaml.Null:
		return all
	}
	return append(all, WorldChange{n.Path(), n.Text(), n})
}

// Apply lays what scenarios take for granted over a world, in their order, and
// returns the new one; w stays as it is. The error is [strictyaml.Problems]:
// what the world can't take, and where two scenarios set the same thing
// differently.
func Apply(w *world.World, all ...*Scenario) (*world.World, error) {
	var found strictyaml.Problems
	found.Add(givenConflicts(all))
	for _, s := range all {
		if s.Given.overlay.Kind() != strictyaml.Mapping {
			continue
		}
		next, err := w.OverlayNode(s.Given.overlay)
		if err != nil {
			found.Add(err)
			continue
		}
		w = next
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	return w, nil
}

// Clock returns the business clock that scenarios take for granted; the zero
// time if none says so. Two that differ are an error.
func Clock(all ...*Scenario) (time.Time, error) {
	var first *Scenario
	for _, s := range all {
		switch {
		case s.Given.Clock.IsZero():
		case first == nil:
			first = s
		case !first.Given.Clock.Equal(s.Given.Clock):
			return time.Time{}, fmt.Errorf("%s sets the business clock to %s, and %s to %s: arm one of them",
				first.Name, first.Given.Clock.Format(time.RFC3339), s.Name, s.Given.Clock.Format(time.RFC3339))
		}
	}
	if first == nil {
		return time.Time{}, nil
	}
	return first.Given.Clock, nil
}

// givenConflicts finds values that two scenarios set differently.
func givenConflicts(all []*Scenario) error {
	type setter struct {
		by *Scenario
		WorldChange
	}
	var found strictyaml.Problems
	set := map[string]setter{}
	for _, s := range all {
		for _, c := range s.Given.World {
			before, twice := set[c.Path]
			if twice && before.by != s && before.Value != c.Value {
				found.Add(c.At.Errorf("%s sets %s, which %s sets otherwise: arm one of them", s.Name, strings.TrimPrefix(c.Path, "given."), before.by.Name))
				continue
			}
			set[c.Path] = setter{s, c}
		}
	}
	return found.Err()
}

// byDefault is what a decision without a match concerns: financial requests
// but reversals, which must stay answerable.
var byDefault = func() (all Some[world.TransactionType]) {
	for _, t := range world.TransactionTypes() {
		if t.Financial() && t != world.Reversal {
			all = append(all, t)
		}
	}
	return all
}()

// concerns completes the match of decisions.
func (g *Given) concerns() {
	for i := range g.Outcome {
		m := &g.Outcome[i].Match
		if len(m.Type) == 0 && len(m.MTI) == 0 {
			m.Type = slices.Clone(byDefault)
		}
	}
}
