package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
)

// stopTimeout is how long a server may take over what is in flight.
const stopTimeout = 5 * time.Second

// startAcqsim starts the server as its defaults make it: an open world, books
// and journal in memory. Each traffic has a listener of its own, as MACs are a
// matter of the dialect's policy: off, or required. Terminals make sales only
// and go on to their next batch without settling, so they are followed.
func startAcqsim(ctx context.Context) (map[string]string, func() error, error) {
	var o simulator.Options
	for _, t := range Traffics() {
		d, err := dialect.Load(t.Dialect)
		if err != nil {
			return nil, nil, fmt.Errorf("bench: %w", err)
		}
		policy := security.MACOff
		if t.MAC {
			policy = security.MACRequire
		}
		o.Listeners = append(o.Listeners, simulator.Listener{
			Name: t.String(), Address: "127.0.0.1:0", Dialect: d.WithMACPolicy(policy).WithFollowedBatches(),
		})
	}
	simulator.TuneMemory() // as acqsim serve does
	s, err := simulator.Start(ctx, o)
	if err != nil {
		return nil, nil, fmt.Errorf("bench: start acqsim: %w", err)
	}
	addresses := map[string]string{}
	for i, t := range Traffics() {
		addresses[t.String()] = s.Addr(i).String()
	}
	stop := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		return s.Shutdown(ctx)
	}
	return addresses, stop, nil
}
