package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTLSStall(t *testing.T) {
	f := make1(t, "tls.stall").(HelloFault)
	assert.Equal(t, HelloPlan{Stall: true}, f.OnHello(request().Conn, someDraw()))
	assert.ErrorContains(t, Fits(f, Layer{Has: ^NeedTLS}), "tls.stall: needs a listener with TLS")
}
