package reports

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

func TestRecordWords(t *testing.T) {
	for _, tt := range []struct{ en, zh string }{
		{"the account has the funds; PIN verified; cryptogram verified", "账户余额足够；密码正确；IC 卡密文正确"},
		{"the PIN is wrong (1 of 2)", "密码错误（第 1 次，最多 2 次）"},
		{"the PIN is wrong for the 3. time", "密码第 3 次错误"},
		{"merchant 123 is outside its trading hours at Mon 03:00, and is refused silently", "商户 123 在周一 03:00 不在营业时间内，且不予应答"},
		{"no such original in this terminal's open batch, nothing posted", "该终端的未结批次中没有此原交易，未记账"},
		{"no such sale in this terminal's open batch: STAN 000004 is a 0200 (refund), and a 0220 is named",
			"该终端的未结批次中没有此消费：流水号 000004 是 0200（退货），而所指为 0220"},
		{"out of balance: the terminal has 1 sale of 10.00, 0 refunds of 0.00; the host has 2 sales of 30.00, 1 refund of 5.00",
			"对账不平：终端为：消费 1 笔 10.00，退货 0 笔 0.00；主机为：消费 2 笔 30.00，退货 1 笔 5.00"},
		{"domestic cards out of balance: the terminal has 1 sale of 7.00, 0 refunds of 0.00; the host has 1 sale of 10.00, 0 refunds of 0.00; foreign cards out of balance: the terminal has 0 sales of 0.00, 0 refunds of 0.00; the host has 1 sale of 7.00, 0 refunds of 0.00",
			"内卡对账不平：终端为：消费 1 笔 7.00，退货 0 笔 0.00；主机为：消费 1 笔 10.00，退货 0 笔 0.00；外卡对账不平：终端为：消费 0 笔 0.00，退货 0 笔 0.00；主机为：消费 1 笔 7.00，退货 0 笔 0.00"},
		{"an offline sale, posted without asking; as a request it would have been declined: the account is frozen; the account does not have the funds, and is overdrawn",
			"离线交易，直接入账；若为请求则会被拒绝：账户已冻结；账户余额不足，产生透支"},
		{"the host is given to decide: do-not-honour (mine); message.code + message.mac (unknown-response-code)",
			"指定主机决定为：发卡方拒绝（场景 mine）；故障 message.code + message.mac（场景 unknown-response-code）"},
		{"accept.limit (peak-hour-queue): nothing was read from it", "故障 accept.limit（场景 peak-hour-queue）：未从该连接读取任何数据"},
		{`frame too-long: length header "HT" announces 18516 bytes, more than allowed: raise the maximum, or check that the peer's length header is 2 binary bytes too`,
			`帧过长：长度头 "HT" 声明 18516 字节，超过上限：请提高上限，或检查对端的长度头是否也为 2 字节二进制`},
		{"message 0200, field 2 (primary account number), at byte 12: a length of 30; the field has at most 19",
			"报文 0200，2 域（primary account number），第 12 字节：长度为 30，该域最多 19"},
		{"frame unfinished: 12 of its 90 bytes had come: unexpected EOF", "帧不完整：全帧 90 字节只到 12 字节：连接提前结束"},
		{"the TLS handshake failed: remote error: tls: bad certificate", "TLS 握手失败（记录原文：remote error: tls: bad certificate）"},
		{"line test; the vendor has its own words", "线路测试；（记录原文：the vendor has its own words）"},
		{"could not be written: no space left; the file takes events too slowly", "未能写入（记录原文：no space left）；文件写入过慢"},
	} {
		said, known := recorded(tt.en)
		assert.True(t, known, tt.en)
		assert.Equal(t, text{EN: tt.en, ZH: tt.zh}, said)
	}
	said, known := recorded("who knows; what this is")
	assert.False(t, known)
	assert.Equal(t, text{EN: "who knows; what this is", ZH: "who knows; what this is"}, said)

	steps, known := recordedSteps("wait 1.5s, write 1 bytes, gap 20ms, … 87 steps in all, the last: FIN without close_notify")
	assert.True(t, known)
	assert.Equal(t, "等待 1.5s，写 1 字节，停顿 20ms，…… 共 87 步，最后一步：FIN（不发 close_notify）", steps.ZH)
}

// TestPhrasesFillTheirHoles holds that Chinese takes over each hole once, and
// that no phrase is hidden by one before it.
func TestPhrasesFillTheirHoles(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range patterns() {
		assert.False(t, seen[p.en], "%q is there twice", p.en)
		seen[p.en] = true
		var want, got []string
		for i := range p.holes {
			want = append(want, strconv.Itoa(i+1))
		}
		for _, m := range hole.FindAllStringSubmatch(p.zh, -1) {
			got = append(got, m[1])
		}
		slices.Sort(got)
		assert.Equal(t, want, got, p.en)
		for _, m := range hole.FindAllStringSubmatch(p.en, -1) {
			if m[1] != "s" {
				assert.Contains(t, holes, m[1], p.en)
			}
		}
	}
}

// theirs is what is not acqsim's to say: the words of Go, TLS and the system.
var theirs = regexp.MustCompile(`^(?:remote error: )?tls: |^(?:read|write) tcp |^context canceled$|^EOF$|^i/o timeout$`)

// TestTheRecordIsKnown runs the library, and holds that the page has Chinese for
// each sentence of the records.
func TestTheRecordIsKnown(t *testing.T) {
	for _, x := range []struct {
		dialect, profile string
		tls              bool
	}{{"unionpay-pos", "strict", false}, {"iso93-ascii", "nac", true}} {
		cases, err := suite.Cases(nil)
		require.NoError(t, err)
		o := suite.Options{Cases: cases, Driver: &suite.Builtin{}, Pace: suite.Quick(), TLS: x.tls}
		o.Dialect, err = dialect.Load(x.dialect)
		require.NoError(t, err)
		o.Profile, err = profile.Open(x.profile)
		require.NoError(t, err)
		r, err := suite.Run(t.Context(), o)
		require.NoError(t, err)
		n := 0
		for i := range r.Results {
			for _, e := range r.Results[i].Events {
				n += known(t, &e)
			}
		}
		assert.Greater(t, n, 400)
	}
}

// known holds that the page knows what an event says, and counts it.
func known(t *testing.T, e *transcript.Event) (n int) {
	t.Helper()
	said := []string{e.Why}
	switch e.Kind {
	case transcript.Listening, transcript.Acted, transcript.Reported: // an address, an action, the display
	case transcript.Sent, transcript.NotSent:
		_, ok := recordedSteps(e.Text)
		assert.True(t, ok || e.Text == "", e.Text)
	default:
		said = append(said, e.Text)
	}
	for _, s := range said {
		if s == "" {
			continue
		}
		n++
		var w recordWords
		_, _ = w.all(s)
		for _, raw := range w.raw {
			assert.Regexp(t, theirs, raw, "record_words.go knows nothing of it: %s says %q", e.Kind, s)
		}
	}
	return n
}

// notRecorded are words of the packages below that stand in no record.
var notRecorded = regexp.MustCompile(`^(?:host|listener %s|simulator|ledger|journal): |^listener %d|^a server needs|^security: $|^Mon 15:04$`)

// TestEverySentenceIsKnown reads what the host and the server can say, also where
// no scenario of the library makes them: each piece of a sentence is in a phrase.
func TestEverySentenceIsKnown(t *testing.T) {
	verb := regexp.MustCompile(`%[-+# 0]*\d*[a-zA-Z]`)
	pieces := 0
	check := func(at token.Position, s string) {
		s = strings.Trim(s, " ,;:.()")
		// Words, and not only what stands between them.
		if !strings.Contains(s, " ") || notRecorded.MatchString(s) || !regexp.MustCompile(`[a-z]{2}`).MatchString(verb.ReplaceAllString(s, "")) {
			return
		}
		pieces++
		var within []string
		for _, piece := range verb.Split(s, -1) {
			within = append(within, regexp.QuoteMeta(strings.ReplaceAll(piece, "%%", "%")))
		}
		said := regexp.MustCompile(strings.Join(within, ".*"))
		var w recordWords
		_, whole := w.sentence(s)
		_, begun := w.sentence(s + " 10.00")
		if !whole && !begun && !slices.ContainsFunc(patterns(), func(p pattern) bool { return said.MatchString(p.en) }) {
			t.Errorf("%s: %q is in no phrase of record_words_*.go", at, s)
		}
	}
	for folder, of := range map[string]string{"host": "", "": "", "../faults": "note"} {
		files, err := filepath.Glob(filepath.Join("..", "..", folder, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, name := range files {
			switch filepath.Base(name) {
			case "metrics.go", "histogram.go": // help texts of metrics
				continue
			}
			if !strings.HasSuffix(name, "_test.go") {
				literals(t, name, of, check)
			}
		}
	}
	assert.Greater(t, pieces, 200)
}

// literals calls found with each text of a file, or only with those in calls of a
// function.
func literals(t *testing.T, name, of string, found func(token.Position, string)) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	all := func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			s, err := strconv.Unquote(l.Value)
			require.NoError(t, err)
			found(set.Position(l.Pos()), s)
		}
		return true
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if of == "" {
			return all(n)
		}
		if call, ok := n.(*ast.CallExpr); ok {
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == of {
				ast.Inspect(call, all)
			}
		}
		return true
	})
}
