package faults

func tlsUnknownCA() Kind {
	return Kind{
		Name: "tls.unknown-ca", Stages: []Stage{Hello},
		Does: Text{
			"The host shows a certificate of an authority that nobody knows.",
			"主机出示由未知机构签发的证书。"},
		Meets: Text{
			"The certificate does not verify: unknown authority.",
			"证书验证失败：签发机构不受信任。"},
		Example: "- match: {listener: secure}\n  fault: tls.unknown-ca\n",
		Needs:   NeedTLS,
		New:     hello("tls.unknown-ca", HelloPlan{Certificate: UnknownCACertificate}),
	}
}
