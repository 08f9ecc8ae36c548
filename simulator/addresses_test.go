package simulator

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What goes into a terminal comes first: 127.0.0.1 is the terminal itself there.
func TestOwnAddresses(t *testing.T) {
	var all []net.Addr
	for _, text := range []string{"127.0.0.1", "::1", "fe80::1", "fd00::2", "192.0.2.2", "169.254.1.1", "198.51.100.7"} {
		all = append(all, &net.IPNet{IP: net.ParseIP(text)})
	}
	var want []netip.Addr
	for _, text := range []string{"192.0.2.2", "198.51.100.7", "fd00::2", "127.0.0.1", "::1"} {
		want = append(want, netip.MustParseAddr(text))
	}
	assert.Equal(t, want, bestFirst(all))
	assert.Empty(t, bestFirst(nil))
	for _, ip := range OwnAddresses() {
		assert.True(t, ip.IsValid() && !ip.IsLinkLocalUnicast(), ip)
	}
}
