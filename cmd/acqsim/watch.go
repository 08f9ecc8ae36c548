package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/journal"
)

// watchEvery is how often scenario files are looked at.
const watchEvery = time.Second

// watch reads edited scenario files again until ctx ends.
func (m *armament) watch(ctx context.Context, j *journal.Journal) error {
	if m.planner != nil {
		// Rules may have struck listeners before the server was known.
		_ = m.server.Load().Rearm() // the journal has it
	}
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-t.C:
			for _, c := range m.files.Changes() {
				j.Append(transcript.Event{Kind: transcript.Note, Actor: transcript.Acqsim, Text: m.replace(c, now)})
			}
		}
	}
}

// replace puts an edited scenario in the place of the old one, and says so.
func (m *armament) replace(c scenarios.FileChange, now time.Time) string {
	if c.Err != nil {
		return c.Err.Error()
	}
	if i := slices.IndexFunc(m.own, func(s *scenarios.Scenario) bool { return s.Name == c.New.Name }); i >= 0 {
		return m.replaceOwn(i, c)
	}
	at := slices.IndexFunc(m.all, func(a scenarios.Arming) bool { return a.Scenario.Name == c.New.Name })
	if at < 0 || c.New.IsSite() {
		return replaceSite(c, at >= 0)
	}
	err := fits(c.New, m.listeners)
	if m.triggers && c.New.Trigger != nil {
		err = c.New.Place.At("trigger").Errorf("it had no trigger when the server started: start anew for it")
	}
	if err == nil {
		_, err = m.planner.Replace(c.New, now)
	}
	if err != nil {
		return fmt.Sprintf("%s goes on as it was: %v", c.Old.Name, err)
	}
	_ = m.server.Load().Rearm() // the journal has it
	text := fmt.Sprintf("%s was edited: %s is armed anew", c.Path, c.New.Name)
	if !sameWorld(&m.all[at].Scenario.Given, &c.New.Given) {
		text += "; the clock, and what it changes in the world, count from the next start on"
	}
	return text
}

// replaceOwn has amounts choose an edited scenario in the place of the old one.
func (m *armament) replaceOwn(i int, c scenarios.FileChange) string {
	own := slices.Clone(m.own)
	own[i] = c.New
	t, err := m.tableWith(own, c.New)
	if err != nil {
		return fmt.Sprintf("%s goes on as it was: %v", c.New.Name, err)
	}
	m.own = own
	m.planner.Trigger(t)
	_ = m.server.Load().Rearm() // the journal has it
	return fmt.Sprintf("%s was edited: amounts that end in %s choose %s as it is now", c.Path, c.New.Trigger.Amount, c.New.Name)
}

// tableWith is table with one of a user's own that was edited.
func (m *armament) tableWith(own []*scenarios.Scenario, edited *scenarios.Scenario) (*scenarios.Triggers, error) {
	if edited.Trigger == nil {
		return nil, edited.Place.At("trigger").Errorf("amounts chose it when the server started: give it a trigger again, or start anew")
	}
	if err := fits(edited, m.listeners); err != nil {
		return nil, err
	}
	return m.table(own)
}

// replaceSite takes care of a scenario that a person brings about, before or
// after it was edited. armed says that it was none of these before.
func replaceSite(c scenarios.FileChange, armed bool) string {
	layer := c.New.Place.At("layer")
	switch {
	case armed:
		return fmt.Sprintf("%s goes on as it was: %v", c.New.Name, layer.Errorf("a scenario of the shop is brought about by hand: start anew for it"))
	case !c.New.IsSite():
		return fmt.Sprintf("%s is not armed: %v", c.New.Name, layer.Errorf("it was one of the shop when the server started: start anew for it"))
	}
	return fmt.Sprintf("%s was edited: %s, by hand: %s %s", c.Path, c.New.Name, c.New.Site.EN, c.New.Site.ZH)
}

// sameWorld reports whether two scenarios take the same world and clock for
// granted.
func sameWorld(a, b *scenarios.Given) bool {
	return a.Clock.Equal(b.Clock) && slices.EqualFunc(a.World, b.World, func(x, y scenarios.WorldChange) bool {
		return x.Path == y.Path && x.Value == y.Value
	})
}
