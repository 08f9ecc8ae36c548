package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTLSOldVersion(t *testing.T) {
	f := make1(t, "tls.old-version").(HelloFault)
	assert.Equal(t, HelloPlan{MaxVersion: 0x0302}, f.OnHello(request().Conn, someDraw()))
	assert.ErrorContains(t, Fits(f, Layer{Has: ^NeedTLS}), "tls.old-version: needs a listener with TLS")
}

func TestTLS10(t *testing.T) {
	f := make1(t, "tls.old-version", "version", "1.0").(HelloFault)
	assert.Equal(t, HelloPlan{MaxVersion: 0x0301}, f.OnHello(request().Conn, someDraw()))
}
