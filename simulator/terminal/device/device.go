package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	tea "charm.land/bubbletea/v2"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// Options describe a device. Terminal is required.
type Options struct {
	// Terminal is what the device is the front of. Its PIN, Print and At are the
	// device's own.
	Terminal terminal.Config

	// Cards are those at hand, besides any number that is keyed in.
	Cards []Card

	Title   string // the top line: which terminal this is, at which host
	Chinese bool   // begin in Chinese; a key changes it
}

// Card is a card at hand.
type Card struct {
	Name  string
	About world.Bilingual // what it is good for
	Card  terminal.Card
}

// Run shows the device until its user leaves it or ctx ends. In and out are a
// terminal window. What may have been charged when it ends is in the terminal's
// store.
func Run(ctx context.Context, o Options, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m, err := New(ctx, o)
	if err != nil {
		return err
	}
	program := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler())
	_, err = program.Run()
	cancel()
	if closed := m.Close(); err == nil {
		err = closed
	}
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("device: %w", err)
	}
	return nil
}

// Model is a device as bubbletea runs it: messages in, a view out.
type Model struct {
	o    Options
	t    *terminal.Terminal
	ctx  context.Context // of everything that it does
	line bridge
	jobs sync.WaitGroup
	tick func(*job) tea.Cmd // a second later; tests have their own

	chinese       bool
	width, height int
	pressed       string // the key pressed last

	at       place
	function *function
	draft    terminal.Transaction
	asks     []question // still to be asked; the first is on the display
	typed    string
	problem  world.Bilingual // with what was typed
	chosen   int             // of the cards

	job    *job
	shown  outcome // on the display at the end of a transaction
	paper  []terminal.Receipt
	up     int // lines that the paper is scrolled back
	detail world.Bilingual
	quit   bool
}

// place is what the device is doing.
type place uint8

const (
	idle place = iota
	asking
	busy
	ended
)

// New makes a device, and the terminal behind it. Ctx ends what the terminal
// does.
func New(ctx context.Context, o Options) (*Model, error) {
	m := &Model{o: o, ctx: ctx, chinese: o.Chinese, tick: second}
	c := o.Terminal
	c.PIN, c.Print, c.At = m.line.again, m.line.print, m.line.at
	var err error
	if m.t, err = terminal.New(c); err != nil {
		return nil, err
	}
	return m, nil
}

// Close waits for the transaction under way, which the end of New's context
// ends, and hangs up.
func (m *Model) Close() error {
	m.jobs.Wait()
	return m.t.Close()
}

// Init does nothing: the device waits for a key.
func (m *Model) Init() tea.Cmd { return nil }

// Update takes a key or what came of a transaction.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		return m, m.key(msg.String())
	case tea.PasteMsg:
		return m, m.paste(msg.Content)
	case phaseMsg, againMsg, secondMsg, doneMsg:
		return m, m.progress(msg)
	}
	return m, nil
}

// in is a text in the language of the display.
func (m *Model) in(t world.Bilingual) string {
	if m.chinese && t.ZH != "" {
		return t.ZH
	}
	return t.EN
}
