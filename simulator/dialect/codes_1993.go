package dialect

import "github.com/acqsim/acqsim/scenarios/world"

// iso93 is the name of the table of action codes.
const iso93 = "iso8583-1993"

// The action codes (DE 39) of ISO 8583:1993, as SAP (Transaction Management,
// "Action Codes ... taken from the ISO8583-1993 specification") and Nexi ("ISO
// Response Code") publish them. Their first digit says where they belong: 0
// approves, 1 and 2 deny (2: keep the card) authorisations and financial
// messages, 3 is for files, 4 for reversals, 5 for reconciliations, 8 for network
// management; 9 says of any message that it was not processed. So a reversal, a
// reconciliation or a sign-on cannot be denied in words like "invalid merchant":
// it is an invalid transaction (902), and the journal says why.

// iso93Codes are the codes in authorisations, financial messages and advices.
// What 1993 has no code for has the nearest.
var iso93Codes = map[world.Outcome]string{
	world.Approved:              "000",
	world.MerchantUnknown:       "109", // invalid merchant
	world.MerchantSuspended:     "109",
	world.MerchantFrozen:        "109",
	world.MerchantClosed:        "109",
	world.MerchantNotYetActive:  "109",
	world.OffHours:              "120", // not permitted to terminal
	world.NotPermittedMerchant:  "120",
	world.TerminalUnknown:       "120",
	world.TerminalInactive:      "120",
	world.TerminalOtherMerchant: "109",
	world.SoftwareOutdated:      "904", // format error
	world.NotSignedOn:           "918", // no communication keys available for use
	world.BatchOutOfStep:        "915", // reconciliation cut-over or checkpoint error
	world.MACWrong:              "916", // MAC incorrect
	world.PINBlockWrong:         "126", // invalid PIN block
	world.FormatError:           "904",
	world.UnsupportedFunction:   "115", // requested function not supported
	world.InvalidTransaction:    "902", // invalid transaction
	world.InvalidAmount:         "110", // invalid amount
	world.WrongCurrency:         "902",
	world.Duplicate:             "913", // duplicate transmission
	world.OriginalNotFound:      "914", // not able to trace back to original transaction
	world.OriginalAmountDiffers: "110",
	world.ReversedBeforeArrival: "902",
	world.RefundExceedsOriginal: "110",
	world.CardUnknown:           "111", // invalid card number
	world.IssuerUnknown:         "908", // destination cannot be found for routing
	world.CardExpired:           "101", // expired card
	world.CardFrozen:            "104", // restricted card
	world.CardLost:              "208", // lost card, keep it
	world.CardStolen:            "209", // stolen card, keep it
	world.CardRestricted:        "204", // restricted card, keep it
	world.NotPermittedCard:      "119", // not permitted to cardholder
	world.AccountFrozen:         "100", // do not honour
	world.AccountUnknown:        "114", // no account of type requested
	world.InsufficientFunds:     "116", // not sufficient funds
	world.ExceedsAmountLimit:    "121", // exceeds withdrawal amount limit
	world.ExceedsCountLimit:     "123", // exceeds withdrawal frequency limit
	world.IncorrectPIN:          "117", // incorrect PIN
	world.PINTriesExceeded:      "106", // allowable PIN tries exceeded
	world.IssuerDown:            "907", // card issuer or switch inoperative
	world.IssuerTimeout:         "911", // card issuer timed out
	world.DoNotHonour:           "100",
	world.SystemMalfunction:     "909", // system malfunction
	world.CutOver:               "906", // cut-over in process
	world.CryptogramWrong:       "100",
	world.KeyRepeated:           "919", // encryption key synchronisation error
	world.OutOfBalance:          "501", // reconciled, out of balance
}

// notProcessed stands for a denial where there are no codes for denials.
const notProcessed = "902"

// iso93Classes are the codes of the classes that have their own.
var iso93Classes = map[class]map[world.Outcome]string{
	reversalClass: {world.Approved: "400"},
	uploadClass: {
		world.Approved:            "300", // successful
		world.UnsupportedFunction: "301", // not supported by receiver
		world.OriginalNotFound:    "302", // unable to locate record on file
		world.FormatError:         "307", // format error
	},
	settlementClass: {world.Approved: "500"}, // reconciled, in balance
	networkClass:    {world.Approved: "800"},
	otherClass:      {world.Approved: "600"}, // administrative: accepted
}

// newActionTable makes the table of 1993.
func newActionTable() (t codeTable) {
	for i := range t {
		c := class(i) //nolint:gosec // few classes
		denies := c == authorisationClass || c == financialClass || c == adviceClass
		for o := range t[i] {
			t[i][o] = iso93Codes[world.SystemMalfunction]
		}
		for o, code := range iso93Codes {
			if !denies && (code[0] == '1' || code[0] == '2') {
				code = notProcessed
			}
			t[i][o] = code
		}
		for o, code := range iso93Classes[c] {
			t[i][o] = code
		}
	}
	return t
}
