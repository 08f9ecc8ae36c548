package suite

import (
	"net"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/security"
)

// hello is what a terminal is told.
func (r *Rig) hello(id, state string) *Hello {
	p := r.o.Profile
	_, port, _ := net.SplitHostPort(r.server.Load().Addr(0).String())
	host, _, _ := net.SplitHostPort(r.o.address())
	at, others := reachable(host), []string(nil)
	if at != host && r.o.person() {
		at, others = fromElsewhere(at)
	}
	h := &Hello{
		Protocol: Protocol, Lang: r.o.Lang, Host: net.JoinHostPort(at, port), others: others, Dialect: r.o.Dialect.Name(),
		Terminal: id, Merchant: r.merchant(id), Currency: int(world.CNY),
		Profile: p.Name, ConnectTimeoutMS: p.Timeouts.Connect.Milliseconds(),
		ResponseTimeoutMS: p.Timeouts.Response.Milliseconds(), BackoffMS: p.Connecting.Backoff.Milliseconds(),
		Cards: map[string]Card{}, State: state, Clock: r.now(),
		known: &known{dialect: r.o.Dialect, profile: p, world: r.world, now: r.now},
	}
	if len(r.scenarios) > 0 {
		h.Scenario = strings.Join(r.names, "+")
		if site := r.scenarios[0].Site; site != (world.Bilingual{}) {
			h.Site = &site
		}
	}
	if r.secure {
		h.TLS = &TLS{CA: string(r.o.Authority.PEM()), ServerName: reachable(host)}
	}
	for name, c := range r.world.Cards {
		h.Cards[name] = Card{PAN: c.PAN, Expiry: c.Expiry, PIN: c.PIN, Track2: c.PAN + "=" + c.Expiry + "201"}
	}
	r.keys(h)
	return h
}

// fromElsewhere are the addresses of this machine that a terminal in somebody's
// hands can reach; local if there are none.
func fromElsewhere(local string) (best string, others []string) {
	best = local
	for _, ip := range simulator.OwnAddresses() {
		switch {
		case ip.IsLoopback():
		case best == local:
			best = ip.String()
		default:
			others = append(others, ip.String())
		}
	}
	return best, others
}

// keys are those that are in a terminal from the beginning.
func (r *Rig) keys(h *Hello) {
	master := security.DefaultTMK()
	if t := r.provisioned(h.Terminal); t != nil && t.MasterKey != nil {
		if k, err := security.NewKey(t.MasterKey); err == nil { // the world was checked when it was loaded
			master = k
		}
	}
	h.MasterKey = master.RevealHex()
	if !r.o.Dialect.DUKPT() {
		return
	}
	base := security.DefaultBDK()
	if b := r.world.Acquirer.BaseKey; b != nil {
		if k, err := security.NewKey(b); err == nil {
			base = k
		}
	}
	ksn, err := security.MadeUpKSN(h.Terminal)
	if err != nil {
		return
	}
	if initial, err := security.InitialKey(base, ksn); err == nil {
		h.InitialKey, h.KSN = initial.RevealHex(), ksn.String()
	}
}

// provisioned is what the terminal itself was set up with. A scenario changes
// what the host knows: of a terminal that there is without it, not that one.
func (r *Rig) provisioned(id string) *world.Terminal {
	if t := r.o.World.Terminals[id]; t != nil {
		return t
	}
	return r.world.Terminals[id]
}

// merchant is whose terminal it is; of an unknown one, some merchant that is in
// order.
func (r *Rig) merchant(id string) string {
	if t := r.provisioned(id); t != nil && t.Merchant != "" {
		return t.Merchant
	}
	var sound []string
	for id, m := range r.world.Merchants {
		if m.Status == world.MerchantActive {
			sound = append(sound, id)
		}
	}
	if len(sound) == 0 {
		return "999000000000001"
	}
	return slices.Min(sound)
}
