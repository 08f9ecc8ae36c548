package device

import (
	"context"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/terminal"
)

var update = flag.Bool("update", false, "rewrite the golden views of testdata")

// patience bounds how long a test waits for what must come.
const patience = 20 * time.Second

const (
	pos      = "10000001"
	merchant = "999000000000001"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counter is a device on the counter of a shop, whose keys a test presses.
type counter struct {
	*Model
	t     testing.TB
	msgs  chan tea.Msg
	views strings.Builder
	quits bool
}

// at10 is the clock of shop and host.
func at10() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }

func config(t testing.TB, name, address string) terminal.Config {
	t.Helper()
	d, err := dialect.Load(name)
	require.NoError(t, err)
	words, err := terminal.MessagesFor(d)
	require.NoError(t, err)
	p, err := profile.Open(profile.Default)
	require.NoError(t, err)
	p.Timeouts.Response, p.Connecting.Retries = patience, 0
	return terminal.Config{
		Messages: words, Profile: p, Hosts: []string{address}, Terminal: pos, Merchant: merchant, Now: at10,
		Store: &terminal.MemoryStore{},
	}
}

// cardsAtHand are three of the embedded world.
func cardsAtHand() (all []Card) {
	for _, name := range []string{"good", "poor", "visa"} {
		c := world.Default().Cards[name]
		all = append(all, Card{Name: name, About: c.About, Card: terminal.Card{PAN: c.PAN, Expiry: c.Expiry}})
	}
	return all
}

func newCounter(t testing.TB, c terminal.Config, change ...func(*Options)) *counter {
	t.Helper()
	o := Options{Terminal: c, Cards: cardsAtHand(), Title: "acqsim terminal " + c.Terminal}
	for _, f := range change {
		f(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m, err := New(ctx, o)
	require.NoError(t, err)
	m.tick = func(*job) tea.Cmd { return nil }
	s := &counter{Model: m, t: t, msgs: make(chan tea.Msg, 16)}
	t.Cleanup(func() {
		cancel()
		require.NoError(t, m.Close())
	})
	s.take(tea.WindowSizeMsg{Width: 80, Height: 24})
	return s
}

// atHost is a counter with a host that has books.
func atHost(t testing.TB, name string, change ...func(*Options)) (*counter, *ledger.Book) {
	t.Helper()
	book := ledger.New(ledger.Options{})
	h, err := host.New(host.Options{World: world.Default(), Book: book})
	require.NoError(t, err)
	d, err := dialect.Load(name)
	require.NoError(t, err)
	server, err := simulator.Start(t.Context(), simulator.Options{
		Host: h, Now: at10, Listeners: []simulator.Listener{{Address: "127.0.0.1:0", Dialect: d}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return newCounter(t, config(t, name, server.Addr(0).String()), change...), book
}

// deaf is the address of a host that takes connections and never answers.
func deaf(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l.Addr().String()
}

// take gives the device a message, and runs what it wants to be run.
func (s *counter) take(msg tea.Msg) {
	_, cmd := s.Update(msg)
	s.run(cmd)
}

func (s *counter) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range msg {
				s.run(c)
			}
		default:
			s.msgs <- msg
		}
	}()
}

// until takes what comes until something holds.
func (s *counter) until(holds func() bool) {
	s.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for !holds() {
		select {
		case msg := <-s.msgs:
			if _, quit := msg.(tea.QuitMsg); quit {
				s.quits = true
				continue
			}
			s.take(msg)
		case <-timeout.C:
			s.t.Fatalf("it does not come: the display says\n%s", s.view())
		}
	}
}

func (s *counter) over() bool { return s.at != busy }

// press presses keys, by name or, in one word, digits.
func (s *counter) press(keys ...string) {
	s.t.Helper()
	special := map[string]rune{
		keyEnter: tea.KeyEnter, keyCancel: tea.KeyEscape, "backspace": tea.KeyBackspace, keyUp: tea.KeyUp, keyDown: tea.KeyDown,
		keyPageUp: tea.KeyPgUp, keyPageDn: tea.KeyPgDown, keyHome: tea.KeyHome, keyEnd: tea.KeyEnd,
	}
	for _, k := range keys {
		switch code, ok := special[k]; {
		case k == keyQuit:
			s.take(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl})
		case ok:
			s.take(tea.KeyPressMsg{Code: code})
		default:
			for _, c := range k {
				s.take(tea.KeyPressMsg{Code: c, Text: string(c)})
			}
		}
	}
}

// do presses keys and waits for the end of the transaction.
func (s *counter) do(keys ...string) {
	s.t.Helper()
	s.press(keys...)
	s.until(s.over)
	require.Equal(s.t, ended, s.at, s.view())
}

// view is what the window shows, without colours. Every line has to fit, and the
// frames of display and paper to be straight.
func (s *counter) view() string {
	s.t.Helper()
	text := ansi.Strip(s.draw())
	lines := strings.Split(text, "\n")
	assert.LessOrEqual(s.t, len(lines), s.height)
	for i, l := range lines {
		assert.LessOrEqual(s.t, lipgloss.Width(l), s.width, l)
		if i > 0 && i <= bodyLines && s.width >= leastWidth {
			assert.Equal(s.t, leastWidth, lipgloss.Width(l), "line %d: %s", i, l)
		}
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

// shot keeps a view for the golden file.
func (s *counter) shot(what string) {
	s.t.Helper()
	s.views.WriteString("== " + what + "\n" + s.view() + "\n\n")
}

// golden compares the views that were kept.
func (s *counter) golden(name string) {
	s.t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(s.t, os.MkdirAll("testdata", 0o755))
		require.NoError(s.t, os.WriteFile(file, []byte(s.views.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(s.t, err)
	assert.Equal(s.t, string(want), s.views.String(), "go test -update rewrites it")
}

func inChinese(o *Options) { o.Chinese = true }
