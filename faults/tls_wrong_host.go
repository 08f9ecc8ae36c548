package faults

func tlsWrongHost() Kind {
	return Kind{
		Name: "tls.wrong-host", Stages: []Stage{Hello},
		Does: Text{
			"The host shows a certificate for another name.",
			"主机出示的证书属于另一主机名。"},
		Meets: Text{
			"The certificate does not verify: it is for another host.",
			"证书验证失败：主机名不符。"},
		Example: "- match: {listener: secure}\n  fault: tls.wrong-host\n",
		Needs:   NeedTLS,
		New:     hello("tls.wrong-host", HelloPlan{Certificate: WrongHostCertificate}),
	}
}
