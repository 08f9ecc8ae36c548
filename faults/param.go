package faults

import (
	"errors"
	"fmt"
	"strings"
)

// Param is a parameter of a kind of fault.
type Param struct {
	Name     string
	Type     ParamType
	Default  string // as it would be written; empty: none
	Required bool   // has no default and must be given
	Choices  []string
	Min, Max int64 // of Count, Offset and Field; both 0: the type's own bounds
	Doc      Text
}

// ParamType is how the text of a parameter is read.
type ParamType uint8

// The types. ParseValue says how each is written.
const (
	TypeDuration ParamType = iota + 1
	TypeDistribution
	TypeCount
	TypeOffset
	TypeChoice
	TypeBytes
	TypeField
	TypeMTI
	TypeCode
	TypeText
	TypeTerminal
)

var typeNames = map[ParamType]string{
	TypeDuration: "duration", TypeDistribution: "distribution", TypeCount: "count", TypeOffset: "offset",
	TypeChoice: "choice", TypeBytes: "bytes", TypeField: "field", TypeMTI: "MTI", TypeCode: "response code",
	TypeText: "text", TypeTerminal: "terminal",
}

// String returns the name of the type.
func (t ParamType) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("parameter type %d", uint8(t))
}

// Quoted says that YAML would spoil a bare value of the type: 0210 is 136 to
// it. The language demands quotes.
func (t ParamType) Quoted() bool {
	return t == TypeMTI || t == TypeCode || t == TypeTerminal || t == TypeBytes
}

// form says how a value of the parameter is written.
func (t ParamType) form(p Param) Text {
	lo, hi := p.bounds()
	switch t {
	case TypeDuration:
		return Text{`a duration such as 300ms, 2s or "1.5 timeouts"`, `时长，如 300ms、2s 或 "1.5 timeouts"（终端超时的倍数）`}
	case TypeDistribution:
		return Text{`a duration such as 2s or "1.5 timeouts", or uniform(1s, 3s), normal(2s, 300ms) or lognormal(2s, 0.5)`,
			`时长，如 2s 或 "1.5 timeouts"（终端超时的倍数），或 uniform(1s, 3s)、normal(2s, 300ms)、lognormal(2s, 0.5)`}
	case TypeCount:
		return Text{fmt.Sprintf("a whole number from %d to %d", lo, hi), fmt.Sprintf("整数，%d 至 %d", lo, hi)}
	case TypeOffset:
		return Text{fmt.Sprintf("a byte position from %d to %d, where negative ones count from the end", lo, hi),
			fmt.Sprintf("字节位置，%d 至 %d，负数从末尾算起", lo, hi)}
	case TypeChoice:
		return Text{"one of " + strings.Join(p.Choices, ", "), "以下之一：" + strings.Join(p.Choices, "、")}
	case TypeBytes:
		return Text{"bytes in hexadecimal", "十六进制字节"}
	case TypeField:
		return Text{fmt.Sprintf("a data element from %d to %d", lo, hi), fmt.Sprintf("域号，%d 至 %d", lo, hi)}
	case TypeMTI:
		return Text{`a message type of four digits in quotes, such as "0210"`, `四位消息类型，加引号，如 "0210"`}
	case TypeCode:
		return Text{`a response code of two or three letters and digits in quotes, such as "05"`, `两到三位应答码（字母或数字），加引号，如 "05"`}
	case TypeTerminal:
		return Text{`a terminal ID of up to 16 characters in quotes; * and ? stand for any`, `终端号，至多 16 个字符，加引号；* 和 ? 为通配符`}
	}
	return Text{"a text", "文本"}
}

// maxFrame is the longest frame that any length header can announce and that
// offsets and counts of bytes can mean.
const maxFrame = 65535

// bounds of a number.
func (p Param) bounds() (lo, hi int64) {
	if p.Min != 0 || p.Max != 0 {
		return p.Min, p.Max
	}
	switch p.Type {
	case TypeOffset:
		return -maxFrame, maxFrame
	case TypeField:
		return 2, 128
	}
	return 1, maxFrame
}

// Form says how a value of the parameter is written.
func (p Param) Form() Text { return p.Type.form(p) }

// ValueError says that a text is no value of a parameter.
type ValueError struct {
	Text string // as given; at most 60 bytes of it
	Want string // how a value is written
	Why  error  // what is wrong in particular; may be nil
}

// Error says what was given and what is wanted.
func (e *ValueError) Error() string {
	if e.Why != nil {
		return fmt.Sprintf("%q: %v; give %s", e.Text, e.Why, e.Want)
	}
	return fmt.Sprintf("%q is not right; give %s", e.Text, e.Want)
}

// Unwrap returns Why.
func (e *ValueError) Unwrap() error { return e.Why }

var errOutOfBounds = errors.New("out of bounds")
