package device

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// bridge is what the terminal calls while it makes a transaction. One is made at
// a time, so that its fields belong to the goroutine that makes it.
type bridge struct {
	ctx     context.Context
	events  chan<- tea.Msg
	printed []terminal.Receipt
}

// job is a transaction under way.
type job struct {
	cancel  context.CancelFunc
	events  chan tea.Msg
	phase   terminal.Point
	seconds int
	again   chan<- string // waits for a PIN; nil: none is wanted
	round   int
}

// The messages of a transaction under way.
type (
	phaseMsg terminal.Point
	againMsg struct {
		round  int
		answer chan<- string
	}
	secondMsg struct{ of *job }
	doneMsg   struct {
		result  *terminal.Result
		err     error
		printed []terminal.Receipt
	}
)

func (b *bridge) tell(msg tea.Msg) {
	select {
	case b.events <- msg:
	case <-b.ctx.Done():
	}
}

// at is the terminal's At: it tells how far it has come.
func (b *bridge) at(p terminal.Point) error {
	b.tell(phaseMsg(p))
	return nil
}

// print is the terminal's Print.
func (b *bridge) print(r terminal.Receipt) error {
	b.printed = append(b.printed, r)
	return nil
}

// again is the terminal's PIN: the holder keys in another, or gives up.
func (b *bridge) again(round int) (string, bool) {
	answer := make(chan string, 1)
	b.tell(againMsg{round, answer})
	select {
	case pin := <-answer:
		return pin, pin != ""
	case <-b.ctx.Done():
		return "", false
	}
}

// start makes the transaction that was asked for.
func (m *Model) start() tea.Cmd {
	ctx, cancel := context.WithCancel(m.ctx)
	j := &job{cancel: cancel, events: make(chan tea.Msg)}
	m.at, m.job, m.detail = busy, j, world.Bilingual{}
	x := m.draft
	m.draft.Card.PIN = ""
	m.jobs.Add(1)
	do := func() tea.Msg {
		defer m.jobs.Done()
		defer cancel()
		defer close(j.events)
		m.line = bridge{ctx: ctx, events: j.events}
		r, err := m.t.Do(ctx, x)
		return doneMsg{r, err, m.line.printed}
	}
	return tea.Batch(do, j.listen, m.tick(j))
}

// listen waits for the next event; nil: it is done.
func (j *job) listen() tea.Msg {
	if msg, ok := <-j.events; ok {
		return msg
	}
	return nil
}

func second(j *job) tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return secondMsg{j} })
}

// progress takes a message of the transaction under way.
func (m *Model) progress(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case phaseMsg:
		if m.job == nil {
			return nil
		}
		m.job.phase = terminal.Point(msg)
		return m.job.listen
	case againMsg:
		if m.job == nil {
			return nil
		}
		m.job.again, m.job.round, m.typed, m.problem = msg.answer, msg.round, "", world.Bilingual{}
		return m.job.listen
	case secondMsg:
		if msg.of != m.job {
			return nil // a tick of one that is over
		}
		m.job.seconds++
		return m.tick(m.job)
	case doneMsg:
		return m.done(msg)
	}
	return nil
}

// outcome is what the display says in the end.
type outcome struct {
	text, hint world.Bilingual
	code       string
	balance    string
	good       bool
}

func (m *Model) done(d doneMsg) tea.Cmd {
	m.job, m.at = nil, ended
	r := d.result
	m.shown = outcome{text: r.Display(), hint: r.Hint, code: r.Code, good: r.Outcome == terminal.Approved}
	if r.Balance != nil {
		m.shown.balance = r.Balance.String()
	}
	m.detail = r.Why
	if d.err != nil && !errors.Is(d.err, context.Canceled) {
		m.detail = world.TextOf(d.err)
	}
	// What was printed on the way comes first; the receipt itself comes once.
	for _, p := range d.printed {
		if p.English() != r.Receipt.English() {
			m.tear(p)
		}
	}
	m.tear(r.Receipt)
	if m.quit {
		return tea.Quit
	}
	return nil
}

// tear puts a receipt on the paper.
func (m *Model) tear(r terminal.Receipt) {
	m.paper = append(m.paper, r)
	if over := len(m.paper) - mostReceipts; over > 0 {
		m.paper = m.paper[over:]
	}
	m.up = 0
}

// mostReceipts is how many receipts the paper keeps.
const mostReceipts = 200
