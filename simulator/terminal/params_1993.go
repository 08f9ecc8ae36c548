package terminal

// posData is DE 22 of ISO 8583:1993, the point of service data code: a terminal
// that reads chips and takes PINs of up to 12 digits, attended, on the premises of
// the merchant, holder and card present, with a printer; and how this card was
// read and its holder recognised. Positions after ISO 8583:1993, annex A, as
// jPOS's PosDataCode names them.
func posData(p *Params) string {
	b := []byte("510101100" + "14C")
	switch { // card data input mode
	case p.Card.Chip != nil:
		b[6] = '5'
	case p.Card.Track2 != "":
		b[6] = '2'
	default:
		b[6] = '6' // typed in
	}
	b[7], b[8] = '5', '4' // signature, checked by the merchant
	if p.Card.PIN != "" {
		b[7], b[8] = '1', '3' // PIN, checked by the authorising agent
	}
	return string(b)
}

// messageReasons are the reasons of reversals (DE 25 of ISO 8583:1993) for those
// that 1987's have in DE 39.
var messageReasons = map[string]string{
	"17": "4000", // customer cancellation
	"96": "4002", // suspected malfunction
	"A0": "4020", // invalid response
	"98": "4021", // timeout waiting for response
}

// messageReason is DE 25 of a reversal. A reason of 4 digits is one already;
// what has no counterpart is unspecified.
func messageReason(p *Params) string {
	reason := orElse(p.Reason, "98")
	if code, ok := messageReasons[reason]; ok {
		return code
	}
	if len(reason) == 4 {
		return reason
	}
	return "4001"
}
