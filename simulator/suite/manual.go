package suite

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Manual is a person who works a terminal, and says what it shows. In and Out
// are required. It takes its time: actions have no limit but [Options.Limit].
type Manual struct {
	In  io.Reader
	Out io.Writer

	mu     sync.Mutex // one question after the other
	in     *bufio.Reader
	typing chan typed       // what is being typed: a read can't be taken back
	set    string           // the host that terminals are set to
	undo   *world.Bilingual // what was done in the shop, and is to be undone
	failed error            // of Out
}

// typed is a line from the keyboard, or why there is none.
type typed struct {
	text string
	err  error
}

// Sessions is 1: a person does one thing at a time.
func (m *Manual) Sessions() int { return 1 }

// Person is true: there are hands for what is to be done in the shop.
func (m *Manual) Person() bool { return true }

// errStopped is a person who has had enough.
var errStopped = fail("the person at the terminal has stopped the scenario", "操作人员中止了场景")

// Open tells what the scenario is, and how the terminal is to be set up.
func (m *Manual) Open(ctx context.Context, h *Hello) (Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &manualSession{m: m, hello: h, chinese: h.Lang == "zh", done: map[int]string{}}
	m.say("\n=== %s ===\n", cmp.Or(h.Scenario, s.in("getting ready", "准备")))
	wait := false
	if m.undo != nil {
		wait = true
		m.say("%s\n%s\n%s\n", s.in("First end what was done in the shop for the scenario before:", "请先恢复为上一个场景所做的改动："), m.undo.EN, m.undo.ZH)
	}
	m.undo = h.Site
	if where := s.where(); m.set != where {
		m.set, wait = where, true
		m.say("%s\n", where)
	}
	if h.Site != nil && *h.Site != (world.Bilingual{}) {
		wait = true
		m.say("%s\n%s\n", h.Site.EN, h.Site.ZH)
	}
	if wait {
		if err := s.enter(ctx); err != nil {
			return nil, &DriverError{What: toGetReady, Err: err}
		}
	}
	return s, nil
}

func (m *Manual) say(format string, args ...any) {
	if _, err := fmt.Fprintf(m.Out, format, args...); err != nil && m.failed == nil {
		m.failed = err
	}
}

// next is what is typed next. Any line may be q, which ends the scenario, or s,
// which skips it.
func (m *Manual) next(ctx context.Context) (string, error) {
	if m.failed != nil {
		return "", fail("the person can't be told anything: %s", "无法向操作人员显示：%s", m.failed)
	}
	if m.typing == nil {
		if m.in == nil {
			m.in = bufio.NewReader(m.In)
		}
		m.typing = make(chan typed, 1)
		go func(to chan<- typed) {
			text, err := m.in.ReadString('\n')
			to <- typed{strings.TrimSpace(text), err}
		}(m.typing)
	}
	select {
	case line := <-m.typing:
		m.typing = nil
		switch {
		case errors.Is(line.err, io.EOF) && line.text == "":
			return "", fail("there is nobody at the keyboard any more (end of input)", "键盘前已无人（输入结束）")
		case line.err != nil && line.text == "":
			return "", fail("the keyboard can't be read: %s", "无法读取键盘：%s", line.err)
		case strings.EqualFold(line.text, "q"):
			return "", errStopped
		case strings.EqualFold(line.text, "s"):
			return "", &skip{world.Say("the person at the terminal has skipped it", "操作人员已跳过")}
		}
		return line.text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// manualSession is a terminal in somebody's hands.
type manualSession struct {
	m       *Manual
	hello   *Hello
	chinese bool
	done    map[int]string // what the actions were
	notes   []string       // what to heed at the next transaction
}

// Ready trusts the terminal to have everything: a person can skip a scenario.
func (s *manualSession) Ready() *Ready {
	return &Ready{Protocol: Protocol, Name: s.in("a person at a terminal", "人工操作终端"), Can: append(scenarios.ActionNames(), extras...)}
}

// Close has nothing to do.
func (s *manualSession) Close() error { return nil }

// Do asks the person to perform an action, and what the terminal shows.
func (s *manualSession) Do(ctx context.Context, a *Action) (*Outcome, error) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	o, err := s.perform(ctx, a)
	if err != nil {
		return nil, &DriverError{What: toDo(a.Do), Err: err}
	}
	return o, nil
}

func (s *manualSession) perform(ctx context.Context, a *Action) (*Outcome, error) {
	o := &Outcome{ID: a.ID}
	if !hasOutcome(a.Do) {
		text := s.handling(a)
		if a.At != "" && a.At != "idle" {
			s.notes = append(s.notes, text) // it comes with the transaction
			return o, nil
		}
		s.m.say("\n%s\n", s.in("On terminal "+a.Terminal+": ", "终端 "+a.Terminal+"：")+text)
		return o, s.enter(ctx)
	}
	what := s.what(a)
	s.done[a.ID] = what
	s.m.say("\n%s\n", s.in("On terminal "+a.Terminal+", "+what+" now", "请现在在终端 "+a.Terminal+" 上操作："+what)+s.with(a))
	for _, n := range s.notes {
		s.m.say("%s\n", s.in("Mind: ", "注意：")+n)
	}
	s.notes = nil
	err := s.shown(ctx, o)
	return o, err
}

// enter waits until the person is done.
func (s *manualSession) enter(ctx context.Context) error {
	s.m.say("%s ", s.in("Press Enter when done (s: skip this scenario, q: stop it).", "完成后请按回车（s：跳过本场景，q：中止本场景）。"))
	_, err := s.m.next(ctx)
	return err
}

// shown asks what the terminal shows.
func (s *manualSession) shown(ctx context.Context, o *Outcome) error {
	all := display.Outcomes()
	s.m.say("%s\n", s.in("What does it show?", "终端显示什么？"))
	for i, x := range all {
		s.m.say("%3d  %s\n", i+1, s.in(x.Display().EN+": "+x.Meaning(), x.Display().ZH+"："+meanings[x]))
	}
	s.m.say("  0  %s\n", s.in("Nothing: its display is dark, or the action has no end to see", "没有显示：黑屏，或看不到结果"))
	for {
		s.m.say("%s ", s.in(fmt.Sprintf("Number (0 to %d; s: skip this scenario, q: stop it):", len(all)),
			fmt.Sprintf("编号（0～%d；s：跳过本场景，q：中止本场景）：", len(all))))
		line, err := s.m.next(ctx)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(line)
		if err != nil || n < 0 || n > len(all) {
			continue
		}
		if n > 0 {
			o.Is = all[n-1]
			o.Display = s.in(o.Is.Display().EN, o.Is.Display().ZH)
		}
		break
	}
	if o.Is != display.Declined {
		return nil
	}
	for {
		s.m.say("%s ", s.in("Which response code? (Enter: it shows none)", "应答码是什么？（没有显示请直接按回车）"))
		line, err := s.m.next(ctx)
		if err != nil {
			return err
		}
		if codePattern.MatchString(line) {
			o.Code = strings.ToUpper(line)
			return nil
		}
	}
}

// in is a text in the language of the scenario.
func (s *manualSession) in(en, zh string) string {
	if s.chinese {
		return zh
	}
	return en
}
