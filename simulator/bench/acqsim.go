package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
)

// stopTimeout is how long a server may take over what is in flight.
const stopTimeout = 5 * time.Second

// startAcqsim starts the server as its defaults make it: an open world, books
// and journal in memory, and a planner with nothing armed, as acqsim serve has
// one. Each traffic has a listener of its own, as MACs are a matter of the
// dialect's policy: off, or required. Most terminals make sales only and go on
// to their next batch without settling, so they are followed.
func startAcqsim(ctx context.Context, armed ...scenarios.Arming) (map[string]string, func() error, error) {
	var o simulator.Options
	for _, t := range Traffics() {
		l, err := listener(t, t.String())
		if err != nil {
			return nil, nil, err
		}
		o.Listeners = append(o.Listeners, l)
	}
	return startWith(ctx, o, armed)
}

// listener is where the server takes a traffic.
func listener(t Traffic, name string) (simulator.Listener, error) {
	d, err := dialect.Load(t.Dialect)
	if err != nil {
		return simulator.Listener{}, fmt.Errorf("bench: %w", err)
	}
	policy := security.MACOff
	if t.MAC {
		policy = security.MACRequire
	}
	return simulator.Listener{
		Name: name, Address: "127.0.0.1:0", Dialect: d.WithMACPolicy(policy).WithFollowedBatches(),
	}, nil
}

// startWith starts a server with scenarios armed, and returns its addresses by
// the names of the listeners.
func startWith(ctx context.Context, o simulator.Options, armed []scenarios.Arming) (map[string]string, func() error, error) {
	p := scenarios.NewPlanner(scenarios.PlannerOptions{})
	if err := p.Arm(armed...); err != nil {
		return nil, nil, fmt.Errorf("bench: %w", err)
	}
	o.Planner = p
	simulator.TuneMemory() // as acqsim serve does
	s, err := simulator.Start(ctx, o)
	if err != nil {
		return nil, nil, fmt.Errorf("bench: start acqsim: %w", err)
	}
	addresses := map[string]string{}
	for i := range o.Listeners {
		addresses[o.Listeners[i].Name] = s.Addr(i).String()
	}
	stop := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		return s.Shutdown(ctx)
	}
	return addresses, stop, nil
}
