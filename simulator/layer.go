package simulator

import (
	"runtime"
	"strings"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
)

// Layer returns what the listener has that faults need, on this machine.
func (l *Listener) Layer() faults.Layer {
	d := l.Dialect
	layer := faults.Layer{
		MinFrame: d.Format().Overhead() + d.Shortest(),
		Defines:  func(n int) bool { return n == 0 || d.Defines(n) },
		Holds: func(code string) bool {
			own := d.Code(200, world.Approved)
			return len(code) == len(own) && (len(own) != codeOf1993 || strings.Trim(code, "0123456789") == "")
		},
	}
	if l.Limits.Max > 0 { // a reply has little more in it than its request
		layer.MaxFrame = int(min(int64(l.Limits.Max), d.Format().Length.Max())) + d.Format().Length.Size()
	}
	has := func(yes bool, n faults.Needs) {
		if yes {
			layer.Has |= n
		}
	}
	f := d.Format()
	has(runtime.GOOS == "linux", faults.NeedLinux)
	has(l.TLS != nil, faults.NeedTLS)
	has(f.TPDU, faults.NeedTPDU)
	has(f.Header > 0, faults.NeedHeader)
	has(d.MACField() > 0, faults.NeedMAC)
	has(d.Defines(chipField), faults.NeedChip)
	has(f.Length != frame.ASCII4 && f.Length != frame.Hex4, faults.NeedBinary)
	return layer
}

// codeOf1993 is how many digits the action codes of ISO 8583:1993 have; those of
// 1987 are two characters of any kind.
const codeOf1993 = 3

// chipField is where chip data stands (DE 55).
const chipField = 55
