package simulator

import (
	"errors"
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
		Holds: func(n int, value string) error {
			if n == codeField && !isCode(value, d.Code(200, world.Approved)) {
				return errNoCode
			}
			return d.Holds(n, value)
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

// isCode reports whether a response code is of the form of another one.
func isCode(code, form string) bool {
	return len(code) == len(form) && (len(form) != codeOf1993 || strings.Trim(code, "0123456789") == "")
}

var errNoCode = errors.New("it is no response code")

// codeOf1993 is how many digits the action codes of ISO 8583:1993 have; those of
// 1987 are two characters of any kind.
const codeOf1993 = 3

// Where the response code and chip data stand.
const (
	codeField = 39
	chipField = 55
)
