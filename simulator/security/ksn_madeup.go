package security

import (
	"fmt"
	"hash/fnv"
)

// testDevices begins the key serial numbers that are made up here: the key set
// of the examples in ANSI X9.24-1.
const testDevices = "FFFF987654"

// MadeUpKSN returns a key serial number for a terminal that was given none: a
// device of its own in the key set of ANSI X9.24-1's examples, with its counter
// at zero. The same terminal always gets the same.
func MadeUpKSN(terminal string) (KSN, error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(terminal))
	const deviceBits, counterBits = 19, 21
	device := uint64(h.Sum32()) & (1<<deviceBits - 1) << counterBits
	return ParseKSN(fmt.Sprintf("%s%010X", testDevices, device))
}
