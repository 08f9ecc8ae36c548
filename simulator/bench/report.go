package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is everything that one run measured.
type Report struct {
	Date     time.Time `json:"date"`
	Machine  Machine   `json:"machine"`
	Options  Options   `json:"options"`
	Cells    []Cell    `json:"cells,omitempty"`
	Lean     []Cell    `json:"lean,omitempty"` // under the lean load
	Armed    []Cell    `json:"armed,omitempty"`
	Delays   *Delays   `json:"delays,omitempty"`
	Idle     []Idle    `json:"idle,omitempty"`
	Soak     *Soak     `json:"soak,omitempty"`
	Complete bool      `json:"complete"` // false: it was interrupted or failed; what is here was measured
}

// JSON writes the report for machines. Durations are in nanoseconds.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error { return r.write(w, false) }

// Markdown writes the report for documentation.
func (r *Report) Markdown(w io.Writer) error { return r.write(w, true) }

func (r *Report) write(w io.Writer, markdown bool) error {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "%s: %s, %d cores, %s, %s %s\n", r.Date.Format("2 January 2006"), m.CPU, m.Cores, m.Kernel, m.Go, m.Platform)
	if !r.Complete {
		fmt.Fprintf(&b, "\nInterrupted or failed: this is what had been measured.\n")
	}
	if len(r.Cells) > 0 {
		o := r.Options
		fmt.Fprintf(&b, "\nMedians of %d rounds of %v each, servers in turns, %d terminals; servers and load share the cores.\n\n", o.Rounds, o.Time, o.Terminals)
		writeTable(&b, r.cellRows(r.Cells), markdown)
	}
	if len(r.Lean) > 0 {
		fmt.Fprintf(&b, "\nThe same under a load that costs next to nothing: the echo is faster than what is to be reached was set with, and\n"+
			"what servers cost shows the best.\n\n")
		writeTable(&b, r.cellRows(r.Lean), markdown)
	}
	if len(r.Armed) > 0 {
		fmt.Fprintf(&b, "\nWith a scenario armed that selects another terminal (%s), and with none, in turns of %v:\n\n",
			armedCause, r.Options.Time/armedTurns)
		writeTable(&b, r.armedRows(), markdown)
	}
	if d := r.Delays; d != nil && len(d.Faults) > 0 {
		fmt.Fprintf(&b, "\nBy how much faults that wait miss the time they were given, as a terminal sees it: idle, and under\n"+
			"%d connections that never pause (%s msg/s), whose load shares the cores. In microseconds:\n\n",
			delayConnections, thousands(uint64(d.Load)))
		writeTable(&b, d.rows(), markdown)
	}
	if len(r.Idle) > 0 {
		fmt.Fprintf(&b, "\nMemory of an idle connection that has done one sale:\n\n")
		writeTable(&b, r.idleRows(), markdown)
	}
	if r.Soak != nil && len(r.Soak.Points) > 0 {
		fmt.Fprintf(&b, "\nMemory of %s over many messages (%s at %d × %d):\n\n", r.Soak.Server, r.Soak.Traffic, soakConnections, soakDepth)
		writeTable(&b, r.Soak.rows(), markdown)
	}
	if rows := r.targetRows(); len(rows) > 1 {
		b.WriteString("\nTo reach:\n\n")
		writeTable(&b, rows, markdown)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cellRows is the main table. Times are in microseconds.
func (r *Report) cellRows(cells []Cell) [][]string {
	head := []string{"dialect", "MAC", "settles", "conns", "depth"}
	for _, s := range r.Options.Servers {
		head = append(head, s+" msg/s", "p50 µs", "p99 µs", "fewest–most", "CPU µs/msg")
	}
	both := len(r.Options.Servers) > 1
	if both {
		head = append(head, "ratio", "p99 ratio")
	}
	rows := [][]string{head}
	for _, c := range cells {
		settles := "no"
		if c.Traffic.Settle {
			settles = "yes"
		}
		row := []string{c.Traffic.Dialect, c.Traffic.mac(), settles, thousands(uint64(c.Connections)), strconv.Itoa(c.Depth)} //nolint:gosec // positive
		for _, s := range r.Options.Servers {
			f := c.Servers[s]
			row = append(row, f.speed(), micros(f.P50), micros(f.P99),
				thousands(f.Fewest)+"–"+thousands(f.Most), micros(f.CPU))
		}
		if both {
			row = append(row, fmt.Sprintf("%.2f", c.Ratio), fmt.Sprintf("%.2f", c.TailRatio))
		}
		rows = append(rows, row)
	}
	return rows
}

func (r *Report) idleRows() [][]string {
	rows := [][]string{{"server", "dialect", "connections", "resident KiB", "Go KiB"}}
	for _, i := range r.Idle {
		rows = append(rows, []string{
			i.Server, i.Traffic.String(), thousands(uint64(i.Connections)), //nolint:gosec // positive
			kib(i.Resident), kib(i.Go),
		})
	}
	return rows
}

func (s *Soak) rows() [][]string {
	rows := [][]string{{"messages", "msg/s", "resident MiB", "after GC MiB", "objects MiB"}}
	for _, p := range s.Points {
		rows = append(rows, []string{
			thousands(p.Messages), thousands(uint64(p.PerSecond)),
			mib(p.Busy.Resident), mib(p.Settled.Resident), mib(p.Settled.Heap),
		})
	}
	return rows
}

// writeTable writes rows, the first of which is the head. Columns that hold
// figures are aligned right.
func writeTable(b *strings.Builder, rows [][]string, markdown bool) {
	width, figures := make([]int, len(rows[0])), make([]bool, len(rows[0]))
	for n, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
			if n == 1 {
				figures[i] = strings.ContainsAny(cell[:1], "0123456789-")
			}
		}
	}
	sep, edge := "  ", ""
	if markdown {
		sep, edge = " | ", "|"
	}
	line := func(cells []string) {
		var l strings.Builder
		l.WriteString(edge)
		for i, cell := range cells {
			gap := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				l.WriteString(sep)
			} else if markdown {
				l.WriteString(" ")
			}
			if figures[i] {
				l.WriteString(gap + cell)
			} else {
				l.WriteString(cell + gap)
			}
		}
		if markdown {
			l.WriteString(" |")
		}
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	line(rows[0])
	if markdown {
		rule := make([]string, len(width))
		for i, n := range width {
			rule[i] = strings.Repeat("-", max(n-1, 2))
			if figures[i] {
				rule[i] += ":"
			} else {
				rule[i] += "-"
			}
		}
		line(rule)
	}
	for _, row := range rows[1:] {
		line(row)
	}
}

// thousands writes 1234567 as 1,234,567.
func thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func micros(d time.Duration) string {
	us := float64(d) / float64(time.Microsecond)
	switch {
	case d == 0:
		return "-"
	case us < 100:
		return fmt.Sprintf("%.1f", us)
	default:
		return thousands(uint64(us))
	}
}

func kib(bytes float64) string {
	if bytes == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", bytes/1024)
}

func mib(bytes uint64) string {
	if bytes == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", float64(bytes)/(1<<20))
}
