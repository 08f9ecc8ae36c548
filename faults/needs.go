package faults

import (
	"fmt"
	"strings"
)

// Needs is a set of things that a listener, its dialect or the machine must
// have for a fault.
type Needs uint16

// What can be needed.
const (
	NeedLinux  Needs = 1 << iota // what can be done to sockets there only
	NeedTLS                      // a listener with TLS
	NeedTPDU                     // a dialect whose frames have a TPDU
	NeedHeader                   // a dialect whose frames have a header with flags
	NeedMAC                      // a dialect with MACs
	NeedChip                     // a dialect with chip data in DE 55
	NeedBinary                   // a dialect whose length header is binary or BCD
)

var needNames = []struct {
	need Needs
	name Text
}{
	{NeedLinux, Text{"acqsim running on Linux", "acqsim 运行于 Linux"}},
	{NeedTLS, Text{"a listener with TLS", "监听启用 TLS"}},
	{NeedTPDU, Text{"a dialect with a TPDU", "报文格式带 TPDU"}},
	{NeedHeader, Text{"a dialect with a header", "报文格式带报文头"}},
	{NeedMAC, Text{"a dialect with a MAC", "报文格式带 MAC"}},
	{NeedChip, Text{"a dialect with chip data (DE 55)", "报文格式带 IC 卡数据（55 域）"}},
	{NeedBinary, Text{"a dialect whose length header is not in ASCII", "长度头不是 ASCII"}},
}

// Names returns what is in the set, in words.
func (n Needs) Names() []Text {
	var all []Text
	for _, x := range needNames {
		if n&x.need != 0 {
			all = append(all, x.name)
		}
	}
	return all
}

// String returns what is in the set, in English.
func (n Needs) String() string { return n.text().EN }

func (n Needs) text() Text {
	var en, zh []string
	for _, x := range n.Names() {
		en, zh = append(en, x.EN), append(zh, x.ZH)
	}
	return Text{strings.Join(en, ", "), strings.Join(zh, "、")}
}

// Layer is what a listener has, for Fits.
type Layer struct {
	Has      Needs
	MaxFrame int              // the longest reply, in bytes with its length header; 0: unknown
	MinFrame int              // what every reply has: length header to bitmap, in bytes; 0: unknown
	Defines  func(n int) bool // whether the dialect has the data element; nil: unknown
	// Holds says why a data element of the dialect can't have the value, which is
	// text, or hexadecimal where the element is binary; nil: unknown. The error
	// does not tell the value, which may be a card number.
	Holds func(n int, value string) error
}

// MisfitError says that a fault can't strike at a listener.
type MisfitError struct {
	Kind  string
	Param string // the parameter at fault; empty: the kind as such
	Why   Text
}

// Error names the fault and what it lacks.
func (e *MisfitError) Error() string { return e.Text().EN }

// Text is Error in both languages.
func (e *MisfitError) Text() Text {
	at := e.Kind
	if e.Param != "" {
		at += ": " + e.Param
	}
	return Text{at + ": " + e.Why.EN, at + "：" + e.Why.ZH}
}

// why makes a text of a format for each language.
func why(en, zh string, args ...any) Text {
	return Text{fmt.Sprintf(en, args...), fmt.Sprintf(zh, args...)}
}

// Fits says whether a fault can strike at a listener with this layer. The
// error is a *MisfitError.
func Fits(f Fault, l Layer) error {
	k, err := Find(f.Kind())
	if err != nil {
		return err
	}
	need := k.Needs
	if x, ok := f.(interface{ needs() Needs }); ok {
		need |= x.needs()
	}
	if lacks := need &^ l.Has; lacks != 0 {
		return &MisfitError{Kind: k.Name, Why: Text{"needs " + lacks.text().EN, "需要" + lacks.text().ZH}}
	}
	if x, ok := f.(interface{ fits(Layer) *MisfitError }); ok {
		if bad := x.fits(l); bad != nil {
			bad.Kind = k.Name
			return bad
		}
	}
	return nil
}

// hasOffset says whether an offset can lie within a reply.
func (l Layer) hasOffset(param string, at int) *MisfitError {
	if l.MaxFrame > 0 && (at >= l.MaxFrame || -at > l.MaxFrame) {
		return &MisfitError{Param: param, Why: why("byte %d is beyond the end: no reply is longer than %d bytes", "第 %d 字节超出末尾：应答最长 %d 字节", at, l.MaxFrame)}
	}
	return nil
}

// holds says whether the dialect has a data element that can have a value.
func (l Layer) holds(param string, n int, value string) *MisfitError {
	if bad := l.hasField(param, n); bad != nil || l.Holds == nil {
		return bad
	}
	switch err := l.Holds(n, value); {
	case err == nil:
		return nil
	case n == fieldCode:
		return &MisfitError{Why: why("the dialect's response code can't be %q", "该报文格式的应答码不能为 %q", value)}
	default:
		return &MisfitError{Param: "value", Why: why("the dialect's data element %d can't have it: %v", "该报文格式的 %d 域不能取此值：%v", n, err)}
	}
}

// fieldCode is the response code.
const fieldCode = 39

// hasField says whether the dialect has a data element.
func (l Layer) hasField(param string, n int) *MisfitError {
	if l.Defines != nil && n > 0 && !l.Defines(n) {
		return &MisfitError{Param: param, Why: why("the dialect has no data element %d", "该报文格式没有域 %d", n)}
	}
	return nil
}
