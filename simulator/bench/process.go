package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

const (
	// startTimeout is how long a server process may take to say where it listens.
	startTimeout = 20 * time.Second
	// endTimeout is how long it may take to end by itself.
	endTimeout = 15 * time.Second
)

// process is a server in a process of its own.
type process struct {
	server  string
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	answers *json.Decoder
	hello
}

// spawn starts a server process, and waits until it listens.
func spawn(server string, cmd *exec.Cmd) (*process, error) {
	p := &process{server: server, cmd: cmd}
	var err error
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("bench: start the %s server: %w", server, err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("bench: start the %s server: %w", server, err)
	}
	p.answers = json.NewDecoder(bufio.NewReader(stdout))
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("bench: start the %s server: %w", server, err)
	}
	watchdog := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	if err := p.answers.Decode(&p.hello); err != nil {
		return nil, errors.Join(fmt.Errorf("bench: the %s server doesn't say where it listens: %w", server, err), p.end())
	}
	return p, nil
}

// address is where the listener of that name is: of a traffic, or a fault.
func (p *process) address(name string) (string, error) {
	a := p.Addresses[name]
	if a == "" {
		return "", fmt.Errorf("bench: the %s server has no listener for %s", p.server, name)
	}
	return a, nil
}

// ask puts askUsage or askSettled.
func (p *process) ask(question string) (Usage, error) {
	var u Usage
	if _, err := io.WriteString(p.stdin, question+"\n"); err != nil {
		return u, fmt.Errorf("bench: ask the %s server for its memory: %w", p.server, err)
	}
	if err := p.answers.Decode(&u); err != nil {
		return u, fmt.Errorf("bench: ask the %s server for its memory: %w", p.server, err)
	}
	return u, nil
}

// end lets the process finish, and kills it if it doesn't.
func (p *process) end() error {
	_ = p.stdin.Close()
	watchdog := time.AfterFunc(endTimeout, func() { _ = p.cmd.Process.Kill() })
	defer watchdog.Stop()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("bench: the %s server: %w", p.server, err)
	}
	return nil
}

// pair is the servers of one cell, started for it alone.
type pair map[string]*process

func (o *Options) spawnAll(ctx context.Context) (pair, error) {
	ps := pair{}
	for _, s := range o.Servers {
		p, err := spawn(s, o.Command(ctx, s))
		if err != nil {
			return nil, errors.Join(err, ps.end())
		}
		ps[s] = p
	}
	return ps, nil
}

func (ps pair) end() error {
	var errs []error
	for _, p := range ps {
		errs = append(errs, p.end())
	}
	return errors.Join(errs...)
}
