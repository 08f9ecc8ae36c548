package faults

// The numbers of TLS 1.0 and 1.1 on the wire (RFC 2246, RFC 4346).
const (
	tls10 = 0x0301
	tls11 = 0x0302
)

func tlsOldVersion() Kind {
	return Kind{
		Name: "tls.old-version", Stages: []Stage{Hello},
		Params: []Param{{Name: "version", Type: TypeChoice, Default: "1.1", Choices: []string{"1.0", "1.1"}, Doc: Text{
			"the newest version that the host speaks", "主机支持的最高版本"}}},
		Scalar: "version",
		Does: Text{
			"The host speaks TLS 1.0 or 1.1 at best.",
			"主机最高只支持 TLS 1.0 或 1.1。"},
		Meets: Text{
			"The handshake fails with protocol_version, unless the terminal takes that old version.",
			"握手因版本不符而失败（protocol_version），除非终端接受旧版本。"},
		Example: "- match: {listener: secure}\n  fault: {tls.old-version: \"1.0\"}\n",
		Needs:   NeedTLS,
		New: func(v Values) (Fault, error) {
			version := uint16(tls11)
			if v.Text("version") == "1.0" {
				version = tls10
			}
			return helloFault{base{"tls.old-version", Hello}, HelloPlan{MaxVersion: version}}, nil
		},
	}
}
