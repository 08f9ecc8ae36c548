package dialect

import "github.com/acqsim/acqsim/scenarios/world"

// codeTable maps every outcome to a response code.
type codeTable [256]string

func (t *codeTable) code(o world.Outcome) string { return t[o] }

// baseCodes are the tables that a file can start from, by name.
var baseCodes = map[string]map[world.Outcome]string{
	"iso8583-1987": iso87Codes,
	"unionpay-pos": unionPayCodes,
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
	if _, ok := baseCodes[base]; !ok {
		return t, false
	}
	for i := range t {
		t[i] = iso87Codes[world.SystemMalfunction]
	}
	for o, code := range iso87Codes {
		t[o] = code
	}
	for o, code := range baseCodes[base] {
		t[o] = code
	}
	return t, true
}
