package faults

func messageBitmap() Kind {
	return Kind{
		Name: "message.bitmap", Stages: []Stage{Replying},
		Params: []Param{{Name: "field", Type: TypeField, Default: "38", Doc: Text{
			"whose bit is turned over: an element that is there is denied, one that is not is announced",
			"翻转哪个域的位：已有的域被否认，没有的域被宣称"}}},
		Scalar: "field",
		Does: Text{
			"The bitmap of the reply contradicts its body. The MAC is made over it as it is.",
			"应答的位图与内容矛盾；MAC 按此报文计算。"},
		Meets: Text{
			"A message that does not decode, or decodes to nonsense.",
			"报文无法解析，或解析出错误内容。"},
		Example: "- match: {type: sale}\n  fault: {message.bitmap: {field: 38}}\n",
		New: func(v Values) (Fault, error) {
			return editBitmap{base{"message.bitmap", Replying}, v.Number("field")}, nil
		},
	}
}

type editBitmap struct {
	base
	field int
}

func (editBitmap) claims() claim { return claim{sets: []string{setBitmap}, is: onReply | edits} }

func (editBitmap) shows(s sent) bool { return s.has(leastLength + leastMTI) }

func (editBitmap) place() Text { return Text{"bitmap to change", "可供改动的位图"} }

func (f editBitmap) OnReply(_ *Exchange, _ Draw, d *Delivery) { d.Bitmap = append(d.Bitmap, f.field) }
