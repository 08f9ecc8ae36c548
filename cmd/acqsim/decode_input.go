package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// maxInput is the most that acqsim decode reads, in bytes: some thousand
// messages.
const maxInput = 1 << 20

// The ways in which messages can be written.
const (
	encodingAuto    = "auto"
	encodingHex     = "hex"
	encodingHexdump = "hexdump"
	encodingBase64  = "base64"
	encodingBinary  = "binary"
)

var inputEncodings = []string{encodingAuto, encodingHex, encodingHexdump, encodingBase64, encodingBinary}

// reading is one way to take an input: as bytes, in one or more parts that have
// nothing to do with each other (the packets of a hexdump, lines).
type reading struct {
	encoding string
	parts    [][]byte
	notes    []string // what had to be assumed
}

// size is the number of bytes in all parts.
func (r *reading) size() (n int) {
	for _, p := range r.parts {
		n += len(p)
	}
	return n
}

// readings returns every way to take the input, the likeliest first, and why
// the other encodings are out of the question. Neither repeats the input.
func readings(src []byte, encoding string) (all []reading, reasons []string) {
	text := isTextInput(src)
	try := func(name string, read func([]byte) (reading, error)) {
		if encoding != name && (encoding != encodingAuto || !text) {
			return
		}
		r, err := read(src)
		if err != nil {
			reasons = append(reasons, fmt.Sprintf("not %s: %v", name, err))
			return
		}
		r.encoding = name
		all = append(all, r)
	}
	try(encodingHexdump, readHexdump)
	try(encodingHex, readHex)
	if text && (encoding == encodingAuto || encoding == encodingHex) {
		if lines, ok := readHexLines(src); ok {
			all = append(all, lines)
		}
	}
	try(encodingBase64, readBase64)
	if encoding != encodingAuto && encoding != encodingBinary {
		return all, reasons
	}
	all = append(all, reading{encoding: encodingBinary, parts: [][]byte{src}})
	// A message of characters in a file usually ends with a line end of its own.
	if cut := bytes.TrimRight(src, "\r\n"); text && len(cut) < len(src) {
		all = append(all, reading{encoding: encodingBinary, parts: [][]byte{cut}, notes: []string{"the line end after the message was left out"}})
	}
	return all, reasons
}

// isTextInput reports whether bytes could be a text that stands for others.
func isTextInput(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}

// hexPunctuation is what people and programs write around bytes.
var hexPunctuation = strings.NewReplacer("0x", "", "0X", "", `\x`, "", `\X`, "", ",", "", ":", "", "-", "", "{", "", "}", "", "[", "", "]", "", ";", "", `"`, "", "'", "", "\ufeff", "")

// readHex takes hexadecimal digits with anything usual between them.
func readHex(src []byte) (reading, error) {
	digits := strings.Join(strings.Fields(hexPunctuation.Replace(string(src))), "")
	if digits == "" {
		return reading{}, fmt.Errorf("it has no digits")
	}
	if i := strings.IndexFunc(digits, func(c rune) bool { return !isHexDigit(c) }); i >= 0 {
		c, _ := utf8.DecodeRuneInString(digits[i:])
		return reading{}, fmt.Errorf("%s", placeOf(src, c))
	}
	var r reading
	if len(digits)%2 != 0 {
		r.notes = append(r.notes, fmt.Sprintf("%d hexadecimal digits are no whole bytes: the last one was left out", len(digits)))
		digits = digits[:len(digits)-1]
	}
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) == 0 {
		return reading{}, fmt.Errorf("there is no whole byte")
	}
	r.parts = [][]byte{b}
	return r, nil
}

func isHexDigit(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// placeOf says where a character stands that does not belong into the input.
func placeOf(src []byte, c rune) string {
	for i, line := range strings.Split(string(src), "\n") {
		if j := strings.IndexRune(line, c); j >= 0 {
			return fmt.Sprintf("%q in line %d, column %d", c, i+1, utf8.RuneCountInString(line[:j])+1)
		}
	}
	return fmt.Sprintf("%q", c)
}

// readHexLines takes each line for a message of its own.
func readHexLines(src []byte) (reading, bool) {
	r := reading{encoding: encodingHex, notes: []string{"each line was taken for a message of its own"}}
	for line := range strings.Lines(string(src)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		one, err := readHex([]byte(line))
		if err != nil || len(one.notes) > 0 {
			return reading{}, false
		}
		r.parts = append(r.parts, one.parts...)
	}
	return r, len(r.parts) > 1
}

// readBase64 takes base64 of either alphabet, with or without padding.
func readBase64(src []byte) (reading, error) {
	text := strings.TrimRight(strings.Join(strings.Fields(string(src)), ""), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		if at, ok := err.(base64.CorruptInputError); ok && int(at) < len(text) { //nolint:errorlint // the package returns it bare
			c, _ := utf8.DecodeRuneInString(text[at:])
			if !strings.ContainsRune("+/", c) && (c > 'z' || !isWordCharacter(c)) {
				return reading{}, fmt.Errorf("%s", placeOf(src, c))
			}
		}
		return reading{}, fmt.Errorf("%d characters are no whole number of bytes", len(text))
	}
	return reading{parts: [][]byte{b}}, nil
}

func isWordCharacter(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// dumpLine is a line of hexdump -C, xxd, tcpdump -x or Wireshark: an offset,
// bytes, and often the bytes as characters.
var dumpLine = regexp.MustCompile(`^\s*(?:0[xX])?([0-9a-fA-F]{4,8})(?::|[ \t])(.*)$`)

// readHexdump takes a dump with offsets. Where the offset starts again at 0
// another packet begins.
func readHexdump(src []byte) (reading, error) {
	type line struct {
		offset int
		rest   string
	}
	var lines []line
	repeated := map[int]bool{} // lines that a * stands before
	for text := range strings.Lines(string(src)) {
		text = strings.TrimRight(text, " \t\r\n")
		if text == "*" {
			repeated[len(lines)] = true
			continue
		}
		if text == "" {
			continue
		}
		m := dumpLine.FindStringSubmatch(text + " ")
		if m == nil {
			return reading{}, fmt.Errorf("not every line begins with an offset")
		}
		offset, err := strconv.ParseUint(m[1], 16, 32)
		if err != nil || offset > maxInput {
			return reading{}, fmt.Errorf("an offset is beyond %d", maxInput)
		}
		lines = append(lines, line{int(offset), m[2]})
	}
	if len(lines) == 0 || lines[0].offset != 0 {
		return reading{}, fmt.Errorf("the first line has not the offset 0")
	}
	var r reading
	var part, last []byte
	for i, l := range lines {
		if l.offset == 0 && i > 0 {
			r.parts = append(r.parts, part)
			part, last = nil, nil
		}
		for repeated[i] && len(last) > 0 && len(part)+len(last) <= l.offset {
			part = append(part, last...)
		}
		if l.offset != len(part) {
			return reading{}, fmt.Errorf("an offset does not follow from the lines before it")
		}
		count := 16
		if i+1 < len(lines) && !repeated[i+1] && lines[i+1].offset > l.offset {
			count = min(lines[i+1].offset-l.offset, 64)
		}
		last = dumpBytes(l.rest, count)
		part = append(part, last...)
	}
	r.parts = append(r.parts, part)
	if r.size() == 0 {
		return reading{}, fmt.Errorf("it has no bytes")
	}
	return r, nil
}

// dumpBytes reads at most count bytes of a dump's line, up to the column of
// characters: what comes after a wide gap, a bar, or anything but digits.
func dumpBytes(s string, count int) (b []byte) {
	for len(b) < count {
		trimmed := strings.TrimLeft(s, " \t")
		if gap := len(s) - len(trimmed); gap > 2 && len(b) > 0 {
			break
		}
		word, rest, _ := strings.Cut(trimmed, " ")
		some, err := hex.DecodeString(word)
		if err != nil || len(some) == 0 || len(some) > count-len(b) {
			break
		}
		b = append(b, some...)
		s = " " + rest
	}
	return b
}

// tcpPayload cuts the headers off an Ethernet or IPv4 packet that carries TCP,
// as captures show them. Layouts: IEEE 802.3, RFC 791, RFC 9293.
func tcpPayload(b []byte) (payload []byte, skipped int, ok bool) {
	const ethernet = 14
	at := 0
	if len(b) > ethernet && b[12] == 0x08 && b[13] == 0x00 {
		at = ethernet
	}
	ip := b[at:]
	if len(ip) < 20 || ip[0]>>4 != 4 || ip[9] != 6 {
		return nil, 0, false
	}
	size, total := int(ip[0]&0xF)*4, int(ip[2])<<8|int(ip[3])
	if size < 20 || total > len(ip) || total < size+20 {
		return nil, 0, false
	}
	skip := size + int(ip[size+12]>>4)*4
	if skip < size+20 || skip > total {
		return nil, 0, false
	}
	return ip[skip:total], at + skip, true
}

// readInput returns what acqsim decode was given: arguments, a file or stdin.
func (a *app) readInput(file string, args []string) ([]byte, error) {
	fromStdin := file == "-" || file == "" && (len(args) == 0 || len(args) == 1 && args[0] == "-")
	switch {
	case file != "" && len(args) > 0:
		return nil, usagef("give a message or --file, not both")
	case fromStdin:
		if isTerminal(a.stdin) {
			_, _ = fmt.Fprintln(a.stderr, "Paste a message in hex or base64, and end it with Ctrl-D (Windows: Ctrl-Z and Enter).")
		}
		return readBounded(a.stdin, "stdin", maxInput)
	case file == "" && len(args) == 1 && isFile(args[0]):
		file = args[0]
	case file == "":
		return []byte(strings.Join(args, " ")), nil
	}
	f, err := os.Open(file) //nolint:gosec // the user names the file
	if err != nil {
		return nil, usagef("the input can't be read: %w", err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return readBounded(f, file, maxInput)
}

func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) //nolint:gosec // a file descriptor is small
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

// readBounded reads at most limit bytes.
func readBounded(r io.Reader, name string, limit int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, usagef("%s can't be read: %w", name, err)
	}
	if len(b) > limit {
		return nil, usagef("%s has more than %d bytes: give less of it", name, limit)
	}
	return b, nil
}
