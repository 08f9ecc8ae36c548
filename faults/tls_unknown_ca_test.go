package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTLSUnknownCA(t *testing.T) {
	f := make1(t, "tls.unknown-ca").(HelloFault)
	assert.Equal(t, HelloPlan{Certificate: UnknownCACertificate}, f.OnHello(request().Conn, someDraw()))
	assert.ErrorContains(t, Fits(f, Layer{Has: ^NeedTLS}), "tls.unknown-ca: needs a listener with TLS")
}
