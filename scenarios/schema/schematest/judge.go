// Package schematest checks files against generated JSON Schemas, in tests.
package schematest

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// Judge checks files as an editor with the schema would.
type Judge struct {
	t      testing.TB
	schema *jsonschema.Schema
}

// New compiles a schema; one that is no JSON Schema fails the test.
func New(t testing.TB, o schema.Object) *Judge {
	t.Helper()
	const name = "file.json"
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource(name, Plain(t, o)))
	s, err := c.Compile(name)
	require.NoError(t, err)
	return &Judge{t, s}
}

// Accepts fails the test unless the file is as the schema has it.
func (j *Judge) Accepts(name string, src []byte) {
	j.t.Helper()
	assert.NoError(j.t, j.judge(name, src), name)
}

// Refuses fails the test if the file is as the schema has it.
func (j *Judge) Refuses(name string, src []byte) {
	j.t.Helper()
	assert.Error(j.t, j.judge(name, src), name)
}

func (j *Judge) judge(name string, src []byte) error {
	j.t.Helper()
	var v any
	require.NoError(j.t, strictyaml.Decode(name, src, &v))
	return j.schema.Validate(v)
}

// Plain returns the schema as the JSON that users get.
func Plain(t testing.TB, o schema.Object) map[string]any {
	t.Helper()
	b, err := json.Marshal(o)
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	require.NoError(t, err)
	m, ok := v.(map[string]any)
	require.True(t, ok)
	return m
}
