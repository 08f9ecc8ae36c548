package dialect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// piecesOf are the meanings that the digits of each rule can have.
var (
	piecesOfTotals = []pieceKind{
		skipPiece, debitCount, debitAmount, creditCount, creditAmount, resultPiece,
		foreignDebitCount, foreignDebitAmount, foreignCreditCount, foreignCreditAmount, foreignResult,
	}
	piecesOfRecords  = []pieceKind{skipPiece, kindPiece, stanPiece, cardPiece, amountPiece, rrnPiece, mtiPiece}
	piecesOfOriginal = []pieceKind{skipPiece, mtiPiece, stanPiece, rrnPiece}
	piecesOfCount    = []pieceKind{skipPiece, countPiece}
)

// longestPiece is how many digits a piece can have, where not any number will
// do.
var longestPiece = map[pieceKind]int{
	debitCount: 9, creditCount: 9, foreignDebitCount: 9, foreignCreditCount: 9, countPiece: 9,
	debitAmount: 15, creditAmount: 15, foreignDebitAmount: 15, foreignCreditAmount: 15, amountPiece: 15,
	resultPiece: 1, foreignResult: 1, stanPiece: 6, mtiPiece: 4, rrnPiece: 12, cardPiece: 28,
}

func (c *compiler) settlement(f *conventionsFile) {
	conv := &c.d.conv
	if s := f.Settlement; s != nil {
		conv.settlement = settlementRule{
			totals:   c.positions(s.Totals, piecesOfTotals),
			records:  c.positions(s.Records, piecesOfRecords),
			original: c.positions(s.Original, piecesOfOriginal),
			count:    c.positions(s.Count, piecesOfCount),
		}
		if s.Totals != nil && len(s.Totals.Fields) > 0 {
			conv.settlement.sums = c.sums(s.Totals)
		}
		if s.Totals == nil {
			c.fail(s.Place.Errorf("totals are missing: they say where a terminal's totals stand"))
		}
		for _, p := range []*positionsFile{s.Totals, s.Original, s.Count} {
			if p != nil && p.Counted != 0 {
				c.fail(p.Place.At("counted").Errorf("only records are counted"))
			}
		}
		if r := s.Records; r != nil && (r.Counted < 1 || r.Counted > 9) {
			c.fail(r.Place.At("counted").Errorf("it says how many digits in front count the records: 1 to 9"))
		}
	}
}

// batches compiles what is done about a terminal that comes with another batch
// than the open one.
func (c *compiler) batches(f *conventionsFile) {
	conv := &c.d.conv
	switch f.Batches {
	case "":
		conv.followBatch = !c.d.TellsBatch()
	case "follow":
		conv.followBatch = true
	case "strict":
		if !conv.batch.isSet() {
			c.fail(f.Place.At("batches").Errorf("the conventions do not say where the batch stands: `batch` is missing"))
		}
	default:
		c.fail(f.Place.At("batches").Errorf("%q is neither follow nor strict", f.Batches))
	}
}

// positions compiles a list such as [debit-count 3, debit-amount 12].
func (c *compiler) positions(f *positionsFile, meanings []pieceKind) (p positions) {
	if f == nil || len(f.Fields) > 0 && f.Field == "" && len(f.Pieces) == 0 {
		return p
	}
	for _, key := range []string{"field", "pieces"} {
		if !f.Place.At(key).Exists() {
			c.fail(f.Place.Errorf("`%s` is missing: it says where the digits stand", key))
			return p
		}
	}
	at := c.path(f.Place.At("field"), f.Field)
	switch {
	case !at.isSet():
		return p
	case !at.whole():
		c.fail(f.Place.At("field").Errorf("a whole field is wanted; pieces say what is where in it"))
	case c.d.fields[at.field].value == hexBytes:
		c.fail(f.Place.At("field").Errorf("field %d is binary and holds no digits", at.field))
	}
	p.field, p.counted = at.field, f.Counted
	var seen []pieceKind
	for i, text := range f.Pieces {
		x, ok := c.piece(f.Place.At("pieces", i), text, meanings)
		if !ok {
			continue
		}
		p.pieces = append(p.pieces, x)
		p.size += x.length
		if x.is != skipPiece && !slices.Contains(seen, x.is) {
			seen = append(seen, x.is)
			p.least = p.size
		}
	}
	if len(seen) == 0 {
		c.fail(f.Place.At("pieces").Errorf("at least one piece with a meaning is needed"))
	}
	if longest := int(c.d.fields[at.field].max); p.counted+p.least > longest {
		c.fail(f.Place.At("pieces").Errorf("the pieces have %d digits, the field at most %d", p.counted+p.least, longest))
	}
	return p
}

func (c *compiler) piece(at strictyaml.Node, text string, meanings []pieceKind) (x piece, ok bool) {
	name, digits, _ := strings.Cut(text, " ")
	n, err := strconv.Atoi(strings.TrimSpace(digits))
	var names []string
	found := false
	for _, k := range meanings {
		names = append(names, pieceNames[k])
		if pieceNames[k] == name {
			x, found = piece{k, n}, true
		}
	}
	longest, bounded := longestPiece[x.is]
	switch {
	case !found:
		c.fail(at.Errorf("no piece is called %q; there are %s", name, strings.Join(names, ", ")).Suggest(name, names))
	case err != nil || n < 1 || n > maxDigits:
		c.fail(at.Errorf("%q does not say how many digits: write %s 12", text, name))
	case bounded && n > longest:
		c.fail(at.Errorf("%s has at most %d digits, not %d", name, longest, n))
	default:
		return x, true
	}
	return x, false
}
