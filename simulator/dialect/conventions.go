package dialect

import (
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
)

// conventions is the compiled form of a file's conventions.
type conventions struct {
	recognise []mtiRules

	batch       path
	invoice     path
	networkCode []path // the first that is present counts
	software    path
	inHeader    bool // the software version stands in the UnionPay header
	originals   []originalRule

	duplicateKey  []path
	repeatsAnswer bool

	macField     uint8
	macAlgorithm security.MACAlgorithm
	macPolicy    security.MACPolicy
	pinField     uint8
	pinFormat    security.PINFormat
	keyField     uint8
	downloads    []download
	dukpt        dukptRule
	chipField    uint8

	rememberUnmatched bool
	edges             EdgeOutcomes
	completionShare   int  // percent of the pre-authorisation
	echoClock         bool // 12 and 13 are the terminal's where it sent them
	balance           balanceRule
	followBatch       bool // a terminal with another batch than the open one is right
	settlement        settlementRule
	parameters        parameterRule
	replies           [classCount]replyRule
}

// part is a positional piece of a field: UnionPay's "60.2".
type part struct {
	id     string
	names  world.Bilingual
	offset int       // in units
	length int       // 0: to the end of the field
	values []pattern // what it can hold; none: anything
}

// path names a field or a part of one. The zero path names nothing.
type path struct {
	field  uint8
	offset uint16
	length uint16 // 0: to the end of the field
}

func (p path) isSet() bool { return p.field != 0 }

func (p path) whole() bool { return p.offset == 0 && p.length == 0 }

// download is a network code that asks for working keys.
type download struct {
	code uint16
	form security.Download
}

// dukptRule is key management by DUKPT.
type dukptRule struct {
	ksn             path // set: the dialect derives keys
	requestKeyInRep bool // replies carry a MAC under the request's key
	refuseRepeated  bool // a key serial number that does not advance is refused
}

// originalRule says where some transaction types name the transaction that
// they are about.
type originalRule struct {
	types                  uint64 // bit 1<<TransactionType
	stan, batch, mti, date path
	own                    bool // stan is the request's own
}

// balanceRule is how an inquiry's DE 54 is written.
type balanceRule struct {
	account           string // account type, 2 digits; empty: from DE 3
	booked, available bool
}

// class is a group of messages that are answered alike.
type class uint8

const (
	otherClass class = iota
	authorisationClass
	financialClass
	adviceClass
	reversalClass
	networkClass
	settlementClass
	uploadClass

	classCount
)

var classNames = [classCount]string{
	otherClass:         "other",
	authorisationClass: "authorisation",
	financialClass:     "financial",
	adviceClass:        "advice",
	reversalClass:      "reversal",
	networkClass:       "network",
	settlementClass:    "settlement",
	uploadClass:        "upload",
}

// classOf returns the class of a request's MTI: its second digit, and its third
// for an advice.
func classOf(mti uint16) class {
	switch mti / 100 % 10 {
	case 1:
		return authorisationClass
	case 2:
		if mti/10%10 >= 2 {
			return adviceClass
		}
		return financialClass
	case 3:
		return uploadClass
	case 4:
		return reversalClass
	case 5:
		return settlementClass
	case 8:
		return networkClass
	}
	return otherClass
}

// replyRule is what the reply of a class consists of, besides MTI and bitmap.
type replyRule struct {
	echo   [2]uint64 // as Index.present
	host   [2]uint64
	limits []path    // fields of which only the beginning is echoed
	plain  [2]uint64 // of echo, those that are echoed as they stand, whatever the answer is
}
