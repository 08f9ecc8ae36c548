package bench

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
)

const (
	// armedCause is what is armed in the server that is compared with one
	// without, and absentTerminal whom it is armed for: nobody that trades.
	armedCause     = "reply-lost"
	absentTerminal = "79999999"

	armedConnections = 100
	// armedTurns is into how many turns a round is cut here: two servers that
	// are nearly the same must see the same minute of a shared machine.
	armedTurns = 4
)

// startArmed starts acqsim with a scenario that selects another terminal.
func startArmed(ctx context.Context) (map[string]string, func() error, error) {
	s, err := library.Load(armedCause, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("bench: %w", err)
	}
	return startAcqsim(ctx, scenarios.Arming{Scenario: s, Terminals: absentTerminal, At: time.Now()})
}

// MeasureArmed compares acqsim with nothing armed and acqsim with a scenario
// armed that selects another terminal: what the terminals that nobody chose
// pay for it. One line for each traffic, on 100 connections at the greatest of
// the depths, where acqsim's own work counts the most. Errors are those of
// [Run].
func MeasureArmed(ctx context.Context, o Options) ([]Cell, error) {
	if err := o.Complete(); err != nil {
		return nil, err
	}
	o.Servers, o.lean = []string{AcqsimServer, ArmedServer}, true
	if all := slices.DeleteFunc(slices.Clone(o.Traffics), func(t Traffic) bool { return t.Settle }); len(all) > 0 {
		o.Traffics = all // sales are enough to compare
	}
	o.Connections, o.Depths = []int{armedConnections}, []int{slices.Max(o.Depths)}
	o.Rounds, o.Time = o.Rounds*armedTurns, o.Time/armedTurns
	return Run(ctx, o)
}

// armedRows is the table of [MeasureArmed]. Times are in microseconds.
func (r *Report) armedRows() [][]string {
	rows := [][]string{{
		"dialect", "MAC", "conns", "depth", "none armed msg/s", "CPU µs/msg", "armed msg/s", "CPU µs/msg", "ratio", "CPU ratio",
	}}
	for i := range r.Armed {
		c := &r.Armed[i]
		row := []string{c.Traffic.Dialect, c.Traffic.mac(), thousands(uint64(c.Connections)), strconv.Itoa(c.Depth)} //nolint:gosec // positive
		for _, s := range []string{AcqsimServer, ArmedServer} {
			row = append(row, c.Servers[s].speed(), micros(c.Servers[s].CPU))
		}
		cpu := "-"
		if c.CPURatio > 0 {
			cpu = fmt.Sprintf("%.2f", c.CPURatio)
		}
		rows = append(rows, append(row, fmt.Sprintf("%.2f", c.Ratio), cpu))
	}
	return rows
}

// mac says whether there are MACs, as tables do.
func (t Traffic) mac() string {
	if t.MAC {
		return "on"
	}
	return "off"
}

// speed is the messages per second, or that replies were wrong.
func (f *Figure) speed() string {
	if f.Wrong > 0 {
		return fmt.Sprintf("WRONG (%d)", f.Wrong)
	}
	return thousands(uint64(f.PerSecond))
}
