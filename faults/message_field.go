package faults

import (
	"errors"
)

func messageField() Kind {
	return Kind{
		Name: "message.field", Stages: []Stage{Replying},
		Params: []Param{
			{Name: "field", Type: TypeField, Required: true, Doc: Text{
				"which data element", "域号"}},
			{Name: "edit", Type: TypeChoice, Required: true, Choices: []string{"set", "remove", "increment", "random"}, Doc: Text{
				"to a value; leave it out; one more; other digits and letters", "设为指定值；删除；加一；换成随机的数字和字母"}},
			{Name: "value", Type: TypeText, Default: "", Doc: Text{
				"the value, of edit: set; a binary element's in hexadecimal", "指定值，用于 edit: set；二进制域用十六进制"}},
		},
		Does: Text{
			"One data element of the reply is another. Its MAC is valid; what the host decided stands.",
			"应答中某一域有误；MAC 有效，主机的处理结果不变。"},
		Meets: Text{
			"A reply that does not fit its request (STAN, terminal, merchant, amount), or without a response code: it must not approve.",
			"应答与请求不符（流水号、终端号、商户号、金额），或缺少应答码：不得批准。"},
		Example: "- match: {type: sale}\n  fault: {message.field: {field: 11, edit: increment}}\n",
		New: func(v Values) (Fault, error) {
			f := editField{base: base{"message.field", Replying}, edit: FieldEdit{Field: v.Number("field"), Value: v.Text("value")}}
			switch edit := v.Text("edit"); {
			case f.edit.Field == 64 || f.edit.Field == 128: // ISO 8583: the MAC fields
				return nil, &ParamError{Kind: "message.field", Param: "field", Err: errors.New("is the MAC; use message.mac")}
			case edit == "set" && !v.Has("value"):
				return nil, &ParamError{Kind: "message.field", Param: "value", Err: errors.New("missing; say to what the element is set")}
			case edit != "set" && v.Has("value"):
				return nil, only(v, "message.field", "value", false, "edit: set")
			default:
				f.edit.Op = map[string]EditOp{"set": SetField, "remove": RemoveField, "increment": IncrementField, "random": RandomField}[edit]
			}
			return f, nil
		},
	}
}

type editField struct {
	base
	edit FieldEdit
}

func (f editField) claims() claim {
	return claim{sets: []string{setField(f.edit.Field)}, is: onReply | edits}
}

func (f editField) fits(l Layer) *MisfitError {
	if f.edit.Op == SetField {
		return l.holds("field", f.edit.Field, f.edit.Value)
	}
	return l.hasField("field", f.edit.Field)
}

func (f editField) removes(n int) bool { return f.edit.Op == RemoveField && n == f.edit.Field }

// An edit that changes the length shows in the length header, too.
func (f editField) shows(s sent) bool {
	if f.edit.keepsLength() {
		return s.has(s.elements)
	}
	return s.has(0)
}

func (f editField) place() Text { return elementTo(f.edit.Field, "change", "改动") }

func (f editField) OnReply(_ *Exchange, d Draw, to *Delivery) {
	e := f.edit
	e.Draw = d
	to.Fields = append(to.Fields, e)
}
