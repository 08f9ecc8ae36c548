package device

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// The sizes of the device, in columns and lines. A Chinese character takes two
// columns.
const (
	displayLines = 4
	textWidth    = 34 // of a line on display and paper
	frameWidth   = textWidth + 4
	gap          = 2
	bodyLines    = 19
	leastWidth   = 2*frameWidth + gap
	leastHeight  = bodyLines + 3 // title and help, and a blank line
	menuColumn   = 13
)

// In colours that any terminal window has.
var (
	titleStyle   = lipgloss.NewStyle().Bold(true)
	displayStyle = lipgloss.NewStyle().Border(lipgloss.ThickBorder()).Padding(0, 1).Width(frameWidth)
	paperStyle   = lipgloss.NewStyle().Border(lipgloss.NormalBorder()).Padding(0, 1).Width(frameWidth)
	faintStyle   = lipgloss.NewStyle().Faint(true)
	keyStyle     = lipgloss.NewStyle().Bold(true)
	goodStyle    = lipgloss.NewStyle().Foreground(lipgloss.Green)
	badStyle     = lipgloss.NewStyle().Foreground(lipgloss.Red)
	clearStyle   = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
)

// View draws the device.
func (m *Model) View() tea.View {
	v := tea.NewView(m.draw())
	v.AltScreen, v.WindowTitle = true, "acqsim terminal"
	return v
}

func (m *Model) draw() string {
	switch {
	case m.width == 0:
		return "" // the window's size comes first
	case m.width < leastWidth || m.height < leastHeight:
		return m.in(world.Bilingual{
			EN: fmt.Sprintf("This window has %d x %d characters. Make it %d x %d, please. (Ctrl-C leaves)", m.width, m.height, leastWidth, leastHeight),
			ZH: fmt.Sprintf("窗口太小（%d x %d），请放大到%d x %d。（Ctrl-C退出）", m.width, m.height, leastWidth, leastHeight),
		})
	}
	lines := m.height - leastHeight + bodyLines
	left := lipgloss.JoinVertical(lipgloss.Left, m.display(), "", m.menu(), "", m.keypad(), "", m.details())
	body := lipgloss.JoinHorizontal(lipgloss.Top, left, strings.Repeat(" ", gap), m.receipts(lines))
	help := m.in(world.Bilingual{
		EN: "PgUp, PgDn: scroll the paper   Ctrl-C: leave",
		ZH: "PgUp、PgDn：翻看签购单   Ctrl-C：退出",
	})
	return titleStyle.Render(ansi.Truncate(m.o.Title, m.width, "...")) + "\n" + body + "\n\n" + faintStyle.Render(help)
}

// display draws the lines of the display.
func (m *Model) display() string {
	lines, style := m.lines()
	for len(lines) < displayLines {
		lines = append(lines, "")
	}
	for i, l := range lines[:displayLines] {
		lines[i] = ansi.Truncate(l, textWidth, "...")
	}
	return displayStyle.Render(style.Render(strings.Join(lines[:displayLines], "\n")))
}

// lines are what the display says.
func (m *Model) lines() ([]string, lipgloss.Style) {
	plain := lipgloss.NewStyle()
	switch {
	case m.at == asking && m.asks[0] == askCard:
		return m.cards(), plain
	case m.at == asking:
		lines := []string{m.in(m.function.name), m.in(m.prompt())}
		if m.asks[0] == askConfirm {
			return append(lines, m.about()...), plain
		}
		return append(lines, right(m.answered()), m.in(m.problem)), plain
	case m.at == busy && m.job.again != nil:
		return []string{
			m.in(m.function.name),
			m.in(world.Bilingual{EN: "Wrong PIN, once more", ZH: "密码错误，请重新输入"}) + fmt.Sprintf(" (%d)", m.job.round),
			right(strings.Repeat("*", len(m.typed))), m.in(m.problem),
		}, plain
	case m.at == busy:
		return []string{
			m.in(m.function.name), m.in(m.phase()),
			m.in(world.Bilingual{EN: "Processing...", ZH: "交易处理中..."}) + fmt.Sprintf(" %d s", m.job.seconds),
			m.in(world.Bilingual{EN: "CANCEL stops it", ZH: "按取消键中止"}),
		}, plain
	case m.at == ended:
		return m.outcome()
	}
	return m.resting(), plain
}

// outcome are the lines at the end of a transaction.
func (m *Model) outcome() ([]string, lipgloss.Style) {
	s, style := &m.shown, badStyle
	if s.good {
		style = goodStyle
	}
	text := m.in(s.text)
	if s.code != "" {
		text += " (" + s.code + ")"
	}
	lines := append([]string{m.in(m.function.name)}, wrap(text)...)
	if s.balance != "" {
		lines = append(lines, right(s.balance))
	}
	if hint := m.in(s.hint); hint != "" {
		lines = append(lines, wrap(hint)...)
	}
	return lines, style
}

// resting are the lines between two transactions.
func (m *Model) resting() []string {
	s := m.t.State()
	lines := append([]string{m.in(world.Bilingual{EN: "Choose a function", ZH: "请选择功能"})}, m.totals()...)
	switch {
	case len(s.Pending) > 0:
		lines = append(lines, m.in(world.Bilingual{EN: "A reversal is pending", ZH: "有未完成的冲正"}))
	case s.Settling != nil:
		lines = append(lines, m.in(world.Bilingual{EN: "A settlement is not finished", ZH: "结算未完成"}))
	case s.SignOn:
		lines = append(lines, m.in(world.Bilingual{EN: "A sign-on is due", ZH: "需要签到"}))
	}
	return lines
}

// totals are those of the batch, on two lines.
func (m *Model) totals() []string {
	sum := func(en, zh string, x terminal.Sum) string {
		amount := world.FormatAmount(x.Amount, m.currency())
		return m.in(world.Bilingual{EN: fmt.Sprintf("%s: %d, %s", en, x.Count, amount), ZH: fmt.Sprintf("%s：%d笔 %s", zh, x.Count, amount)})
	}
	t := m.t.State().Totals
	return []string{sum("Sales", "消费", t.Sales), sum("Refunds", "退货", t.Refunds)}
}

// cards are the lines while a card is chosen: three of those at hand.
func (m *Model) cards() []string {
	lines := []string{m.in(m.function.name) + "  " + m.in(world.Bilingual{EN: "Card? Arrows, or its number", ZH: "请选卡或输入卡号"})}
	const most = displayLines - 1
	from := max(0, min(m.chosen-1, len(m.o.Cards)-most))
	for i := from; i < min(from+most, len(m.o.Cards)); i++ {
		mark := "  "
		if i == m.chosen {
			mark = "> "
		}
		c := m.o.Cards[i]
		lines = append(lines, mark+c.Name+"  "+m.in(c.About))
	}
	return lines
}

// phase says how far the transaction has come.
func (m *Model) phase() world.Bilingual {
	switch m.job.phase {
	case terminal.BeforeConnect:
		return world.Bilingual{EN: "Connecting...", ZH: "正在连接主机..."}
	case terminal.BeforeSend:
		return world.Bilingual{EN: "Sending...", ZH: "正在发送..."}
	case terminal.AfterSend:
		return world.Bilingual{EN: "Waiting for the host...", ZH: "等待主机应答..."}
	case terminal.AfterReply:
		return world.Bilingual{EN: "Reply received", ZH: "已收到应答"}
	}
	return world.Bilingual{EN: "One moment...", ZH: "请稍候..."}
}

// menu draws the functions in three columns.
func (m *Model) menu() string {
	all := functions()
	const rows = 3
	var lines [rows + 1]string
	for i, f := range all[:len(all)-1] {
		entry := keyStyle.Render(f.key) + " " + m.in(f.name)
		if i < 2*rows {
			entry = pad(entry, menuColumn)
		}
		lines[i%rows] += entry
	}
	last := all[len(all)-1] // the language
	lines[rows] = keyStyle.Render(last.key) + " " + m.in(last.name)
	return strings.Join(lines[:], "\n")
}

// keypad draws the keys, the one pressed last in reverse.
func (m *Model) keypad() string {
	digit := func(d string) string {
		style := keyStyle
		if m.pressed == d {
			style = style.Reverse(true)
		}
		return style.Render("[ " + d + " ]")
	}
	command := func(style lipgloss.Style, is bool, name world.Bilingual, key string) string {
		return style.Reverse(is).Render("["+pad(m.in(name), 6)+"]") + " " + faintStyle.Render(key)
	}
	return strings.Join([]string{
		digit("1") + " " + digit("2") + " " + digit("3") + "  " + command(badStyle, m.pressed == keyCancel, world.Bilingual{EN: "CANCEL", ZH: "取消"}, "Esc"),
		digit("4") + " " + digit("5") + " " + digit("6") + "  " + command(clearStyle, isClear(m.pressed), world.Bilingual{EN: "CLEAR", ZH: "清除"}, "Backspace"),
		digit("7") + " " + digit("8") + " " + digit("9") + "  " + command(goodStyle, m.pressed == keyEnter, world.Bilingual{EN: "ENTER", ZH: "确认"}, "Enter"),
		"      " + digit("0"),
	}, "\n")
}

// details are for engineers: why it ended so.
func (m *Model) details() string {
	lines := strings.Split(ansi.Wrap(m.in(m.detail), frameWidth, ""), "\n")
	return faintStyle.Render(strings.Join(lines[:min(len(lines), 3)], "\n"))
}

// right puts a text at the end of the display's line.
func right(s string) string {
	return strings.Repeat(" ", max(0, textWidth-lipgloss.Width(s))) + s
}

// pad fills a text up to so many columns.
func pad(s string, columns int) string {
	return s + strings.Repeat(" ", max(0, columns-lipgloss.Width(s)))
}

// wrap breaks a text into lines of the display or paper.
func wrap(s string) []string { return strings.Split(ansi.Wrap(s, textWidth, ""), "\n") }
