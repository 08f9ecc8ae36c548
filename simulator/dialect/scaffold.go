package dialect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// guides say what to change at each key of a dialect file, and where a vendor's
// document has it. Each stands before the first line that begins so.
var guides = []struct{ line, text string }{
	{"frame:", `STEP 1: how messages are framed.
Vendors write about it under "communication", "transport" or "message header".
Look for: the bytes of the length header, binary or digits; whether it counts
itself; a TPDU (5 bytes, the first is 60); a header of fixed size. acqsim
dialects try tells which keys fit a sample.`},
	{"variants:", `Other frames, or encodings, of the same messages: NAME/VARIANT loads one. Delete
those that the vendor does not have.`},
	{"  charset:", `STEP 2: how text and numbers are written.
Look for "ASCII", "EBCDIC", "BCD", "packed", and for notes on odd lengths: padded
in front (BCD) or behind (LBCD). Where one setting is not enough, fields have
their own in "spec".`},
	{"  transactions:", `STEP 4: which message is what.
Vendors have a table of message types and processing codes, often with the
function: "sale", "void", "refund". One row each; delete what they do not have.`},
	{"  originals:", `STEP 5: how a void or reversal names the transaction that it is about.
Look at the reversal's fields: 90 "original data elements", 37, 38, 61 or a
private field, or the STAN of the original in 11.`},
	{"  duplicates:", `What makes two requests the same one. Look for "duplicate" and "repeat".`},
	{"  mac:", `STEP 6: MAC and PIN block.
Vendors write about it under "security" or "key management": the algorithm (X9.9,
X9.19, ISO 9797-1), the field, the format of the PIN block (ISO 9564 format 0 is
"ANSI X9.8"). Delete the line if there is no MAC.`},
	{"  replies:", `STEP 7: what replies hold.
Vendors have one table per message with a column for the response: "ME" and
"echo" go to "echo", what the host sets goes to "host".`},
	{"codes:", `STEP 8: response codes.
Vendors list them in an appendix, "field 39". Only what differs from the base
table needs a line, such as issuer-timeout: "91". docs/dialects.md lists the names of
outcomes; lint suggests the nearest.`},
	{"  fields:", `STEP 3: the fields.
Vendors have a table "data elements": number, name, format, length.
  n 6         {type: String, length: 6, enc: E, prefix: F.Fixed}, E and F as others have
  n..19       variable: prefix F.LL (two digits of length), F.LLL (three)
  an, ans     text: enc ASCII, Text or GBK
  b 64        64 bits: {type: Binary, length: 8, enc: Binary, prefix: Binary.Fixed}
  z..37       a track: enc Track2BCD where it is packed
Names after dialects/README.md of acqsim's sources. Fields that the vendor does
not have may stay: they do no harm.`},
}

// Scaffold makes a dialect file to start from out of the source of another one:
// under a new name, with comments that say step by step what to change and where
// a vendor's document has it. The name may hold lower-case letters, digits and -.
func Scaffold(name, from string, src []byte) ([]byte, error) {
	switch {
	case name == "":
		return nil, errors.New("the new dialect needs a name")
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return nil, fmt.Errorf("the name %q may hold lower-case letters, digits and - only", name)
	case slices.Contains(builtin, name):
		return nil, fmt.Errorf("%s is an embedded dialect: choose another name", name)
	}
	lines := strings.Split(strings.ReplaceAll(string(src), from+"/", name+"/"), "\n")
	out := []string{
		"# " + name + ", started from " + from + ". Work through the steps; they are in the",
		"# order of a vendor's document, not of this file. After each:",
		"#",
		"#     acqsim dialects lint " + name + ".yaml",
		"#     acqsim dialects try " + name + ".yaml sample.hex",
		"#",
		"# A sample is the hexadecimal of one message that the vendor's document or a",
		"# trace of the line shows. What acqsim says of " + from + ":",
		"#",
	}
	given := make([]bool, len(guides))
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "name:"):
			line = "name: " + name
		case strings.HasPrefix(line, "title:"):
			line = fmt.Sprintf("title: {en: %q}", name)
		}
		for g := range guides {
			if given[g] || !strings.HasPrefix(line, guides[g].line) {
				continue
			}
			given[g] = true
			indent := guides[g].line[:len(guides[g].line)-len(strings.TrimLeft(guides[g].line, " "))]
			at := len(out)
			for j := i; j > 0 && strings.HasPrefix(lines[j-1], indent+"#"); j-- {
				at-- // before the comment of the key
			}
			var guide []string
			for _, text := range strings.Split(guides[g].text, "\n") {
				guide = append(guide, indent+"# "+text)
			}
			if at < len(out) {
				guide = append(guide, indent+"#")
			}
			out = slices.Insert(out, at, guide...)
		}
		out = append(out, line)
	}
	return []byte(strings.Join(out, "\n")), nil
}
