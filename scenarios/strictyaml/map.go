package strictyaml

import "reflect"

// Map is a mapping in the file's order, with the places of its keys and values.
type Map[V any] []MapEntry[V]

// MapEntry is one key of a Map.
type MapEntry[V any] struct {
	Key   string
	Value V
	At    Node // place of the value
	AtKey Node // place of the key
}

func (m *Map[V]) decodeEntries(d *decoder, n Node) {
	if n.Kind() == Null {
		return
	}
	if n.Kind() != Mapping {
		d.add(wanted(n, "a mapping"))
		return
	}
	for _, e := range n.Entries() {
		entry := MapEntry[V]{At: e.Value, AtKey: e.Key}
		before := len(d.problems)
		d.scalar(e.Key, reflect.ValueOf(&entry.Key).Elem())
		named := len(d.problems) == before
		d.value(e.Value, reflect.ValueOf(&entry.Value).Elem())
		if named { // without its name the entry would only cause more complaints
			*m = append(*m, entry)
		}
	}
}

// Get returns the value of a key.
func (m Map[V]) Get(key string) (v V, ok bool) {
	for _, e := range m {
		if e.Key == key {
			return e.Value, true
		}
	}
	return v, false
}

// Keys returns the keys in the file's order.
func (m Map[V]) Keys() []string {
	keys := make([]string, len(m))
	for i, e := range m {
		keys[i] = e.Key
	}
	return keys
}
