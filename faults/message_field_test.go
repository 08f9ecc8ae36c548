package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMessageField(t *testing.T) {
	for _, c := range []struct {
		given []string
		old   string
		there bool
		want  string
		still bool
	}{
		{[]string{"field", "39", "edit", "remove"}, "00", true, "", false},
		{[]string{"field", "39", "edit", "remove"}, "", false, "", false},
		{[]string{"field", "4", "edit", "set", "value", "000000009999"}, "000000001000", true, "000000009999", true},
		{[]string{"field", "44", "edit", "set", "value", "x"}, "", false, "x", true},
		{[]string{"field", "11", "edit", "increment"}, "000042", true, "000043", true},
		{[]string{"field", "11", "edit", "increment"}, "999999", true, "000000", true},
		{[]string{"field", "41", "edit", "increment"}, "T0000009", true, "T0000010", true},
		{[]string{"field", "41", "edit", "increment"}, "POS", true, "POS", true},
		{[]string{"field", "37", "edit", "increment"}, "12A", true, "13A", true},
		{[]string{"field", "11", "edit", "increment"}, "", false, "", false},
		{[]string{"field", "11", "edit", "random"}, "", false, "", false},
	} {
		d := planned(t, make1(t, "message.field", c.given...))
		value, there := d.Fields[0].Apply(c.old, c.there)
		assert.Equal(t, c.want, value, c.given)
		assert.Equal(t, c.still, there, c.given)
		assert.Equal(t, MACValid, d.MAC)
	}
}

func TestMessageFieldComposes(t *testing.T) {
	stan, amount := make1(t, "message.field", "field", "11"), make1(t, "message.field", "field", "4")
	assert.Len(t, planned(t, stan, amount).Fields, 2)
	assert.ErrorContains(t, Compose(stan, stan), "both set data element 11")
	assert.ErrorContains(t, Compose(make1(t, "message.field", "field", "39"), make1(t, "message.code")), "both set data element 39")
	assert.Error(t, Fits(stan, Layer{Defines: func(int) bool { return false }}))
}
