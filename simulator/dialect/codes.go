package dialect

import (
	"maps"
	"slices"

	"github.com/acqsim/acqsim/scenarios/world"
)

// codeTable maps every outcome to a response code, per class of message.
type codeTable [classCount][256]string

// set gives an outcome a code in one class, or in every class (classCount).
func (t *codeTable) set(c class, o world.Outcome, code string) {
	for i := range t {
		if c == classCount || c == class(i) { //nolint:gosec // few classes
			t[i][o] = code
		}
	}
}

// codeTables names the tables that a file can start from.
func codeTables() []string { return slices.Sorted(maps.Keys(baseCodes)) }

// baseCodes are the tables that a file can start from, by name. That of 1993 is
// made by newActionTable.
var baseCodes = map[string]map[world.Outcome]string{
	"iso8583-1987": iso87Codes,
	"unionpay-pos": unionPayCodes,
	iso93:          iso93Codes,
}

// iso87Codes is the usual DE 39 of ISO 8583:1987 hosts. Source: ISO 8583:1987
// response codes and their later additions as hosts publish them (the table
// response_codes.tsv of the project). Codes that only UnionPay has are replaced
// by the nearest that every terminal knows.
var iso87Codes = map[world.Outcome]string{
	world.Approved:              "00",
	world.MerchantUnknown:       "03",
	world.MerchantSuspended:     "03",
	world.MerchantFrozen:        "03",
	world.MerchantClosed:        "03",
	world.MerchantNotYetActive:  "03",
	world.OffHours:              "58",
	world.NotPermittedMerchant:  "58",
	world.TerminalUnknown:       "58",
	world.TerminalInactive:      "58",
	world.TerminalOtherMerchant: "03",
	world.SoftwareOutdated:      "30",
	world.NotSignedOn:           "77",
	world.BatchOutOfStep:        "77",
	world.MACWrong:              "63",
	world.PINBlockWrong:         "88",
	world.FormatError:           "30",
	world.UnsupportedFunction:   "40",
	world.InvalidTransaction:    "12",
	world.InvalidAmount:         "13",
	world.WrongCurrency:         "12",
	world.Duplicate:             "94",
	world.OriginalNotFound:      "25",
	world.OriginalAmountDiffers: "64",
	world.ReversedBeforeArrival: "12",
	world.RefundExceedsOriginal: "64",
	world.CardUnknown:           "14",
	world.IssuerUnknown:         "15",
	world.CardExpired:           "54",
	world.CardFrozen:            "62",
	world.CardLost:              "41",
	world.CardStolen:            "43",
	world.CardRestricted:        "36",
	world.NotPermittedCard:      "57",
	world.AccountFrozen:         "05",
	world.AccountUnknown:        "42",
	world.InsufficientFunds:     "51",
	world.ExceedsAmountLimit:    "61",
	world.ExceedsCountLimit:     "65",
	world.IncorrectPIN:          "55",
	world.PINTriesExceeded:      "75",
	world.IssuerDown:            "91",
	world.IssuerTimeout:         "68",
	world.DoNotHonour:           "05",
	world.SystemMalfunction:     "96",
	world.CutOver:               "90",
	world.CryptogramWrong:       "05",
	world.KeyRepeated:           "63",
	world.OutOfBalance:          "95",
}

// unionPayCodes is what differs from iso87Codes at a UnionPay host. Source: the
// UnionPay POS response codes (the table response_codes.tsv of the project).
var unionPayCodes = map[world.Outcome]string{
	world.TerminalUnknown: "97",
	world.MACWrong:        "A0",
	world.PINBlockWrong:   "99",
	world.IssuerTimeout:   "98",
}

// newCodeTable returns the table with the given name, or false. An outcome that
// no table maps is answered as a malfunction.
func newCodeTable(base string) (t codeTable, ok bool) {
	if base == iso93 {
		return newActionTable(), true
	}
	codes, ok := baseCodes[base]
	if !ok {
		return t, false
	}
	all := maps.Clone(iso87Codes)
	maps.Copy(all, codes)
	for c := range t {
		for o := range t[c] {
			t[c][o] = all[world.SystemMalfunction]
		}
		for o, code := range all {
			t[c][o] = code
		}
	}
	return t, true
}
