package strictyaml

import (
	"encoding"
	"reflect"
	"sort"
	"strings"
)

// Unmarshaler is implemented by types that read their Node themselves. An error
// that is no Problem is reported at the node's place.
type Unmarshaler interface{ UnmarshalNode(Node) error }

// Decode reads a file into v, a pointer, as the package comment says. The error
// is Problems; what was right is decoded all the same.
func Decode(file string, src []byte, v any) error {
	var found Problems
	n, err := Parse(file, src)
	found.Add(err)
	if n.Exists() {
		found.Add(n.Decode(v))
	}
	return found.Err()
}

// Decode reads the value into v, a pointer. The error is Problems.
func (n Node) Decode(v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return Problems{n.Errorf("cannot decode into %T: a pointer is needed", v)}
	}
	if !n.Exists() {
		return Problems{n.Errorf("`%s` is missing", n.path)}
	}
	d := decoder{}
	d.value(n, target.Elem())
	return d.problems.Err()
}

// decoder accumulates mistakes and counts values, since aliases of aliases
// could make them many.
type decoder struct {
	problems Problems
	count    int
}

var nodeType = reflect.TypeFor[Node]()

// mapDecoder is implemented by *Map[V].
type mapDecoder interface{ decodeEntries(*decoder, Node) }

func (d *decoder) add(p *Problem) { d.problems = append(d.problems, p) }

// spend counts a value and reports whether decoding may go on.
func (d *decoder) spend(n Node) bool {
	d.count++
	if d.count == maxDecoded+1 {
		d.add(n.Errorf("the file's aliases expand to more than %d values", maxDecoded))
	}
	return d.count <= maxDecoded
}

func (d *decoder) value(n Node, to reflect.Value) {
	if !d.spend(n) {
		return
	}
	if to.Type() == nodeType {
		to.Set(reflect.ValueOf(n))
		return
	}
	if to.CanAddr() && to.Addr().CanInterface() && d.custom(n, to.Addr().Interface()) {
		return
	}
	switch to.Kind() {
	case reflect.Pointer:
		if n.Kind() == Null {
			return
		}
		if to.IsNil() {
			to.Set(reflect.New(to.Type().Elem()))
		}
		d.value(n, to.Elem())
	case reflect.Interface:
		if to.NumMethod() > 0 {
			d.add(n.Errorf("cannot decode into the interface %s", to.Type()))
			return
		}
		if v := d.any(n); v != nil {
			to.Set(reflect.ValueOf(v))
		}
	case reflect.Struct:
		d.structure(n, to)
	case reflect.Map:
		d.goMap(n, to)
	case reflect.Slice:
		d.slice(n, to)
	default:
		d.scalar(n, to)
	}
}

// custom lets a type decode itself and reports whether it did.
func (d *decoder) custom(n Node, target any) bool {
	switch t := target.(type) {
	case mapDecoder:
		t.decodeEntries(d, n)
	case Unmarshaler:
		d.outcome(n, t.UnmarshalNode(n))
	case encoding.TextUnmarshaler:
		if p := textOf(n); p != nil {
			d.add(p)
			return true
		}
		d.outcome(n, t.UnmarshalText([]byte(n.Text())))
	default:
		return false
	}
	return true
}

// outcome files the error of a type that decoded itself.
func (d *decoder) outcome(n Node, err error) {
	switch e := err.(type) {
	case nil:
	case Problems:
		d.problems = append(d.problems, e...)
	case *Problem:
		if e != nil {
			d.add(e)
		}
	default:
		d.add(n.Errorf("%w", e))
	}
}

func (d *decoder) structure(n Node, to reflect.Value) {
	fields := fieldsOf(to.Type())
	for _, i := range fields.places {
		to.Field(i).Set(reflect.ValueOf(n))
	}
	switch n.Kind() {
	case Mapping, Null:
	default:
		p := wanted(n, "a mapping")
		p.Hint = fields.listing()
		d.add(p)
		return
	}
	given := make(map[string]bool, len(n.v.entries))
	for _, e := range n.Entries() {
		key := e.Key.Text()
		given[key] = true
		f, ok := fields.byName[key]
		if !ok {
			p := e.Key.Errorf("unknown key `%s`", key).Suggest(key, fields.names)
			if p.Hint == "" {
				p.Hint = fields.listing()
			}
			d.add(p)
			continue
		}
		d.value(e.Value, to.Field(f))
	}
	for _, name := range fields.required {
		if !given[name] {
			d.add(n.Key(name).Errorf("the key `%s` is missing%s", name, in(n)))
		}
	}
}

func in(n Node) string {
	if n.path == "" {
		return ""
	}
	return " in " + n.path
}

type fields struct {
	byName   map[string]int
	names    []string
	required []string
	places   []int // fields of type Node without a tag
}

func fieldsOf(t reflect.Type) fields {
	f := fields{byName: make(map[string]int, t.NumField())}
	for i := range t.NumField() {
		field := t.Field(i)
		if !field.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "" {
			if field.Type == nodeType {
				f.places = append(f.places, i)
			}
			continue
		}
		if name == "-" {
			continue
		}
		f.byName[name] = i
		f.names = append(f.names, name)
		if options == "required" {
			f.required = append(f.required, name)
		}
	}
	return f
}

func (f fields) listing() string {
	if len(f.names) == 0 {
		return "no keys are used here"
	}
	names := append([]string(nil), f.names...)
	sort.Strings(names)
	return "the keys are " + strings.Join(names, ", ")
}

func (d *decoder) slice(n Node, to reflect.Value) {
	if n.Kind() == Null {
		return
	}
	if n.Kind() != List {
		d.add(wanted(n, "a list"))
		return
	}
	items := n.Items()
	to.Set(reflect.MakeSlice(to.Type(), len(items), len(items)))
	for i, item := range items {
		d.value(item, to.Index(i))
	}
}

func (d *decoder) goMap(n Node, to reflect.Value) {
	if n.Kind() == Null {
		return
	}
	if n.Kind() != Mapping {
		d.add(wanted(n, "a mapping"))
		return
	}
	if to.IsNil() {
		to.Set(reflect.MakeMapWithSize(to.Type(), len(n.v.entries)))
	}
	for _, e := range n.Entries() {
		key := reflect.New(to.Type().Key()).Elem()
		before := len(d.problems)
		d.value(e.Key, key)
		val := reflect.New(to.Type().Elem()).Elem()
		if old := to.MapIndex(key); old.IsValid() {
			val.Set(old)
		}
		d.value(e.Value, val)
		if len(d.problems) == before {
			to.SetMapIndex(key, val)
		}
	}
}

// any decodes into what fits the kind best.
func (d *decoder) any(n Node) any {
	switch n.Kind() {
	case Text:
		return n.Text()
	case Bool:
		return strings.EqualFold(n.Text(), "true")
	case Integer:
		var v int64
		d.number(n, reflect.ValueOf(&v).Elem())
		return v
	case Float:
		var v float64
		d.number(n, reflect.ValueOf(&v).Elem())
		return v
	case List:
		all := make([]any, len(n.v.items))
		d.each(n.Items(), func(i int, item Node) { all[i] = d.any(item) })
		return all
	case Mapping:
		all := make(map[string]any, len(n.v.entries))
		for _, e := range n.Entries() {
			if !d.spend(e.Value) {
				break
			}
			all[e.Key.Text()] = d.any(e.Value)
		}
		return all
	}
	return nil
}

func (d *decoder) each(items []Node, do func(int, Node)) {
	for i, item := range items {
		if !d.spend(item) {
			return
		}
		do(i, item)
	}
}
