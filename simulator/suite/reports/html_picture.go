package reports

import (
	"fmt"
	"html/template"
	"strings"
)

// The measures of a row's picture.
const (
	pictureWidth  = 1000
	pictureHeight = 30
	lineAt        = 22 // of arrows
	textAt        = 16
)

// picture draws a row: the lanes, and an arrow or a note.
func picture(r *row) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="%s" viewBox="0 0 %d %d" role="img" aria-label="%s">`, r.Class, pictureWidth, pictureHeight,
		template.HTMLEscapeString(fmt.Sprintf("%d, %s s: %s", r.Seq, r.Time, r.Label.EN)))
	fmt.Fprintf(&b, `<path class="l" d="M%d 0v%dM%d 0v%dM%d 0v%d"/>`, laneTerminal, pictureHeight, laneAcqsim, pictureHeight, laneHost, pictureHeight)
	fmt.Fprintf(&b, `<text class="n" x="4" y="%d">%d</text><text class="t" x="120" y="%[1]d">%[3]s</text>`, textAt+2, r.Seq, r.Time)
	if r.Arrow {
		b.WriteString(arrowPicture(r))
	} else {
		b.WriteString(notePicture(r))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // numbers of this package, and texts that are escaped
}

// pausePicture draws the lanes during a long pause.
func pausePicture(pause string) template.HTML {
	const height = 20
	return template.HTML(fmt.Sprintf(`<svg class="pause" viewBox="0 0 %d %d" role="img" aria-label="%s"><path class="l" d="M%d 0v%dM%d 0v%dM%d 0v%d"/><text class="t" x="120" y="14">%s</text></svg>`, //nolint:gosec // numbers
		pictureWidth, height, pause, laneTerminal, height, laneAcqsim, height, laneHost, height, "+"+pause))
}

func arrowPicture(r *row) string {
	step := 1 // direction
	if r.To < r.From {
		step = -1
	}
	from, to := r.From+3*step, r.To-3*step
	middle := (r.From + r.To) / 2
	label := svgText(fmt.Sprintf(` class="m" x="%d" y="%d"`, middle, textAt-2), clip(r.Label, (r.To-r.From)*step/7))
	if r.Broken {
		end := from + (to-from)*3/5
		return label + fmt.Sprintf(`<path class="a b" d="M%d %dH%d"/><path class="x" d="M%d %dl10 10m0-10l-10 10"/>`, from, lineAt, end, end-5+7*step, lineAt-5)
	}
	return label + fmt.Sprintf(`<path class="a" d="M%d %dH%d"/><path class="h" d="M%d %dl%d-4v8z"/>`, from, lineAt, to, to, lineAt, -8*step)
}

// notePicture draws a box at a lane: at the terminal's it begins there, since
// what is done and seen there takes the most room.
func notePicture(r *row) string {
	label := clip(r.Label, 52)
	if r.Lane == laneHost {
		label = clip(r.Label, 36)
	}
	wide := max(width(label.EN), width(label.ZH)) + 20
	x := r.Lane - wide/2
	if r.Lane == laneTerminal {
		x = r.Lane - 60
	}
	x = min(x, pictureWidth-wide-2)
	return fmt.Sprintf(`<rect class="o" x="%d" y="3" width="%d" height="24" rx="4"/>`, x, wide) +
		svgText(fmt.Sprintf(` class="m" x="%d" y="%d"`, x+wide/2, textAt+3), label)
}

func svgText(attributes string, t text) string { return string(inBoth("text", attributes, t)) }

// width is about how wide a text is drawn: letters take half of what Chinese
// characters take.
func width(s string) (n int) {
	for _, r := range s {
		n += 7
		if r >= 0x2e80 {
			n += 6
		}
	}
	return n
}

// clip cuts texts to about so many letters; whoever opens the row reads all.
func clip(t text, letters int) text {
	return text{EN: clipTo(t.EN, letters*7), ZH: clipTo(t.ZH, letters*7)}
}

func clipTo(s string, most int) string {
	if width(s) <= most {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && width(string(r)) > most-10 {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}
