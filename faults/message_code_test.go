package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMessageCode(t *testing.T) {
	d := planned(t, make1(t, "message.code", "code", "96"))
	assert.Equal(t, []FieldEdit{{Field: 39, Op: SetField, Value: "96", Draw: d.Fields[0].Draw}}, d.Fields)
	assert.Equal(t, MACValid, d.MAC)
}
