package device

import (
	"strings"

	"github.com/acqsim/acqsim/scenarios/world"
)

// receipts draws the paper in so many lines, its frame included; the last
// receipt is at the bottom, unless it is scrolled.
func (m *Model) receipts(lines int) string {
	room := lines - 2
	all := m.printed()
	if len(all) == 0 {
		all = []string{m.in(world.Bilingual{EN: "(receipts come out here)", ZH: "（签购单在此打印）"})}
	}
	m.up = max(0, min(m.up, len(all)-room))
	end := len(all) - m.up
	shown := all[max(0, end-room):end]
	shown = append(shown[:len(shown):len(shown)], make([]string, room-len(shown))...)
	return paperStyle.Height(lines).Render(strings.Join(shown, "\n"))
}

// printed are the lines of the paper.
func (m *Model) printed() (all []string) {
	for i, r := range m.paper {
		if i > 0 {
			all = append(all, strings.Repeat("- ", textWidth/2))
		}
		for _, l := range r.Lines {
			all = append(all, wrap(m.in(l))...)
		}
	}
	return all
}

// scroll moves the paper.
func (m *Model) scroll(key string) {
	const page = 10
	switch key {
	case keyPageUp:
		m.up += page
	case keyPageDn:
		m.up -= page
	case keyHome:
		m.up = len(m.printed())
	case keyEnd:
		m.up = 0
	}
	m.up = max(0, min(m.up, len(m.printed())))
}
