// Package scenarios has the scenario language: what happens when, and what is
// expected of the terminal. [Load] reads a scenario file strictly; a [Planner]
// says of each connection and exchange what the armed scenarios do to it. It
// does no I/O and has no clock: business time and wall time come as facts.
package scenarios

import (
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Scenario is one cause, or one test: a world, rules, actions for the terminal,
// and what is expected. It does not change once it is loaded.
type Scenario struct {
	Name    string          `yaml:"name,required" doc:"The scenario's name: small letters, digits and hyphens."`
	Title   world.Bilingual `yaml:"title,required" doc:"What it is called for people."`
	Story   world.Bilingual `yaml:"story" doc:"Two or three sentences for a trainer: what happened, and how it looks."`
	Source  string          `yaml:"source" doc:"Where this has been seen or is described."`
	Layer   Layer           `yaml:"layer,required" doc:"Where the cause sits."`
	Symptom Symptom         `yaml:"symptom,required" doc:"What the person at the terminal meets."`
	FoundBy []Step          `yaml:"found_by" doc:"The human steps that find the cause, the most telling first."`
	Site    world.Bilingual `yaml:"site" doc:"Of a cause in the shop: what a person does to bring it about. Goes with layer: site."`

	Terminal quoted     `yaml:"terminal" doc:"The terminal that does the actions; without one, the runner chooses."`
	Needs    Some[Need] `yaml:"needs" doc:"What terminal and dialect must have, or the cause can't be shown: keys (a sign-on brings them, or DUKPT), plain (a line without TLS)."`
	Seed     *uint64    `yaml:"seed" doc:"Seed of what is drawn; without one, the server's."`
	Trigger  *Trigger   `yaml:"trigger" doc:"How somebody with only a terminal in hand brings it about."`
	Given    Given      `yaml:"given" doc:"What the world is like: changes to it, the business clock, what the host decides."`
	Rules    []Rule     `yaml:"rules" doc:"What happens on the way. The first rule that strikes wins."`
	Actions  []Action   `yaml:"actions" doc:"What is done at the terminal, in this order."`
	Expect   []Expect   `yaml:"expect" doc:"What must have happened at the end."`
	Place    strictyaml.Node
}

// Rule says what is done to what, and when.
type Rule struct {
	Match Match  `yaml:"match" doc:"What it concerns; without it, everything."`
	When  When   `yaml:"when" doc:"Which of these occurrences it strikes; without it, each."`
	Fault Faults `yaml:"fault,required" doc:"What happens: a fault, a fault with parameters, or a list."`
	Also  bool   `yaml:"also" doc:"Strikes as well when an earlier rule of the scenario has struck."`
	Place strictyaml.Node
}

// Trigger is how a person at a terminal, who has nothing else, brings a cause
// about: with an amount that ends in these two digits.
type Trigger struct {
	Amount  quoted        `yaml:"amount,required" doc:"The last two digits of the amount, in quotes; \"00\" is always honest."`
	Outcome world.Outcome `yaml:"outcome" doc:"What the host then decides, for a cause that otherwise lies in the world."`
	Place   strictyaml.Node

	ending int64
}

// IsSite reports whether the cause is brought about by a person in the shop,
// and by nothing that acqsim does.
func (s *Scenario) IsSite() bool { return s.Layer == siteLayer }

const siteLayer Layer = "site"
