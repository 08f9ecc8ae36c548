package device

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/acqsim/acqsim/scenarios/world"
)

// The keys by the names that bubbletea gives them.
const (
	keyQuit   = "ctrl+c"
	keyEnter  = "enter"
	keyCancel = "esc"
	keyUp     = "up"
	keyDown   = "down"
	keyPageUp = "pgup"
	keyPageDn = "pgdown"
	keyHome   = "home"
	keyEnd    = "end"
)

// isClear reports whether a key takes back the last digit: Backspace and Delete
// are apart on keyboards, and confused by terminal windows.
func isClear(key string) bool { return key == "backspace" || key == "delete" }

func isDigit(key string) bool { return len(key) == 1 && key >= "0" && key <= "9" }

// key takes one key.
func (m *Model) key(key string) tea.Cmd {
	m.pressed = key
	switch key {
	case keyQuit:
		return m.leave()
	case keyPageUp, keyPageDn, keyHome, keyEnd:
		m.scroll(key)
		return nil
	}
	switch m.at {
	case asking:
		return m.answer(key)
	case busy:
		return m.whileBusy(key)
	case ended:
		m.rest()
		if isDigit(key) {
			return m.choose(key)
		}
	case idle:
		return m.choose(key)
	}
	return nil
}

// paste takes the digits of what was pasted, such as a card number.
func (m *Model) paste(text string) tea.Cmd {
	if m.at != asking {
		return nil // or it would choose functions
	}
	for _, c := range text {
		if isDigit(string(c)) {
			m.answer(string(c))
		}
	}
	return nil
}

// leave ends the program, once the transaction under way is stopped.
func (m *Model) leave() tea.Cmd {
	if m.job == nil {
		return tea.Quit
	}
	m.quit = true
	m.job.cancel()
	return nil
}

// rest goes back to the menu.
func (m *Model) rest() {
	m.at, m.function, m.asks, m.typed, m.problem = idle, nil, nil, "", world.Bilingual{}
	m.draft.Card.PIN = ""
}

// whileBusy takes a key while a transaction is under way: a PIN that is wanted
// again, or CANCEL.
func (m *Model) whileBusy(key string) tea.Cmd {
	j := m.job
	if j.again == nil {
		if key == keyCancel {
			j.cancel()
		}
		return nil
	}
	switch {
	case key == keyCancel:
		j.again <- "" // there is room for it
		j.again = nil
	case key == keyEnter:
		if m.problem = checkPIN(m.typed); m.problem.EN == "" && m.typed != "" {
			j.again <- m.typed
			j.again = nil
		}
		m.typed = ""
	default:
		m.edit(key, longestPIN)
	}
	return nil
}

// edit keys in a digit, or takes the last one back.
func (m *Model) edit(key string, most int) {
	switch {
	case isDigit(key) && len(m.typed) < most:
		m.typed += key
		m.problem = world.Bilingual{}
	case isClear(key):
		m.typed = strings.TrimSuffix(m.typed, lastOf(m.typed))
		m.problem = world.Bilingual{}
	}
}

func lastOf(s string) string {
	if s == "" {
		return ""
	}
	return s[len(s)-1:]
}
