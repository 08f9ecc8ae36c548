package world

import "fmt"

// Names of the states, in files and prints. The zero value of each is the
// ordinary state, so a file need not mention it.
var (
	merchantStatusNames = []string{"active", "suspended", "frozen", "closed", "applied"}
	refusalNames        = []string{"answer", "silent"}
	cardStatusNames     = []string{"ok", "frozen", "lost", "stolen", "restricted", "expired"}
	derivationNames     = []string{"none", "emv-csk"}
	issuerStateNames    = []string{"up", "down", "slow", "silent"}
	chores              = []string{"none", "parameters", "status", "sign-on"}
	terminalStatusNames = []string{"active", "inactive", "unregistered", "signed-off"}
)

// String returns the status as files name it, such as "suspended".
func (s MerchantStatus) String() string { return name(s, merchantStatusNames, "merchant status") }

// UnmarshalText reads a name.
func (s *MerchantStatus) UnmarshalText(b []byte) error {
	return parseState(s, b, merchantStatusNames, "merchant status")
}

// String returns the refusal as files name it: "answer" or "silent".
func (r Refusal) String() string { return name(r, refusalNames, "refusal") }

// UnmarshalText reads a name.
func (r *Refusal) UnmarshalText(b []byte) error {
	return parseState(r, b, refusalNames, "way to refuse")
}

// String returns the status as files name it, such as "lost".
func (s CardStatus) String() string { return name(s, cardStatusNames, "card status") }

// UnmarshalText reads a name.
func (s *CardStatus) UnmarshalText(b []byte) error {
	return parseState(s, b, cardStatusNames, "card status")
}

// String returns the derivation as files name it: "none" or "emv-csk".
func (d KeyDerivation) String() string { return name(d, derivationNames, "key derivation") }

// UnmarshalText reads a name.
func (d *KeyDerivation) UnmarshalText(b []byte) error {
	return parseState(d, b, derivationNames, "key derivation")
}

// String returns the state as files name it: such as "down".
func (s IssuerState) String() string { return name(s, issuerStateNames, "issuer state") }

// UnmarshalText reads a name.
func (s *IssuerState) UnmarshalText(b []byte) error {
	return parseState(s, b, issuerStateNames, "issuer state")
}

// String returns the chore as files name it, such as "parameters".
func (c Chore) String() string { return name(c, chores, "chore") }

// UnmarshalText reads a name.
func (c *Chore) UnmarshalText(b []byte) error { return parseState(c, b, chores, "chore") }

// String returns the status as files name it, such as "signed-off".
func (s TerminalStatus) String() string { return name(s, terminalStatusNames, "terminal status") }

// UnmarshalText reads a name.
func (s *TerminalStatus) UnmarshalText(b []byte) error {
	return parseState(s, b, terminalStatusNames, "terminal status")
}

func parseState[E ~uint8](to *E, b []byte, names []string, what string) error {
	for i, n := range names {
		if n == string(b) {
			*to = E(i)
			return nil
		}
	}
	list := ""
	for i, n := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			list += " or "
		default:
			list += ", "
		}
		list += n
	}
	return fmt.Errorf("no %s is called %q; write %s", what, clip(string(b)), list)
}
