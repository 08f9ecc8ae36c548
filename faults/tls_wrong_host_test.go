package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTLSWrongHost(t *testing.T) {
	f := make1(t, "tls.wrong-host").(HelloFault)
	assert.Equal(t, HelloPlan{Certificate: WrongHostCertificate}, f.OnHello(request().Conn, someDraw()))
	assert.ErrorContains(t, Fits(f, Layer{Has: ^NeedTLS}), "tls.wrong-host: needs a listener with TLS")
}
