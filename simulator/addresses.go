package simulator

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
)

// OwnAddresses returns this machine's addresses, best first: those that other
// machines can reach before those of loopback, and IPv4 before IPv6. Link-local
// ones are left out, since they mean nothing without an interface. Where the
// system does not tell, there are none.
func OwnAddresses() []netip.Addr {
	all, _ := net.InterfaceAddrs() // they are a convenience only
	return bestFirst(all)
}

func bestFirst(all []net.Addr) (own []netip.Addr) {
	for _, a := range all {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		if ip, ok := netip.AddrFromSlice(n.IP); ok && !ip.IsLinkLocalUnicast() {
			own = append(own, ip.Unmap())
		}
	}
	rank := func(ip netip.Addr) (n int) {
		if ip.IsLoopback() {
			n += 2
		}
		if ip.Is6() {
			n++
		}
		return n
	}
	slices.SortStableFunc(own, func(x, y netip.Addr) int { return cmp.Compare(rank(x), rank(y)) })
	return own
}
