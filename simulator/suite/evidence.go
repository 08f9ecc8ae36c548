package suite

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/acqsim/acqsim/scenarios/world"
)

const (
	// shownTail is how much of what a driver wrote last is kept as evidence, in
	// bytes, and keptTail how much is kept to mask it: a card number that began
	// before what is shown is seen as one.
	shownTail = 4 << 10
	keptTail  = shownTail + 256
)

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	b   []byte
	cut bool // something was left out
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if more := len(t.b) - keptTail; more > 0 {
		t.b = append(t.b[:0], t.b[more:]...)
		t.cut = true
	}
	return len(p), nil
}

// text is the end, from the beginning of a line if there is one, without what
// is secret.
func (t *tail) text(s secrets) string {
	t.mu.Lock()
	b, cut := bytes.Clone(t.b), t.cut
	t.mu.Unlock()
	text := s.hide(strings.ToValidUTF8(string(b), "\uFFFD"))
	if more := len(text) - shownTail; cut && more > 0 {
		text = strings.ToValidUTF8(text[more:], "")
		if _, rest, found := strings.Cut(text, "\n"); found && rest != "" {
			text = rest
		}
		text = "…\n" + text
	}
	return strings.TrimRight(text, " \r\n")
}

// secrets are what no evidence shows, besides card numbers.
type secrets []string

// secretsOf are the keys in a hello, and its card numbers in groups, as
// receipts print them.
func secretsOf(h *Hello) (s secrets) {
	for _, key := range []string{h.MasterKey, h.InitialKey} {
		if key != "" {
			s = append(s, key, strings.ToLower(key), strings.ToUpper(key))
		}
	}
	for _, c := range h.Cards {
		if len(c.PAN) == 16 {
			s = append(s, strings.Join([]string{c.PAN[:4], c.PAN[4:8], c.PAN[8:12], c.PAN[12:]}, " "))
		}
	}
	return s
}

var pinPattern = regexp.MustCompile(`(?i)(\bpin["']?\s*[:=]\s*["']?)\d{4,12}\b`)

func (s secrets) hide(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, strings.Repeat("*", len(secret)))
	}
	return masked(pinPattern.ReplaceAllString(text, "$1****"))
}

// output is what a program has left behind.
func output(stdout, stderr string) string {
	var b strings.Builder
	for _, x := range []struct {
		head world.Bilingual
		text string
	}{{headStderr, stderr}, {headStdout, stdout}} {
		if x.text != "" {
			b.WriteString(x.head.EN + x.text + "\n")
		}
	}
	return b.String()
}

// The heads of what drivers leave behind.
var (
	headStderr = world.Bilingual{EN: "--- its standard error ends:\n", ZH: "--- 其标准错误输出的末尾：\n"}
	headStdout = world.Bilingual{EN: "--- its standard output ends:\n", ZH: "--- 其标准输出的末尾：\n"}
	headAnswer = world.Bilingual{EN: "--- its answer ends:\n", ZH: "--- 其应答的末尾：\n"}
)

// OutputText is the output of a driver, as results have it, with its heads in
// both languages.
func OutputText(output string) world.Bilingual {
	zh := output
	for _, head := range []world.Bilingual{headStderr, headStdout, headAnswer} {
		zh = strings.Replace(zh, head.EN, head.ZH, 1)
	}
	return world.Bilingual{EN: output, ZH: zh}
}
