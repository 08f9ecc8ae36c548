package bench

import "fmt"

// What acqsim has to reach, against the echo or itself in the same run. The ratios
// were set with a load as the plain one is (see [MeasureLean]).
const (
	targetRatio1   = 0.70 // of the echo's messages per second at 100 × 1, MAC off
	targetRatio16  = 0.35 // the same at 100 × 16
	targetTail     = 1.5  // p99 over the echo's, at depth 1
	targetArmed    = 0.95 // of acqsim's own messages per second, with a scenario armed for others
	targetIdle     = 10 << 10
	targetGrowth   = 0.05 // of memory, from one third of a soak to the next
	targetStarving = 0.1  // fewest over most messages on a connection
)

// Target is something to reach, and whether it was.
type Target struct {
	What string
	Got  string
	Met  bool
}

// Targets compares what was measured with what is to be reached. What was not
// measured is not in it.
func (r *Report) Targets() []Target {
	var ts []Target
	add := func(met bool, got, what string, args ...any) {
		ts = append(ts, Target{What: fmt.Sprintf(what, args...), Got: got, Met: met})
	}
	for _, part := range []struct {
		cells []Cell
		under string
	}{{r.Cells, ""}, {r.Lean, ", lean load"}} {
		for i := range part.cells {
			c := &part.cells[i]
			if c.Ratio == 0 {
				continue
			}
			ratio := fmt.Sprintf("%.2f", c.Ratio)
			if c.Connections == 100 && !c.Traffic.MAC {
				switch c.Depth {
				case 1:
					add(c.Ratio >= targetRatio1, ratio, "%s%s: at least %.2f of the echo", c, part.under, targetRatio1)
				case 16:
					add(c.Ratio >= targetRatio16, ratio, "%s%s: at least %.2f of the echo", c, part.under, targetRatio16)
				}
			}
			if c.Depth == 1 {
				add(c.TailRatio <= targetTail, fmt.Sprintf("%.2f", c.TailRatio), "%s%s: p99 at most %.1f × the echo's", c, part.under, targetTail)
			}
		}
	}
	for _, s := range r.Options.Servers {
		if s == EchoServer {
			continue
		}
		if c, share := r.leastFair(s); c != nil {
			add(share >= targetStarving, fmt.Sprintf("%.2f (%s)", share, c), "no connection starved: fewest at least %.1f of most", targetStarving)
		}
	}
	for i := range r.Armed {
		if c := &r.Armed[i]; c.Ratio > 0 {
			add(c.Ratio >= targetArmed, fmt.Sprintf("%.2f", c.Ratio), "%s: at least %.2f with a scenario armed for others", c, targetArmed)
		}
	}
	for _, i := range r.Idle {
		if bytes := max(i.Resident, i.Go); i.Server != EchoServer {
			add(bytes < targetIdle, kib(bytes)+" KiB", "an idle connection of %d takes less than %d KiB (%s)", i.Connections, targetIdle>>10, i.Server)
		}
	}
	if r.Soak != nil {
		if growth, known := r.Soak.Growth(); known {
			add(growth <= targetGrowth, fmt.Sprintf("%+.1f %%", 100*growth), "memory is flat over %s messages", thousands(r.Soak.Points[len(r.Soak.Points)-1].Messages))
		}
	}
	return ts
}

// leastFair is the cell in which the server's connections differ most.
func (r *Report) leastFair(server string) (least *Cell, share float64) {
	for i := range r.Cells {
		f := r.Cells[i].Servers[server]
		if f == nil {
			continue
		}
		if s := float64(f.Fewest) / float64(max(f.Most, 1)); least == nil || s < share {
			least, share = &r.Cells[i], s
		}
	}
	return least, share
}

func (r *Report) targetRows() [][]string {
	rows := [][]string{{"target", "measured", "reached"}}
	for _, t := range r.Targets() {
		met := "yes"
		if !t.Met {
			met = "NO"
		}
		rows = append(rows, []string{t.What, t.Got, met})
	}
	return rows
}
