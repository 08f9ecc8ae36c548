package world

// TransactionType is what a terminal asks for, in the field's own words. A
// dialect recognises it from MTI, processing code and its other conventions.
//
// The zero value, Unrecognised, is a request that the dialect does not know;
// a host answers it as an unsupported function.
type TransactionType uint8

// The transaction types of the ground floor.
const (
	Unrecognised TransactionType = iota
	Inquiry                      // balance inquiry 查询
	Sale                         // purchase 消费
	Void                         // void of a sale 消费撤销
	Refund                       // refund, online or by advice 退货
	Reversal                     // 0400/0401, 0420/0421 冲正
	SignOn                       // with or without key download 签到
	SignOff                      // 签退
	Echo                         // line test 回响测试
	ESignature                   // UnionPay 0920: electronic signature upload 电子签名

	transactionTypeCount
)

var transactionTypeNames = [transactionTypeCount]string{
	Unrecognised: "unrecognised",
	Inquiry:      "inquiry",
	Sale:         "sale",
	Void:         "void",
	Refund:       "refund",
	Reversal:     "reversal",
	SignOn:       "sign-on",
	SignOff:      "sign-off",
	Echo:         "echo",
	ESignature:   "e-signature",
}

// String returns the type's name, such as "sale".
func (t TransactionType) String() string { return name(t, transactionTypeNames[:], "transaction type") }

// TransactionTypes lists every type that a host can decide, in a fixed order.
func TransactionTypes() []TransactionType { return members[TransactionType](transactionTypeCount) }

// ParseTransactionType returns the type with the given name.
func ParseTransactionType(s string) (TransactionType, error) {
	return parseName[TransactionType](s, transactionTypeNames[:], "transaction type")
}

// MarshalText writes the name.
func (t TransactionType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a name.
func (t *TransactionType) UnmarshalText(b []byte) (err error) {
	*t, err = ParseTransactionType(string(b))
	return err
}

// Financial reports whether the type concerns money, so that merchant, card
// and batch are checked before it is decided.
func (t TransactionType) Financial() bool { return t >= Inquiry && t <= Reversal }
