package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTLSAlert(t *testing.T) {
	f := make1(t, "tls.alert").(HelloFault)
	assert.Equal(t, HelloPlan{Alert: 40}, f.OnHello(request().Conn, someDraw()))
	assert.ErrorContains(t, Fits(f, Layer{Has: ^NeedTLS}), "tls.alert: needs a listener with TLS")
}

func TestTLSAlerts(t *testing.T) {
	k, err := Find("tls.alert")
	assert.NoError(t, err)
	seen := map[uint8]bool{}
	for _, name := range k.Params[0].Choices {
		n := make1(t, "tls.alert", "alert", name).(HelloFault).OnHello(request().Conn, someDraw()).Alert
		assert.False(t, seen[n] || n == 0, name)
		seen[n] = true
	}
}
