package world

// typeTexts are the transactions in the words of UnionPay terminals.
var typeTexts = [transactionTypeCount]string{
	Unrecognised: "无法识别的报文",
	Inquiry:      "余额查询", Sale: "消费", Void: "消费撤销", Refund: "退货", Reversal: "冲正",
	SignOn: "签到", SignOff: "签退", Echo: "回响测试", ESignature: "电子签名",
	PreAuth: "预授权", PreAuthVoid: "预授权撤销", Completion: "预授权完成（请求）",
	CompletionVoid: "预授权完成撤销", CompletionAdvice: "预授权完成（通知）",
	Cash: "取现", CashBack: "消费返现", OfflineSale: "离线结算", Adjustment: "结算调整", Tip: "追加小费",
	Settlement: "批结算", SettlementEnd: "批结算结束", BatchUpload: "批上送", BatchEnd: "批上送结束",
	ScriptResult: "脚本通知", StatusUpload: "状态上送", ParameterDownload: "参数下载", ParameterEnd: "参数下载结束",
}

// Text calls the type by its name, and in Chinese as UnionPay terminals do.
func (t TransactionType) Text() Bilingual {
	if t >= transactionTypeCount {
		return Same(t.String())
	}
	return Bilingual{EN: t.String(), ZH: typeTexts[t]}
}

var outcomeTexts = [outcomeCount]string{
	Undecided:             "未决定",
	Approved:              "批准",
	MerchantUnknown:       "商户不存在",
	MerchantSuspended:     "商户已暂停",
	MerchantFrozen:        "商户已冻结",
	MerchantClosed:        "商户已注销",
	MerchantNotYetActive:  "商户未开通",
	OffHours:              "非营业时间",
	NotPermittedMerchant:  "商户不允许此交易",
	TerminalUnknown:       "终端不存在",
	TerminalInactive:      "终端已停用",
	TerminalOtherMerchant: "终端不属于此商户",
	SoftwareOutdated:      "终端软件版本过低",
	NotSignedOn:           "终端未签到",
	BatchOutOfStep:        "批次号不一致",
	MACWrong:              "MAC错误",
	PINBlockWrong:         "PIN格式错误",
	FormatError:           "报文格式错误",
	UnsupportedFunction:   "不支持的功能",
	InvalidTransaction:    "无效交易",
	InvalidAmount:         "无效金额",
	WrongCurrency:         "币种不符",
	Duplicate:             "重复交易",
	OriginalNotFound:      "找不到原交易",
	OriginalAmountDiffers: "与原交易金额不符",
	ReversedBeforeArrival: "冲正先于原交易到达",
	RefundExceedsOriginal: "退货金额超过原交易",
	CardUnknown:           "无效卡号",
	IssuerUnknown:         "发卡方不存在",
	CardExpired:           "卡片过期",
	CardFrozen:            "卡片冻结",
	CardLost:              "挂失卡",
	CardStolen:            "被盗卡",
	CardRestricted:        "受限制的卡",
	NotPermittedCard:      "卡片不允许此交易",
	AccountFrozen:         "账户冻结",
	AccountUnknown:        "账户不存在",
	InsufficientFunds:     "余额不足",
	ExceedsAmountLimit:    "超出金额限制",
	ExceedsCountLimit:     "超出次数限制",
	IncorrectPIN:          "密码错误",
	PINTriesExceeded:      "密码错误次数超限",
	IssuerDown:            "发卡方不可用",
	IssuerTimeout:         "发卡方超时",
	DoNotHonour:           "发卡方拒绝",
	SystemMalfunction:     "系统故障",
	CutOver:               "系统日切",
	CryptogramWrong:       "芯片密文错误",
	KeyRepeated:           "密钥序列号重复",
	OutOfBalance:          "对账不平",
}

// Text calls the outcome by its name, and in Chinese by what it means.
func (o Outcome) Text() Bilingual {
	if o >= outcomeCount {
		return Same(o.String())
	}
	return Bilingual{EN: o.String(), ZH: outcomeTexts[o]}
}
