package main

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAddressText(t *testing.T) {
	lan, lan6 := netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("fd00::2")
	loop, loop6 := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")
	assert.Equal(t, "192.0.2.2, fd00::2 (for programs on it: 127.0.0.1, ::1)", addressText([]netip.Addr{lan, lan6, loop, loop6}))
	assert.Equal(t, "192.0.2.2", addressText([]netip.Addr{lan}))
	assert.Equal(t, "none that others can reach (for programs on it: 127.0.0.1)", addressText([]netip.Addr{loop}))
}
