package simulator

import (
	"runtime"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/simulator/frame"
)

// Layer returns what the listener has that faults need, on this machine.
func (l *Listener) Layer() faults.Layer {
	d := l.Dialect
	layer := faults.Layer{Defines: func(n int) bool { return n == 0 || d.Defines(n) }}
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

// chipField is where chip data stands (DE 55).
const chipField = 55
