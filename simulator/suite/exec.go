package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// Exec is a program that works a terminal, or is one: a process for each
// session, which is told one JSON object per line on its standard input and
// answers each with one on its standard output. What it writes to its standard
// error is kept as evidence. docs/drivers.md has the protocol.
type Exec struct {
	// Command is what runs it, as the shell has it (sh; on Windows cmd).
	Command string
	// Dir is the folder that it runs in. Default: this process's.
	Dir string
	// Start is how long it may take until it has answered the hello. Default: 30
	// seconds.
	Start time.Duration
	// End is how long it may take to end after the bye, before it is killed with
	// all that it has started. Default: 2 seconds.
	End time.Duration
}

// Sessions is 0: any number.
func (e *Exec) Sessions() int { return 0 }

// Open starts the program and says hello to it.
func (e *Exec) Open(ctx context.Context, h *Hello) (Session, error) {
	s := &execSession{secrets: secretsOf(h), end: orFor(e.End, 2*time.Second), ended: make(chan struct{})}
	s.lines.more = make(chan struct{}, 1)
	if err := s.start(e.Command, e.Dir); err != nil {
		return nil, &DriverError{What: toStart, Err: err}
	}
	start := orFor(e.Start, 30*time.Second)
	limited, cancel := context.WithTimeout(ctx, start)
	defer cancel()
	a, err := s.ask(limited, &message{Hello: h})
	if err != nil {
		if ctx.Err() == nil && limited.Err() != nil {
			err = &DriverError{What: toSayHello, Err: unanswered(start), Output: outputOf(err)}
		}
		return nil, err
	}
	s.ready = a.hello
	return s, nil
}

func orFor(d, other time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return other
}

// execSession is one process.
type execSession struct {
	secrets secrets
	end     time.Duration
	cmd     *exec.Cmd
	in      io.WriteCloser
	lines   lines
	stderr  tail
	ready   *Ready

	ended chan struct{} // closed when the process is gone
	exit  error         // then: how it ended

	mu     sync.Mutex // one question after the other
	broken error      // why it is asked nothing more
}

func (s *execSession) start(command, dir string) (err error) {
	s.cmd = shell(command)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = dir, &s.lines, &s.stderr
	// What a program leaves running may hold its output open.
	s.cmd.WaitDelay = 500 * time.Millisecond
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	go func() {
		s.exit = s.cmd.Wait()
		killGroup(s.cmd.Process) // what is left of it
		close(s.ended)
	}()
	return nil
}

// Ready says what the program said.
func (s *execSession) Ready() *Ready { return s.ready }

// Do has it perform an action.
func (s *execSession) Do(ctx context.Context, a *Action) (*Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, err := s.ask(ctx, &message{Action: a})
	if err != nil {
		return nil, err
	}
	return x.outcome, nil
}

// ask tells it something and returns what it answers. After an error it is
// gone.
func (s *execSession) ask(ctx context.Context, m *message) (answer, error) {
	if s.broken != nil {
		return answer{}, s.broken
	}
	line, err := s.exchange(ctx, m)
	if err == nil {
		var a answer
		if a, err = m.answering(line); err == nil {
			return a, nil
		}
	}
	s.kill()
	s.broken = &DriverError{What: m.what(), Err: err, Output: s.output()}
	return answer{}, s.broken
}

// exchange writes a line and reads one.
func (s *execSession) exchange(ctx context.Context, m *message) (line []byte, err error) {
	if _, err := s.lines.take(); !errors.Is(err, errNoLine) {
		return nil, errUnasked
	}
	sent := make(chan error, 1)
	go func() { // a program that does not read is killed, which ends this
		_, err := s.in.Write(m.encode())
		sent <- err
	}()
	ended := s.ended
	for line == nil || sent != nil {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case err := <-sent:
			sent = nil
			if err != nil && line == nil {
				return s.lastWords(ctx)
			}
		case <-s.lines.more:
			if line, err = s.lines.take(); err != nil && !errors.Is(err, errNoLine) {
				return nil, err
			}
		case <-ended:
			if line == nil {
				return s.lastWords(ctx)
			}
			ended = nil
		}
	}
	return line, nil
}

// lastWords waits for the end of a program that reads no more, and returns the
// answer that it may have left.
func (s *execSession) lastWords(ctx context.Context) ([]byte, error) {
	t := time.NewTimer(s.end)
	defer t.Stop()
	select {
	case <-s.ended:
	case <-t.C:
		return nil, fail("it has closed its standard input", "它关闭了标准输入")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	line, err := s.lines.take()
	if errors.Is(err, errNoLine) {
		err = fail("it has ended without an answer (%s)", "它没有应答就结束了（%s）", s.exitText())
	}
	return line, err
}

func (s *execSession) exitText() string {
	if p := s.cmd.ProcessState; p != nil {
		return p.String()
	}
	return fmt.Sprint(s.exit)
}

func (s *execSession) output() string {
	return output(s.lines.tail.text(s.secrets), s.stderr.text(s.secrets))
}

// kill ends the process and all that it has started, and waits for that.
func (s *execSession) kill() {
	killGroup(s.cmd.Process)
	<-s.ended
	_ = s.in.Close()
}

// Close says goodbye. What the program says unasked is an error.
func (s *execSession) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil // which was told
	}
	bye := &message{Bye: &struct{}{}}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = s.in.Write(bye.encode()) // it may be gone already
		_ = s.in.Close()
	}()
	t := time.NewTimer(s.end)
	defer t.Stop()
	select {
	case <-s.ended:
	case <-t.C:
	}
	s.kill()
	<-sent
	_, err := s.lines.take()
	if errors.Is(err, errNoLine) {
		s.broken = fail("it has ended", "它已结束")
		return nil
	}
	s.broken = &DriverError{What: bye.what(), Err: errUnasked, Output: s.output()}
	return s.broken
}

// lines collects the lines of a program's output.
type lines struct {
	tail tail
	more chan struct{} // has a token when there is something to take

	mu   sync.Mutex
	part []byte // of a line
	got  [][]byte
}

// maxLines is how many lines wait to be read: more than one is an error anyhow.
const maxLines = 4

// Write never fails.
func (l *lines) Write(p []byte) (int, error) {
	_, _ = l.tail.Write(p)
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(p)
	for {
		piece, rest, complete := bytes.Cut(p, []byte("\n"))
		room := maxAnswer + 1 - len(l.part) // one more than allowed is seen as too long
		l.part = append(l.part, piece[:min(room, len(piece))]...)
		if !complete {
			break
		}
		if len(bytes.TrimSpace(l.part)) > 0 && len(l.got) < maxLines {
			l.got = append(l.got, l.part)
		}
		l.part, p = nil, rest
	}
	if len(l.got) > 0 || len(l.part) > maxAnswer {
		select {
		case l.more <- struct{}{}:
		default:
		}
	}
	return n, nil
}

var errUnasked = fail("it has said something that it was not asked", "它说了没有问它的话")

var errNoLine = errors.New("there is no line")

// take returns the line that has come. More than one is an error, and so is one
// that never ends.
func (l *lines) take() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.got) == 0 && len(l.part) > maxAnswer {
		return nil, fail("its answer %s is longer than %d bytes", "其应答 %s 超过 %d 字节", quote(l.part), maxAnswer)
	}
	if len(l.got) == 0 {
		return nil, errNoLine
	}
	if len(l.got) > 1 {
		return nil, fail("it has answered with more than one line: the second is %s", "其应答不止一行：第二行是 %s", quote(l.got[1]))
	}
	line := l.got[0]
	l.got = nil
	return line, nil
}
