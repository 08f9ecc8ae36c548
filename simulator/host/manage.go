package host

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// A terminal asks which public keys or chip applications there are (status
// upload: DE 62 is "1" and in two digits how many it has been told of so far),
// downloads one after the other by naming it, and says that it has done. The
// first byte of the host's DE 62 says "0" none, "1" all of them, "2" these and
// more, "3" the last of several. Its own parameters come in one answer, as tags
// of two digits before their values. Source: public terminal software, such as
// com.topwise.premierpay (emvCapkDl), com.newpos.libpay (queryEMVCapk), com.pax.pay
// (ETransType) and NEWPOS (UpdateParameters).

// maxListed is how many bytes of a list one answer holds at most, within what
// DE 62 and a terminal's buffer of about 1,024 bytes take.
const maxListed = 512

// The first byte of DE 62.
const (
	listNone = '0'
	listAll  = '1'
	listMore = '2'
	listLast = '3'
)

// manages decides the messages that manage a terminal.
func (c *call) manages() {
	switch c.req.Type {
	case world.ScriptResult:
		if c.authentic() && c.wellFormed() {
			c.scriptResult()
		}
	case world.StatusUpload:
		c.statusUpload()
	case world.ParameterDownload:
		c.parameterDownload()
	case world.ParameterEnd:
		if c.d.ParameterList(c.req) == dialect.TerminalParameters {
			c.done(world.ChoreParameters)
		}
		c.approve("the terminal has what it downloaded")
	}
}

// done notes that the terminal has done what it may have been asked for.
func (c *call) done(chore world.Chore) {
	if c.terminal.asked == chore {
		c.terminal.asked = world.NoChore
	}
}

// scriptResult acknowledges what an issuer's script did to a card. It is told by
// advice, so it is always taken.
func (c *call) scriptResult() {
	c.note(c.h.reg.cards[c.req.Card])
	x := c.findOriginal(func(x *ledger.Txn) bool { return x.Type != world.Reversal })
	if x == nil {
		c.approve("script result noted; " + c.notFound("original"))
		return
	}
	c.approve("script result noted, of RRN " + string(x.RRN[:]))
}

func (c *call) statusUpload() {
	var names [][]byte
	switch c.d.ParameterList(c.req) {
	case dialect.PublicKeys:
		names = c.h.publicKeyNames()
	case dialect.ChipParameters:
		names = c.h.applicationNames()
	default:
		c.done(world.ChoreStatusUpload)
		c.approve("status noted")
		return
	}
	from, ok := listedSoFar(c.d.ParameterData(c.req))
	if !ok {
		c.refuse(world.FormatError, "DE 62 does not say how many the terminal has been told of: 1 and two digits are wanted")
		return
	}
	if from > len(names) {
		c.refuse(world.FormatError, fmt.Sprintf("the terminal has been told of %d, but there are %d", from, len(names)))
		return
	}
	c.dec.Data = listFrom(names, from)
	c.approve(fmt.Sprintf("%d in all, told from the %d. on", len(names), from+1))
}

// listedSoFar reads "1" and two digits. Nothing at all is a first question.
func listedSoFar(data []byte) (int, bool) {
	if len(data) == 0 {
		return 0, true
	}
	if len(data) != 3 || data[0] != '1' || data[1] < '0' || data[1] > '9' || data[2] < '0' || data[2] > '9' {
		return 0, false
	}
	return int(data[1]-'0')*10 + int(data[2]-'0'), true
}

// listFrom is as much of a list as one answer holds.
func listFrom(names [][]byte, from int) []byte {
	list := []byte{listNone}
	n := from
	for ; n < len(names) && len(list)+len(names[n]) <= maxListed; n++ {
		list = append(list, names[n]...)
	}
	switch {
	case n == from:
	case n < len(names):
		list[0] = listMore
	case from > 0:
		list[0] = listLast
	default:
		list[0] = listAll
	}
	return list
}

func (c *call) parameterDownload() {
	data := c.d.ParameterData(c.req)
	var found []byte
	switch c.d.ParameterList(c.req) {
	case dialect.PublicKeys:
		found = c.h.publicKey(data)
	case dialect.ChipParameters:
		found = c.h.application(data)
	default:
		// They come in one answer, and not every terminal tells that it has them.
		c.done(world.ChoreParameters)
		c.dec.Data = c.h.parameters()
		c.approve(fmt.Sprintf("%d parameters", len(c.h.world.Parameters)))
		return
	}
	if found == nil {
		c.dec.Data = []byte{listNone}
		c.approve("the world has none that DE 62 names")
		return
	}
	c.dec.Data = append([]byte{listAll}, found...)
	c.approve("the one that DE 62 names")
}

// parameters are all parameters, by their tags.
func (h *Host) parameters() []byte {
	b := []byte{}
	for _, tag := range sortedKeys(h.world.Parameters) {
		b = append(append(b, tag...), h.world.Parameters[tag]...)
	}
	return b
}

// The tags of what is downloaded. 9F06 and 9F22 are EMV's (Book 3, annex A); DF..
// are UnionPay's, with the values that public terminal software expects.
const (
	tagAID       = 0x9F06 // RID of a public key, AID of an application
	tagIndex     = 0x9F22
	tagExpires   = 0xDF05
	tagHash      = 0xDF06 // 01: SHA-1
	tagAlgorithm = 0xDF07 // 01: RSA
	tagModulus   = 0xDF02
	tagExponent  = 0xDF04
	tagChecksum  = 0xDF03
)

func appendElement(b []byte, tag uint16, value []byte) []byte {
	b = append(b, byte(tag>>8), byte(tag))
	switch n := len(value); {
	case n > 0xFF:
		b = append(b, 0x82, byte(n>>8), byte(n))
	case n > 0x7F:
		b = append(b, 0x81, byte(n))
	default:
		b = append(b, byte(n))
	}
	return append(b, value...)
}

// sortedPublicKeys are the world's keys in the order that they are listed in.
func (h *Host) sortedPublicKeys() []*world.PublicKey {
	return slices.SortedFunc(maps.Values(h.world.PublicKeys), func(a, b *world.PublicKey) int {
		return cmp.Or(bytes.Compare(a.RID, b.RID), cmp.Compare(a.Index, b.Index))
	})
}

func publicKeyName(k *world.PublicKey) []byte {
	return appendElement(appendElement(nil, tagAID, k.RID), tagIndex, []byte{k.Index})
}

func (h *Host) publicKeyNames() (names [][]byte) {
	for _, k := range h.sortedPublicKeys() {
		names = append(names, appendElement(publicKeyName(k), tagExpires, []byte(k.Expires)))
	}
	return names
}

// publicKey returns the key that data names by RID and index; nil: there is
// none.
func (h *Host) publicKey(data []byte) []byte {
	for _, k := range h.sortedPublicKeys() {
		name := publicKeyName(k)
		if !bytes.HasPrefix(data, name) {
			continue
		}
		name = appendElement(name, tagExpires, []byte(k.Expires))
		name = appendElement(name, tagHash, []byte{1})
		name = appendElement(name, tagAlgorithm, []byte{1})
		name = appendElement(name, tagModulus, k.Modulus)
		name = appendElement(name, tagExponent, k.Exponent)
		return appendElement(name, tagChecksum, k.Checksum())
	}
	return nil
}

func (h *Host) applicationNames() (names [][]byte) {
	for _, aid := range sortedKeys(h.world.Applications) {
		names = append(names, appendElement(nil, tagAID, h.world.Applications[aid].AID))
	}
	return names
}

// application returns the chip application that data names by its AID; nil:
// there is none.
func (h *Host) application(data []byte) []byte {
	for _, aid := range sortedKeys(h.world.Applications) {
		a := h.world.Applications[aid]
		if name := appendElement(nil, tagAID, a.AID); bytes.HasPrefix(data, name) {
			return append(name, a.Data...)
		}
	}
	return nil
}
