package faults

import (
	"errors"
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

func TestMessageFieldOfWhatTheDialectCannotHold(t *testing.T) {
	l := Layer{Defines: func(n int) bool { return n < 65 }, Holds: func(n int, value string) error {
		if value == "bad" {
			return errors.New("it has letters")
		}
		return nil
	}}
	set := func(field, value string) Fault {
		return make1(t, "message.field", "field", field, "edit", "set", "value", value)
	}
	assert.NoError(t, Fits(set("11", "1"), l))
	assert.NoError(t, Fits(make1(t, "message.field", "field", "11", "edit", "remove"), l))
	assert.EqualError(t, Fits(set("11", "bad"), l), "message.field: value: the dialect's data element 11 can't have it: it has letters")
	assert.EqualError(t, Fits(set("120", "bad"), l), "message.field: field: the dialect has no data element 120")
	assert.EqualError(t, Fits(set("39", "bad"), l), `message.field: the dialect's response code can't be "bad"`)
	assert.NoError(t, Fits(set("11", "bad"), Layer{}))
}
