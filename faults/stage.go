package faults

import "fmt"

// Stage is where in the life of a connection a fault strikes. It decides what
// is known there, and so by what a rule can select.
type Stage uint8

// The stages, in the order in which a connection comes to them.
const (
	Listening  Stage = iota + 1 // before there is a connection
	SYN                         // a peer knocks
	Accepted                    // the connection is there, nothing has been read
	Hello                       // the first message of a TLS handshake has been read
	Idle                        // between messages
	Requesting                  // a request has been read; the host has not seen it
	Replying                    // the host has decided; the reply is on its way
)

var stageNames = map[Stage]Text{
	Listening:  {"listening", "监听"},
	SYN:        {"SYN", "SYN"},
	Accepted:   {"accepted", "接受连接"},
	Hello:      {"TLS hello", "TLS 握手"},
	Idle:       {"idle", "空闲"},
	Requesting: {"request", "请求"},
	Replying:   {"reply", "应答"},
}

// Stages returns all stages in order.
func Stages() []Stage {
	return []Stage{Listening, SYN, Accepted, Hello, Idle, Requesting, Replying}
}

// String returns the name of the stage.
func (s Stage) String() string {
	return s.Name().EN
}

// Name returns the name of the stage in both languages.
func (s Stage) Name() Text {
	if name, ok := stageNames[s]; ok {
		return name
	}
	number := fmt.Sprintf("stage %d", uint8(s))
	return Text{number, number}
}

// Selector is something that a rule can select by: a key of `match`.
type Selector string

// The selectors.
const (
	ByListener   Selector = "listener"
	BySource     Selector = "source"      // the peer's address
	ByConnection Selector = "connection"  // the nth connection of that source at that listener
	ByOpen       Selector = "open"        // how many connections the listener has, this one included
	ByServerName Selector = "server_name" // that the TLS client asked for
	ByTerminal   Selector = "terminal"    // DE 41; while idle, the last one seen on this connection
	ByMerchant   Selector = "merchant"    // DE 42
	ByCard       Selector = "card"
	ByAmount     Selector = "amount"
	ByMTI        Selector = "mti"
	ByType       Selector = "type"  // of transaction
	ByField      Selector = "field" // any data element of the request
	ByOutcome    Selector = "outcome"
	ByCode       Selector = "code" // the response code that the host decided on
)

// stageSelectors is what each stage adds to what was known before it. Nothing
// of TLS is known where there is none: there, server_name selects nothing.
var stageSelectors = map[Stage][]Selector{
	Listening:  {ByListener},
	SYN:        {BySource},
	Accepted:   {ByConnection, ByOpen},
	Hello:      {ByServerName},
	Idle:       {ByTerminal},
	Requesting: {ByMerchant, ByCard, ByAmount, ByMTI, ByType, ByField},
	Replying:   {ByOutcome, ByCode},
}

// Selectors returns what is known at the stage.
func (s Stage) Selectors() []Selector {
	var all []Selector
	for _, earlier := range Stages() {
		if earlier <= s {
			all = append(all, stageSelectors[earlier]...)
		}
	}
	return all
}

// Knows says whether a rule for this stage can select by what.
func (s Stage) Knows(what Selector) bool {
	for _, earlier := range Stages() {
		if earlier > s {
			return false
		}
		for _, sel := range stageSelectors[earlier] {
			if sel == what {
				return true
			}
		}
	}
	return false
}

// KnownFrom returns the first stage at which what is known; 0 if it is no
// selector.
func KnownFrom(what Selector) Stage {
	for s, all := range stageSelectors {
		for _, sel := range all {
			if sel == what {
				return s
			}
		}
	}
	return 0
}
