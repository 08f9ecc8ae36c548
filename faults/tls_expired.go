package faults

func tlsExpired() Kind {
	return Kind{
		Name: "tls.expired", Stages: []Stage{Hello},
		Does: Text{
			"The host shows a certificate that has expired.",
			"主机出示已过期的证书。"},
		Meets: Text{
			"The certificate does not verify: expired. A terminal whose clock is behind may accept it.",
			"证书验证失败：已过期。时钟落后的终端可能仍会接受。"},
		Example: "- match: {listener: secure}\n  fault: tls.expired\n",
		Needs:   NeedTLS,
		New:     hello("tls.expired", HelloPlan{Certificate: ExpiredCertificate}),
	}
}
