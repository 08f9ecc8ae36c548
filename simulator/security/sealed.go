package security

import (
	"fmt"
	"io"
)

// sealed holds a secret two pointers away from whoever has it. fmt can't call
// the methods of another struct's unexported fields, so it prints those by
// reflection: a plain value shows its bytes, and a pointer is followed where
// the verb doesn't fit it (%s, say). Two pointers end as an address under every
// verb.
type sealed[T any] struct{ p *T }

func seal[T any](p *T) *sealed[T] { return &sealed[T]{p} }

// writeText ignores a failed write, as every fmt.Formatter must: the interface
// has no way to report it.
func writeText(s fmt.State, text string) { _, _ = io.WriteString(s, text) }
