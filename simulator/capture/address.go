package capture

import (
	"fmt"
	"net/netip"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// The addresses of those that a transcript does not name, from the blocks for
// documentation: RFC 5737 (192.0.2.0/24) and RFC 3849 (2001:db8::/32).
var (
	host4   = netip.MustParseAddr("192.0.2.1")
	client4 = netip.MustParseAddr("192.0.2.2")
	host6   = netip.MustParseAddr("2001:db8::1")
)

// The ports of those that a transcript does not name.
const (
	hostPort        = 8583
	firstClientPort = 1024
	clientPorts     = 64_000
)

// addresses returns those of a connection's terminal and host. Both are of the
// same version.
func (x *export) addresses(e *transcript.Event) (client, host netip.AddrPort) {
	client, err := netip.ParseAddrPort(e.Source)
	if err != nil {
		client = netip.AddrPortFrom(client4, uint16(firstClientPort+e.Conn%clientPorts))
		x.madeUp++
	}
	client = plain(client)
	host = plain(x.listeners[e.Listener].addr)
	if host.Port() == 0 {
		host = netip.AddrPortFrom(host.Addr(), hostPort)
	}
	a, c := host.Addr(), client.Addr()
	if !a.IsValid() || a.IsUnspecified() || a.Is4() != c.Is4() {
		switch {
		case c.IsLoopback():
			a = c
		case c.Is4():
			a = host4
		default:
			a = host6
		}
		host = netip.AddrPortFrom(a, host.Port())
	}
	return client, host
}

// plain is an address without a zone, and of IPv4 where it is that inside IPv6.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// notes are what a reader of the capture should know.
func (x *export) notes(torn int) []string {
	all := []string{Masked}
	note := func(n int, one, many string) {
		switch {
		case n == 1:
			all = append(all, "1 "+one)
		case n > 1:
			all = append(all, fmt.Sprintf("%d %s", n, many))
		}
	}
	note(x.inTLS, "connection was inside TLS: its frames are in clear here", "connections were inside TLS: their frames are in clear here")
	note(x.headless, "connection begins before the transcript does: it has no handshake", "connections begin before the transcript does: they have no handshake")
	note(x.open, "connection is still open where the transcript, or a run in it, ends: it has no FIN and no RST",
		"connections are still open where the transcript, or a run in it, ends: they have no FIN and no RST")
	note(x.endless, "connection ended without a word about how: it has no FIN and no RST", "connections ended without a word about how: they have no FIN and no RST")
	note(x.madeUp, "terminal's address is not in the transcript: 192.0.2.2 stands for it", "terminals' addresses are not in the transcript: 192.0.2.2 stands for them")
	note(int(x.missing), "event is missing in the transcript: streams may lack frames", "events are missing in the transcript: streams may lack frames")
	note(torn, "line of the transcript ends in the middle: it was left out", "lines of the transcript end in the middle: they were left out")
	return all
}
