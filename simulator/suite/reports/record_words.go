package reports

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Transcripts are in English: machines and engineers read them. The page says
// the same in Chinese, sentence by sentence, as far as acqsim made the sentence;
// what the operating system, TLS or somebody's file says stays as it is.

// phrase is a sentence of the record, and what it is in Chinese. English has
// holes, {…}, which Chinese takes over by their number, {1}, {2}…: what is in
// them is said by holes. {s} is no hole but an s or none.
type phrase struct{ en, zh string }

// holes are what can stand in a hole, and how it looks.
var holes = map[string]string{
	"": `.+?`, "name": `[^;()]+`, "n": `-?[0-9][0-9.,]*`, // as they are
	"said": `.+?`, // by the record
	"raw":  `.+?`, // by the system, or by the record
	"type": `[a-z-]+`, "outcome": `[a-z-]+`, "what": `[a-z-]+`, "state": `[a-z ]+`, "kind": `[a-z-]+`,
	"length": `[A-Za-z0-9 ]+`, "day": `[A-Z][a-z][a-z]`,
	"fault": `[a-z-]+\.[a-z-]+(?: \+ [a-z-]+\.[a-z-]+)*`,
}

// fill is what stands in a hole, in Chinese. False: it is nothing of the kind.
func (w *recordWords) fill(hole, s string) (string, bool) {
	switch hole {
	case "", "name", "n":
		return s, true
	case "said":
		return w.sentence(s)
	case "raw":
		return w.perhaps(s), true
	case "fault":
		return s, areFaults(s)
	}
	zh, ok := names()[hole][s]
	return zh, ok
}

type pattern struct {
	phrase
	begins string // with what every such sentence does
	is     *regexp.Regexp
	holes  []string
}

var hole = regexp.MustCompile(`\{([a-z0-9]*)\}`)

func compile(p phrase) pattern {
	out := pattern{phrase: p, begins: p.en}
	expr, at := "^", 0
	for i, m := range hole.FindAllStringSubmatchIndex(p.en, -1) {
		if i == 0 {
			out.begins = p.en[:m[0]]
		}
		expr += regexp.QuoteMeta(p.en[at:m[0]])
		at = m[1]
		name := p.en[m[2]:m[3]]
		if name == "s" {
			expr += "s?"
			continue
		}
		expr += "(" + holes[name] + ")"
		out.holes = append(out.holes, name)
	}
	out.is = regexp.MustCompile("(?s)" + expr + regexp.QuoteMeta(p.en[at:]) + "$")
	return out
}

var patterns = sync.OnceValue(func() (all []pattern) {
	for _, table := range [][]phrase{hostPhrases, batchPhrases, linePhrases, messagePhrases} {
		for _, p := range table {
			all = append(all, compile(p))
		}
	}
	return all
})

// recordWords translates one text of a record.
type recordWords struct {
	raw []string // what others than acqsim say in it
}

// recorded is a text of the record in both languages. Known says that some of it
// is known; what is not stands in Chinese as it is.
func recorded(said string) (t text, known bool) {
	said = visible(said)
	zh, known := new(recordWords).all(said)
	return text{EN: said, ZH: zh}, known
}

// recordedSteps is recorded for the steps of a delivery.
func recordedSteps(said string) (t text, known bool) {
	said = visible(said)
	var w recordWords
	var parts []string
	first, last, many := strings.Cut(said, ", … ")
	steps := strings.Split(first, ", ")
	if many {
		steps = append(steps, "… "+last)
	}
	for _, step := range steps {
		zh, ok := w.phrase(step)
		if !ok {
			return recorded(said)
		}
		parts = append(parts, zh)
	}
	return text{EN: said, ZH: strings.Join(parts, "，")}, true
}

// all translates sentences that stand behind one another, and leaves what is
// not known as it is. False: nothing is known.
func (w *recordWords) all(s string) (zh string, known bool) {
	var parts []string
	for rest := s; rest != ""; {
		zh, after, ok := w.longest(rest)
		known = known || ok
		if !ok {
			zh, after, _ = strings.Cut(rest, sentenceEnd)
			w.raw = append(w.raw, zh)
			zh = recordOwn(zh)
		}
		parts, rest = append(parts, zh), after
	}
	if !known {
		return s, false
	}
	return strings.Join(parts, "；"), true
}

// recordOwn marks what stays as it is.
func recordOwn(s string) string { return "（记录原文：" + s + "）" }

const sentenceEnd = "; "

// sentence translates sentences that all have to be known.
func (w *recordWords) sentence(s string) (string, bool) {
	var parts []string
	for s != "" {
		zh, rest, ok := w.longest(s)
		if !ok {
			return "", false
		}
		parts, s = append(parts, zh), rest
	}
	return strings.Join(parts, "；"), true
}

// longest translates as much of the beginning as one phrase says, and returns
// what follows.
func (w *recordWords) longest(s string) (zh, rest string, ok bool) {
	for end := len(s); end > 0; end = strings.LastIndex(s[:end], sentenceEnd) {
		if zh, ok := w.phrase(s[:end]); ok {
			return zh, strings.TrimPrefix(s[end:], sentenceEnd), true
		}
	}
	return "", "", false
}

func (w *recordWords) phrase(s string) (string, bool) {
	all := patterns()
	for i := range all {
		if p := &all[i]; strings.HasPrefix(s, p.begins) {
			if zh, ok := w.match(p, s); ok {
				return zh, true
			}
		}
	}
	return "", false
}

func (w *recordWords) match(p *pattern, s string) (string, bool) {
	m := p.is.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	raw := len(w.raw)
	said := make([]string, len(p.holes))
	for i, name := range p.holes {
		var ok bool
		if said[i], ok = w.fill(name, m[i+1]); !ok {
			w.raw = w.raw[:raw]
			return "", false
		}
	}
	return hole.ReplaceAllStringFunc(p.zh, func(h string) string {
		n, _ := strconv.Atoi(h[1 : len(h)-1]) // a test holds that it is one
		return said[n-1]
	}), true
}

// areFaults reports whether a text is the names of faults.
func areFaults(s string) bool {
	for name := range strings.SplitSeq(s, " + ") {
		if _, err := faults.Find(name); err != nil {
			return false
		}
	}
	return true
}

// perhaps translates what may be sentences of acqsim's, after a colon, and puts
// what is none into brackets.
func (w *recordWords) perhaps(s string) string {
	zh, known := w.all(s)
	switch {
	case !known:
		return recordOwn(s)
	case strings.HasPrefix(zh, recordOwn("")[:len("（")]):
		return zh
	}
	return "：" + zh
}

// names are the names that stand in holes, in Chinese.
var names = sync.OnceValue(func() map[string]map[string]string {
	types, outcomes := map[string]string{}, map[string]string{}
	for _, t := range append(world.TransactionTypes(), world.Unrecognised) {
		types[t.String()] = t.Text().ZH
	}
	for _, o := range append(world.Outcomes(), world.Undecided) {
		outcomes[o.String()] = o.Text().ZH
	}
	return map[string]map[string]string{
		"type": types, "outcome": outcomes,
		// what the host looks for
		"what": {"sale": "消费", "completion": "预授权完成", "original": "原交易", "pre-authorisation": "预授权"},
		// of transactions, and of held money
		"state": {
			"declined": "已拒绝", "posted": "已入账", "voided": "已撤销", "reversed": "已冲正", "no money": "未动账",
			"live": "有效", "completed": "已完成", "expired": "已过期", "unknown state": "状态未知",
		},
		// what is wrong with a frame
		"kind": {
			"bad-length": "长度头错误", "too-long": "过长", "too-short": "过短", "unfinished": "不完整", "too-slow": "过慢",
			"idle": "空闲超时", "interrupted": "读取中止", "read-failed": "读取失败",
		},
		// length headers
		"length": {
			"2 binary bytes": "2 字节二进制", "4 binary bytes": "4 字节二进制", "4 BCD digits": "4 位 BCD 数字",
			"4 ASCII digits": "4 位 ASCII 数字", "4 hexadecimal digits": "4 位十六进制数字", "a Visa VML header": "Visa VML 头",
		},
		"day": {"Mon": "周一", "Tue": "周二", "Wed": "周三", "Thu": "周四", "Fri": "周五", "Sat": "周六", "Sun": "周日"},
	}
})
