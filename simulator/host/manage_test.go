package host

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

// ask sends a network message; its DE 62 is given as text or bytes.
func (p *till) ask(mti, code, de62 string) *Decision {
	return p.send(map[int]string{0: mti, 11: "", 60: p.batchField("00", code), 62: strings.ToUpper(hex.EncodeToString([]byte(de62)))})
}

// keys is a world with n public keys.
func keys(n int) *world.World {
	w := world.Default()
	w.PublicKeys = map[string]*world.PublicKey{}
	for i := range n {
		w.PublicKeys[fmt.Sprintf("A000009999-%02X", i)] = &world.PublicKey{
			RID: []byte{0xA0, 0, 0, 0x99, 0x99}, Index: byte(i), Modulus: bytes.Repeat([]byte{0xC1}, 144), Exponent: []byte{3}, Expires: "20491231",
		}
	}
	return w
}

func TestPublicKeysAreDownloadedInParts(t *testing.T) {
	for n, marks := range map[int]string{0: "0", 1: "1", 22: "1", 23: "23", 60: "223"} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			p := newTill(t, "unionpay-pos", keys(n), false)
			var got string
			var names [][]byte
			for range 9 {
				d := p.ask("0820", "372", fmt.Sprintf("1%02d", len(names)))
				require.Equal(t, world.Approved, d.Outcome, d.Why)
				require.NotEmpty(t, d.Data)
				assert.LessOrEqual(t, len(d.Data), maxListed)
				got += string(d.Data[:1])
				rest := d.Data[1:]
				require.Zero(t, len(rest)%23, "terminals read entries of 23 bytes")
				for ; len(rest) > 0; rest = rest[23:] {
					names = append(names, rest[:12])
				}
				if d.Data[0] != '2' {
					break
				}
			}
			assert.Equal(t, marks, got)
			require.Len(t, names, n)
			for i, name := range names {
				d := p.ask("0800", "370", string(name))
				require.Equal(t, byte('1'), d.Data[0], d.Why)
				assert.Equal(t, byte(i), d.Data[1+11])
				assert.Contains(t, hex.EncodeToString(d.Data), "df028190"+strings.Repeat("c1", 144)+"df040103df0314")
			}
			assert.Equal(t, world.Approved, p.ask("0800", "371", "").Outcome)
		})
	}
}

func TestDownloadsOfTheDefaultWorld(t *testing.T) {
	p := newTill(t, "unionpay-pos", world.Default(), false)
	d := p.ask("0820", "372", "100")
	assert.Equal(t, "31"+"9f0605a000009999"+"9f2201e1"+"df0508"+hex.EncodeToString([]byte("20491231")), hex.EncodeToString(d.Data))
	d = p.ask("0800", "370", string(d.Data[1:13]))
	// As public terminal software has the same key, but for its date.
	text := hex.EncodeToString(d.Data)
	assert.True(t, strings.HasPrefix(text, "319f0605a0000099999f2201e1df0508"), text)
	assert.True(t, strings.HasSuffix(text, "df040103df0314f8707b9bedf031e58a9f843631b90c90d80ed695"), text)

	d = p.ask("0820", "382", "100")
	assert.Equal(t, "31"+"9f0608a000000333010101"+"9f0608a000000333010102", hex.EncodeToString(d.Data))
	d = p.ask("0800", "380", string(d.Data[1:12]))
	assert.True(t, strings.HasPrefix(hex.EncodeToString(d.Data), "319f0608a000000333010101df010100"))

	d = p.ask("0800", "360", "")
	assert.Equal(t, "1260133180191520121023327"+"10", string(d.Data))
	d = p.ask("0820", "362", "011021031041051")
	assert.Equal(t, world.Approved, d.Outcome)
	assert.Nil(t, d.Data)
}

func TestWhatCantBeDownloaded(t *testing.T) {
	p := newTill(t, "unionpay-pos", world.Default(), false)
	for _, unknown := range []string{"", "x", "\x9F\x06\x05\xA0\x00\x00\x03\x33\x9F\x22\x01\x02"} {
		d := p.ask("0800", "370", unknown)
		assert.Equal(t, world.Approved, d.Outcome)
		assert.Equal(t, "0", string(d.Data))
	}
	for _, bad := range []string{"1", "0000", "1x0", "200", "102"} {
		assert.Equal(t, world.FormatError, p.ask("0820", "372", bad).Outcome, bad)
	}
}

func TestScriptResults(t *testing.T) {
	p := newTill(t, "unionpay-pos", emptyWorld(), false)
	p.sale(1000)
	about := func(stan uint32) map[int]string {
		return map[int]string{0: "0620", 2: testPAN, 3: "000000", 4: "000000001000", 55: "DF3105200000000000", 60: p.batchField("00", "951"),
			61: fmt.Sprintf("%06d%06d1123", p.batch, stan)}
	}
	before := p.balance()
	d := p.send(about(1))
	assert.Equal(t, world.Approved, d.Outcome)
	assert.Contains(t, d.Why, "of RRN ")
	d = p.send(about(777))
	assert.Equal(t, world.Approved, d.Outcome, "it is told by advice")
	assert.Contains(t, d.Why, "no such original")
	assert.Equal(t, before, p.balance())
}

func TestATerminalIsAskedUntilItHasDoneIt(t *testing.T) {
	for chore, do := range map[world.Chore]func(p *till) *Decision{
		world.ChoreParameters:   func(p *till) *Decision { return p.ask("0800", "360", "") },
		world.ChoreStatusUpload: func(p *till) *Decision { return p.ask("0820", "362", "011021") },
		world.ChoreSignOn: func(p *till) *Decision {
			return p.send(map[int]string{0: "0800", 60: p.batchField("00", "003"), 63: "01 "})
		},
	} {
		t.Run(chore.String(), func(t *testing.T) {
			w := emptyWorld()
			w.Terminals = map[string]*world.Terminal{settleTerminal: {ID: settleTerminal, Asked: chore}}
			p := newTill(t, "unionpay-pos", w, false)
			assert.Equal(t, chore, p.sale(100).Asked)
			assert.Equal(t, chore, p.sale(100).Asked)
			assert.Equal(t, chore, p.ask("0820", "372", "100").Asked, "something else")
			d := do(p)
			require.Equal(t, world.Approved, d.Outcome, d.Why)
			assert.Equal(t, world.NoChore, d.Asked)
			assert.Equal(t, world.NoChore, p.sale(100).Asked)
		})
	}
}
