package world

import "github.com/acqsim/acqsim/scenarios/strictyaml"

// TransactionType is what a terminal asks for, in the field's own words. A
// dialect recognises it from MTI, processing code and its other conventions.
//
// The zero value, Unrecognised, is a request that the dialect does not know;
// a host answers it as an unsupported function.
type TransactionType uint8

// The transaction types. Their values stand in state files: append only.
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

	PreAuth          // pre-authorisation: holds money 预授权
	PreAuthVoid      // releases the hold 预授权撤销
	Completion       // of a pre-authorisation, by request 预授权完成（请求）
	CompletionVoid   // undoes a completion, the hold comes back 预授权完成撤销
	CompletionAdvice // of a pre-authorisation, by advice 预授权完成（通知）
	Cash             // cash advance 取现
	CashBack         // purchase with cash-back; DE 54 says how much of DE 4 is cash 消费返现
	OfflineSale      // approved by the terminal or by voice, told by advice 离线结算
	Adjustment       // of a sale, by advice: DE 4 is the new amount 结算调整
	Tip              // added to a sale, by advice: DE 4 is the new amount 追加小费

	Settlement        // 0500: the batch and its totals 批结算
	SettlementEnd     // NAC 0500 with 960000: the totals again, after the upload
	BatchUpload       // 0320: transactions of a batch that does not balance 批上送
	BatchEnd          // UnionPay 0320: end of the upload 批上送结束
	ScriptResult      // UnionPay 0620: what an issuer script did 脚本通知
	StatusUpload      // UnionPay 0820: status and parameter query 状态上送
	ParameterDownload // UnionPay 0800: parameters or public keys, part by part 参数下载
	ParameterEnd      // UnionPay 0800: end of a download 参数下载结束

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

	PreAuth:          "pre-auth",
	PreAuthVoid:      "pre-auth-void",
	Completion:       "completion",
	CompletionVoid:   "completion-void",
	CompletionAdvice: "completion-advice",
	Cash:             "cash",
	CashBack:         "cash-back",
	OfflineSale:      "offline-sale",
	Adjustment:       "adjustment",
	Tip:              "tip",

	Settlement:        "settlement",
	SettlementEnd:     "settlement-end",
	BatchUpload:       "batch-upload",
	BatchEnd:          "batch-end",
	ScriptResult:      "script-result",
	StatusUpload:      "status-upload",
	ParameterDownload: "parameter-download",
	ParameterEnd:      "parameter-end",
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
func (t TransactionType) Financial() bool {
	return t >= Inquiry && t <= Reversal || t >= PreAuth && t <= Tip
}

// UnmarshalNode reads a name in a file, and suggests one for a misspelt one.
func (t *TransactionType) UnmarshalNode(n strictyaml.Node) error {
	name, err := n.Choose("transaction type", transactionTypeNames[1:])
	if err != nil {
		return err
	}
	*t, err = ParseTransactionType(name)
	return err
}
