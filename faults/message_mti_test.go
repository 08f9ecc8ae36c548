package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMessageMTI(t *testing.T) {
	assert.Equal(t, []FieldEdit{{Op: SetField, Value: "0200"}}, planned(t, make1(t, "message.mti")).Fields, "the request's own")
	assert.Equal(t, []FieldEdit{{Op: SetField, Value: "0230"}}, planned(t, make1(t, "message.mti", "mti", "0230")).Fields)
}
