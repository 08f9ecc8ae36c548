package transcript

import "fmt"

var kindNames = [kindCount]string{
	NoKind:      "none",
	Listening:   "listening",
	Stopped:     "stopped",
	Connected:   "connected",
	Refused:     "refused",
	Closed:      "closed",
	KeepAlive:   "keep-alive",
	BadFrame:    "bad-frame",
	Received:    "received",
	Discarded:   "discarded",
	Decided:     "decided",
	Held:        "held",
	Sent:        "sent",
	NotSent:     "not-sent",
	BatchClosed: "batch-closed",
	Evicted:     "evicted",
	Note:        "note",
	Missing:     "missing",
	Difference:  "difference",
	Struck:      "struck",
	Acted:       "acted",
	Reported:    "reported",
}

var actorNames = [actorCount]string{
	NoActor:  "none",
	Terminal: "terminal",
	Host:     "host",
	Line:     "line",
	Acqsim:   "acqsim",
}

var macNames = [macCount]string{
	MACUnchecked: "unchecked",
	MACOK:        "ok",
	MACIsWrong:   "wrong",
	MACAbsent:    "absent",
}

var endNames = [endCount]string{
	NoEnd:      "none",
	EndFIN:     "fin",
	EndRST:     "rst",
	EndCut:     "cut",
	EndTimeout: "timeout",
}

// Kinds lists every kind of event, in a fixed order.
func Kinds() []Kind {
	all := make([]Kind, 0, kindCount-1)
	for k := NoKind + 1; k < kindCount; k++ {
		all = append(all, k)
	}
	return all
}

// String returns the kind's name, such as "not-sent".
func (k Kind) String() string { return nameOf(k, kindNames[:], "kind") }

// ParseKind returns the kind with the given name.
func ParseKind(s string) (Kind, error) { return parseName[Kind](s, kindNames[:], "kind of event") }

// MarshalText writes the name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a name.
func (k *Kind) UnmarshalText(b []byte) (err error) {
	*k, err = ParseKind(string(b))
	return err
}

// String returns the actor's name, such as "terminal".
func (a Actor) String() string { return nameOf(a, actorNames[:], "actor") }

// ParseActor returns the actor with the given name.
func ParseActor(s string) (Actor, error) { return parseName[Actor](s, actorNames[:], "actor") }

// MarshalText writes the name.
func (a Actor) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads a name.
func (a *Actor) UnmarshalText(b []byte) (err error) {
	*a, err = ParseActor(string(b))
	return err
}

// String returns the result's name: ok, wrong, absent or unchecked.
func (m MACResult) String() string { return nameOf(m, macNames[:], "MAC result") }

// ParseMACResult returns the result with the given name.
func ParseMACResult(s string) (MACResult, error) {
	return parseName[MACResult](s, macNames[:], "MAC result")
}

// MarshalText writes the name.
func (m MACResult) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads a name.
func (m *MACResult) UnmarshalText(b []byte) (err error) {
	*m, err = ParseMACResult(string(b))
	return err
}

// String returns the end's name: fin, rst, cut, timeout or none.
func (e End) String() string { return nameOf(e, endNames[:], "end") }

// ParseEnd returns the end with the given name.
func ParseEnd(s string) (End, error) { return parseName[End](s, endNames[:], "end of a connection") }

// MarshalText writes the name.
func (e End) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads a name.
func (e *End) UnmarshalText(b []byte) (err error) {
	*e, err = ParseEnd(string(b))
	return err
}

func nameOf[E ~uint8](e E, names []string, what string) string {
	if int(e) < len(names) {
		return names[e]
	}
	return fmt.Sprintf("%s(%d)", what, e)
}

// parseName finds a name; that of the zero value, which means "none", is found too.
func parseName[E ~uint8](s string, names []string, what string) (E, error) {
	for i, n := range names {
		if n == s {
			return E(i), nil
		}
	}
	return 0, fmt.Errorf("no %s is called %q", what, s)
}
