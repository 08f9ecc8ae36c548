package strictyaml

import "slices"

// Without returns a mapping as if it did not have the keys: for a type that
// reads some keys of a mapping itself and hands the rest on. Of anything else
// it returns the node as it is.
func (n Node) Without(keys ...string) Node {
	if n.Kind() != Mapping {
		return n
	}
	v := *n.v
	v.entries = nil
	for _, e := range n.v.entries {
		if !slices.Contains(keys, e.key.text) {
			v.entries = append(v.entries, e)
		}
	}
	n.v = &v
	return n
}
