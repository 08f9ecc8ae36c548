package security

import (
	"fmt"
	"strings"
)

// MACPolicy says what a host does about DE 64 of a request. Configuration files
// use its names: off, verify-if-present, require.
type MACPolicy uint8

// The policies; the zero value is off.
const (
	MACOff             MACPolicy = iota // requests aren't checked, replies carry none
	MACVerifyIfPresent                  // a wrong MAC is refused, a missing one isn't
	MACRequire                          // a wrong or missing MAC is refused
)

var policyNames = [...]string{MACOff: "off", MACVerifyIfPresent: "verify-if-present", MACRequire: "require"}

// String returns the name that configuration files use.
func (p MACPolicy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return fmt.Sprintf("MACPolicy(%d)", uint8(p))
}

// MarshalText returns the name that configuration files use.
func (p MACPolicy) MarshalText() ([]byte, error) {
	if int(p) >= len(policyNames) {
		return nil, unknownName("MAC policy", p.String(), strings.Join(policyNames[:], ", "))
	}
	return []byte(policyNames[p]), nil
}

// UnmarshalText reads the name that configuration files use.
func (p *MACPolicy) UnmarshalText(text []byte) error {
	for i, name := range policyNames {
		if name == string(text) {
			*p = MACPolicy(i)
			return nil
		}
	}
	return unknownName("MAC policy", string(text), strings.Join(policyNames[:], ", "))
}
