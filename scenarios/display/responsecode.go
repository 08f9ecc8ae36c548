package display

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/acqsim/acqsim/scenarios/world"
)

// ResponseCode is what a value of DE 39 means to the people who see it.
type ResponseCode struct {
	Code    string
	Meaning world.Bilingual // either text may be empty
	Display string          // what a UnionPay POS shows, in Chinese; may be empty

	// Class is UnionPay's: A success, B retry, C no retry, D the operator has
	// to act, E system fault; empty: not in UnionPay's list.
	Class string

	// Perceived says how users read the display: "timeout" and "outage" pass
	// for no answer, "setup" points at a set-up fault; mostly empty.
	Perceived string
}

// Approves reports whether the code stands for success.
func (c ResponseCode) Approves() bool { return c.Class == "A" }

// Conditional reports whether lists call the code an approval that has a
// condition: with identification, of a part of the amount, once track 3 is
// written. Some terminals take it for success, others don't.
func (c ResponseCode) Conditional() bool {
	return slices.Contains([]string{"08", "10", "16", "32", "85", "87"}, c.Code)
}

// ResponseText returns what a response code of ISO 8583:1987, of 2 characters, or
// an action code of 1993, of 3, means; false if the tables do not have it.
//
// The table, domain/response_codes.tsv, has the codes of ISO 8583:1987 and
// UnionPay's additions, with UnionPay's meanings where lists differ;
// domain/action_codes.tsv has those of ISO 8583:1993.
func ResponseText(code string) (ResponseCode, bool) {
	c, ok := responseCodes()[code]
	return c, ok
}

//go:embed domain/response_codes.tsv
var responseCodesTSV string

//go:embed domain/action_codes.tsv
var actionCodesTSV string

var responseCodes = sync.OnceValue(func() map[string]ResponseCode {
	all := map[string]ResponseCode{}
	for _, row := range slices.Concat(rows(responseCodesTSV, 6), rows(actionCodesTSV, 6)) {
		all[row[0]] = ResponseCode{
			Code: row[0], Meaning: world.Bilingual{EN: row[1], ZH: row[2]},
			Display: row[3], Class: row[4], Perceived: row[5],
		}
	}
	return all
})

// rows returns the lines of a table without its comments and its head, each
// with exactly the given number of columns.
func rows(tsv string, columns int) (all [][]string) {
	head := true
	for line := range strings.Lines(tsv) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if head {
			head = false
			continue
		}
		row := strings.Split(line, "\t")
		for len(row) < columns {
			row = append(row, "")
		}
		all = append(all, row[:columns])
	}
	return all
}

// ResponseCodes lists all that [ResponseText] knows, by code.
func ResponseCodes() (all []ResponseCode) {
	codes := responseCodes()
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		all = append(all, codes[code])
	}
	return all
}
