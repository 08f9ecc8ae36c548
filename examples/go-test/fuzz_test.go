package pos

import (
	"maps"
	"testing"
)

// FuzzParse holds that whatever comes from the line is read or refused, and that
// what is read can be written again.
func FuzzParse(f *testing.F) {
	frame, err := message{0: "0200", 2: "6200000000000005", 4: "000000001000", 11: "000001", 90: "020000000111230000000000000000000000000000"}.frame()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(frame[4:]))
	f.Add("0210")
	f.Add("02107000000000000000")
	f.Fuzz(func(t *testing.T, body string) {
		m, err := parse(body)
		if err != nil {
			return
		}
		frame, err := m.frame()
		if err != nil {
			t.Fatalf("%v can't be written: %v", m, err)
		}
		again, err := parse(string(frame[4:]))
		if err != nil || !maps.Equal(m, again) {
			t.Fatalf("%v is read as %v (%v)", m, again, err)
		}
	})
}
