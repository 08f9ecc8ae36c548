package faults

import (
	"maps"
	"slices"
)

// alerts are fatal alerts with their numbers (RFC 8446 §6).
var alerts = map[string]uint8{
	"handshake-failure":     40,
	"bad-certificate":       42,
	"illegal-parameter":     47,
	"access-denied":         49,
	"decode-error":          50,
	"protocol-version":      70,
	"insufficient-security": 71,
	"internal-error":        80,
	"unrecognized-name":     112,
}

func tlsAlert() Kind {
	return Kind{
		Name: "tls.alert", Stages: []Stage{Hello},
		Params: []Param{{Name: "alert", Type: TypeChoice, Default: "handshake-failure",
			Choices: slices.Sorted(maps.Keys(alerts)), Doc: Text{"which alert (RFC 8446)", "告警类型（RFC 8446）"}}},
		Scalar: "alert",
		Does: Text{
			"A fatal alert answers the ClientHello, and the connection is closed.",
			"以致命告警应答 ClientHello，随后关闭连接。"},
		Meets: Text{
			"The TLS handshake fails at once with that alert.",
			"TLS 握手立即失败，并收到该告警。"},
		Example: "- match: {listener: secure}\n  fault: {tls.alert: protocol-version}\n",
		Needs:   NeedTLS,
		New: func(v Values) (Fault, error) {
			return helloFault{base{"tls.alert", Hello}, HelloPlan{Alert: alerts[v.Text("alert")]}}, nil
		},
	}
}
