package simulator_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// A card, what it asks, and what its issuer answers, as knovichikhin/pyemv
// (tests/test_cvn_hsm.py, cryptogram version 10) publishes them.
const (
	publishedPAN  = "1234567890123456"
	publishedIMK  = "0123456789ABCDEFFEDCBA9876543210"
	publishedARQC = "29CCA15AE665FA2E"
	publishedARPC = "28993816AFAE4AEB"
	publishedDE55 = "9F02060000000040009F03060000000000009F1A020124950580000480005F2A0201249A031911059C01019F370452BF4585820218009F3602001C9F100706010A03A06010" +
		"9F2608" + publishedARQC
)

// TestTag91OnTheWire: the answer to the published question is the published one,
// byte for byte, in every dialect; and there is none where there must not be.
func TestTag91OnTheWire(t *testing.T) {
	imk, err := hex.DecodeString(publishedIMK)
	require.NoError(t, err)
	wrong := strings.Replace(publishedDE55, publishedARQC, "29CCA15AE665FA2F", 1)
	const counter = "9F3602001C"
	for name, c := range map[string]struct {
		pan, asks   string
		key         []byte
		code, reply string // DE 39 and 55 of the reply
		why         string
	}{
		"the issuer's key is known":    {publishedPAN, publishedDE55, imk, "00", counter + "910A" + publishedARPC + "3030", "cryptogram verified"},
		"it is not":                    {publishedPAN, publishedDE55, nil, "00", counter, "the issuer's master key is not known"},
		"a card the world never saw":   {pan, publishedDE55, imk, "00", counter, "the issuer's master key is not known"},
		"the cryptogram is wrong":      {publishedPAN, wrong, imk, "05", counter, "does not verify"},
		"no chip":                      {publishedPAN, "", imk, "00", "", "funds"},
		"chip data that is no BER-TLV": {publishedPAN, "9F36", imk, "00", "", "no BER-TLV"},
	} {
		for _, d := range dialect.Names() {
			t.Run(name+" "+d, func(t *testing.T) {
				w := world.Default()
				w.Accounts["published"] = &world.Account{Alias: "published", Balance: 100_000, Currency: world.CNY}
				w.Cards["published"] = &world.Card{Alias: "published", PAN: publishedPAN, NoLuhn: true, Account: "published", IMKAC: c.key, PSN: "00"}
				require.NoError(t, w.Validate())
				h, err := host.New(host.Options{World: w, Book: ledger.New(ledger.Options{})})
				require.NoError(t, err)
				s := start(t, d, func(o *simulator.Options) { o.Host = h })
				p := dial(t, s, d)
				changes := fields{2: c.pan}
				if c.asks != "" {
					changes[55] = c.asks
					if d != "iso87-ascii" {
						b, err := hex.DecodeString(c.asks)
						require.NoError(t, err)
						changes[55] = string(b)
					}
				}
				m := p.do("sale", 0, changes)
				code := c.code
				if d == "iso93-ascii" {
					code = map[string]string{"00": "000", "05": "100"}[code]
				}
				assert.Equal(t, code, get(t, m, 39))
				assert.Equal(t, c.reply, strings.ToUpper(get(t, m, 55)))

				all := events(t, s, ofKind(transcript.Sent))
				assert.Contains(t, one(t, all, transcript.Decided).Why, c.why)
				for _, e := range all {
					assert.NotContains(t, string(e.Raw), c.pan)
					assert.NotContains(t, e.Why, c.pan)
				}
			})
		}
	}
}
