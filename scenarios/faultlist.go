package scenarios

import (
	"errors"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// Struck is a fault that a rule brings about.
type Struck struct {
	faults.Fault
	At strictyaml.Node // its place: the name
}

// Faults are the faults of one rule, in the order in which they apply.
type Faults []Struck

// UnmarshalNode reads a name, a mapping from names to parameters, or a list of
// these:
//
//	fault: reply.drop
//	fault: {reply.delay: {by: 2s}}
//	fault: {reply.delay: 2s}
//	fault: [{reply.delay: 2s}, reply.duplicate]
func (f *Faults) UnmarshalNode(n strictyaml.Node) error {
	var found strictyaml.Problems
	*f = nil
	nodes := []strictyaml.Node{n}
	if n.Kind() == strictyaml.List {
		nodes = n.Items()
	}
	for _, one := range nodes {
		if one.Kind() != strictyaml.Mapping {
			found.Add(f.add(one, strictyaml.Node{}))
			continue
		}
		for _, e := range one.Entries() {
			found.Add(f.add(e.Key, e.Value))
		}
	}
	if len(*f) == 0 && len(found) == 0 {
		return n.Errorf("name a fault, such as reply.drop; acqsim faults lists them")
	}
	return found.Err()
}

// add makes one fault of its name and parameters.
func (f *Faults) add(name, params strictyaml.Node) error {
	text, err := name.NeedText()
	if err != nil {
		return err
	}
	kind, err := faults.Find(text)
	if err != nil {
		return name.Errorf("%w", err).Suggest(text, faults.Names())
	}
	given, err := paramTexts(kind, params)
	if err != nil {
		return err
	}
	made, err := kind.Make(given)
	if err != nil {
		return paramProblem(kind, name, params, err)
	}
	*f = append(*f, Struck{Fault: made, At: name})
	return nil
}

// paramTexts returns the parameters as texts. A bare value stands for the
// parameter that the kind says.
func paramTexts(k *faults.Kind, params strictyaml.Node) (map[string]string, error) {
	given := map[string]string{}
	var found strictyaml.Problems
	read := func(name string, at strictyaml.Node) {
		p, known := k.Param(name)
		if !known {
			return // Make says so
		}
		if p.Type.Quoted() {
			var q quoted
			found.Add(q.UnmarshalNode(at))
			given[name] = string(q)
			return
		}
		text, err := at.NeedText()
		found.Add(err)
		given[name] = text
	}
	switch params.Kind() {
	case strictyaml.Missing, strictyaml.Null:
	case strictyaml.Mapping:
		for _, e := range params.Entries() {
			name := e.Key.Text()
			given[name] = ""
			read(name, e.Value)
		}
	default:
		if k.Scalar == "" {
			return nil, params.Errorf("%s takes its parameters by name, such as {%s}", k.Name, paramForm(k))
		}
		read(k.Scalar, params)
	}
	return given, found.Err()
}

// paramForm shows how parameters are written.
func paramForm(k *faults.Kind) string {
	if len(k.Params) == 0 {
		return ""
	}
	return k.Params[0].Name + ": …"
}

// paramProblem puts an error of a parameter where the parameter stands.
func paramProblem(k *faults.Kind, name, params strictyaml.Node, err error) error {
	var bad *faults.ParamError
	if !errors.As(err, &bad) {
		return name.Errorf("%w", err)
	}
	var names []string
	for _, p := range k.Params {
		names = append(names, p.Name)
	}
	switch _, known := k.Param(bad.Param); {
	case !known && params.Kind() == strictyaml.Mapping:
		return params.KeyNode(bad.Param).Errorf("%w", err).Suggest(bad.Param, names)
	case params.Kind() == strictyaml.Mapping && params.Key(bad.Param).Exists():
		return params.Key(bad.Param).Errorf("%w", err)
	case params.Exists() && params.Kind() != strictyaml.Mapping && params.Kind() != strictyaml.Null:
		return params.Errorf("%w", err)
	}
	return name.Errorf("%w", err)
}

// JSONSchema lists the faults with their parameters.
func (Faults) JSONSchema() schema.Object {
	names, byName := []string{}, schema.Object{}
	for _, k := range faults.Kinds() {
		names = append(names, k.Name)
		o := kindSchema(&k)
		o["description"] = k.Does.EN
		byName[k.Name] = o
	}
	one := schema.OneOf(schema.Enum(names),
		schema.Object{"type": "object", "properties": byName, "additionalProperties": false, "minProperties": 1})
	return schema.OneOf(one, schema.List(one))
}

func kindSchema(k *faults.Kind) schema.Object {
	properties, required := schema.Object{}, []string{}
	for _, p := range k.Params {
		o := paramSchema(p)
		o["description"] = p.Doc.EN
		properties[p.Name] = o
		if p.Required {
			required = append(required, p.Name)
		}
	}
	o := schema.Object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	forms := []schema.Object{o}
	if len(required) == 0 {
		forms = append(forms, schema.Object{"type": "null"})
	}
	if p, ok := k.Param(k.Scalar); ok {
		forms = append(forms, paramSchema(p))
	}
	return schema.OneOf(forms...)
}

func paramSchema(p faults.Param) schema.Object {
	switch {
	case p.Type == faults.TypeChoice:
		return schema.Enum(p.Choices)
	case p.Type.Quoted():
		return schema.Object{"type": "string"}
	case p.Type == faults.TypeCount, p.Type == faults.TypeOffset, p.Type == faults.TypeField:
		return schema.OneOf(schema.Object{"type": "integer"}, schema.Text(`^-?[0-9]+$`))
	}
	return schema.Scalar()
}

// stage returns the first stage at which the faults strike.
func (f Faults) stage() faults.Stage {
	first := faults.Replying
	for _, s := range f {
		first = min(first, s.Stage())
	}
	return first
}

// all are the faults without their places.
func (f Faults) all() []faults.Fault {
	all := make([]faults.Fault, len(f))
	for i, s := range f {
		all[i] = s.Fault
	}
	return all
}

// names lists the kinds.
func (f Faults) names() []string {
	all := make([]string, len(f))
	for i, s := range f {
		all[i] = s.Kind()
	}
	return all
}
