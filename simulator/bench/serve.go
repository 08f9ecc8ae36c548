package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
)

// The servers that can be measured.
const (
	EchoServer   = "echo"
	AcqsimServer = "acqsim"

	// ArmedServer is acqsim with a scenario armed for another terminal than
	// those that trade, and DelayServer one with a fault that waits on each of
	// its listeners. They are measured in parts of their own.
	ArmedServer = "acqsim+armed"
	DelayServer = "acqsim+delays"
)

// hello is the first line of a server process: where it listens, by the name
// of the traffic.
type hello struct {
	Addresses map[string]string `json:"addresses"`
}

// The questions that a server process answers, one a line, on its standard
// input. The end of the input ends the process.
const (
	askUsage   = "usage"   // memory as it is
	askSettled = "settled" // memory after garbage is collected and given back
)

// Serve is the main function of a server process: it starts the server on
// loopback ports of its own, writes their addresses to stdout as one line of
// JSON, and answers questions about its memory until stdin ends or the context
// does. So it never outlives the process that started it.
func Serve(ctx context.Context, server string, stdin io.Reader, stdout io.Writer) (err error) {
	addresses, stop, err := start(ctx, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	out := json.NewEncoder(stdout)
	if err := out.Encode(hello{addresses}); err != nil {
		return fmt.Errorf("bench: say where the %s server listens: %w", server, err)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(stdin); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, more := <-lines:
			if !more {
				return nil
			}
			if err := out.Encode(ownUsage(line == askSettled)); err != nil {
				return fmt.Errorf("bench: answer %q: %w", line, err)
			}
		}
	}
}

// start starts a server with a listener for every traffic that it can serve.
func start(ctx context.Context, server string) (addresses map[string]string, stop func() error, err error) {
	switch server {
	case EchoServer:
		return startEcho(ctx)
	case AcqsimServer:
		return startAcqsim(ctx)
	case ArmedServer:
		return startArmed(ctx)
	case DelayServer:
		return startDelays(ctx)
	default:
		return nil, nil, fmt.Errorf("bench: no server %q; there are %s", server, strings.Join(Servers(), " and "))
	}
}

// Servers names what the table compares, the baseline first.
func Servers() []string { return []string{EchoServer, AcqsimServer} }

// Traffics are what the servers can be measured with.
func Traffics() []Traffic {
	return []Traffic{
		{Dialect: "iso87-ascii"}, {Dialect: "iso87-bcd"},
		{Dialect: "unionpay-pos"}, {Dialect: "unionpay-pos", MAC: true},
		{Dialect: "iso87-ascii", Settle: true}, {Dialect: "iso87-bcd", Settle: true},
	}
}

// startEcho listens once for each kind of length header.
func startEcho(ctx context.Context) (map[string]string, func() error, error) {
	echoes := map[lengthHeader]*Echo{}
	stop := func() error {
		var errs []error
		for _, e := range echoes {
			errs = append(errs, e.Close())
		}
		return errors.Join(errs...)
	}
	addresses := map[string]string{}
	for _, t := range Traffics() {
		w, err := newWire(t.Dialect)
		if err != nil {
			return nil, nil, errors.Join(err, stop())
		}
		length := w.length
		if echoes[length] == nil {
			l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
			if err != nil {
				return nil, nil, errors.Join(fmt.Errorf("bench: listen for the echo: %w", err), stop())
			}
			echoes[length] = newEcho(l, length)
		}
		addresses[t.String()] = echoes[length].listener.Addr().String()
	}
	return addresses, stop, nil
}

// ParseTraffic reads what [Traffic.String] writes.
func ParseTraffic(s string) (Traffic, error) {
	all := Traffics()
	i := slices.IndexFunc(all, func(t Traffic) bool { return t.String() == s })
	if i < 0 {
		return Traffic{}, fmt.Errorf("no traffic %q; there are %s", s, join(all))
	}
	return all[i], nil
}

func join(ts []Traffic) string {
	names := make([]string, len(ts))
	for i, t := range ts {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}
