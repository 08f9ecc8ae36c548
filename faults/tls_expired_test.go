package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTLSExpired(t *testing.T) {
	f := make1(t, "tls.expired").(HelloFault)
	assert.Equal(t, HelloPlan{Certificate: ExpiredCertificate}, f.OnHello(request().Conn, someDraw()))
	assert.ErrorContains(t, Fits(f, Layer{Has: ^NeedTLS}), "tls.expired: needs a listener with TLS")
}
