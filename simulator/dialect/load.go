package dialect

import (
	"embed"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

//go:embed dialects/*.yaml
var embedded embed.FS

// builtin are the names of the embedded dialects, in the order they are shown.
var builtin = []string{"unionpay-pos", "iso87-bcd", "iso87-ascii", "iso87-ebcdic", "iso93-ascii"}

// compiled holds each embedded dialect once it was asked for.
var compiled sync.Map // name → func() (compilation)

type compilation struct {
	dialect  *Dialect
	variants map[string]*Dialect
	err      error
}

// Names lists the embedded dialects.
func Names() []string { return slices.Clone(builtin) }

// Load returns an embedded dialect by its name, or a variant of one by
// "name/variant".
func Load(name string) (*Dialect, error) {
	base, variant, _ := strings.Cut(name, "/")
	if !slices.Contains(builtin, base) {
		return nil, unknownName(name, "dialect", base, builtin)
	}
	once, _ := compiled.LoadOrStore(base, sync.OnceValue(func() compilation {
		file := "dialects/" + base + ".yaml"
		src, err := embedded.ReadFile(file)
		if err != nil {
			return compilation{err: fmt.Errorf("read the embedded dialect %s: %w", base, err)}
		}
		d, variants, err := compile(file, src)
		return compilation{d, variants, err}
	}))
	result := once.(func() compilation)() //nolint:forcetypeassert // nothing else is stored
	return result.choose(name, variant)
}

// LoadFile reads a user's dialect. After the file's path a variant may follow
// in the way of Load: "my.yaml/binary2".
func LoadFile(path string) (*Dialect, error) {
	file, variant := cutVariant(path)
	src, err := os.ReadFile(file) //nolint:gosec // the user names the file
	if err != nil {
		return nil, fmt.Errorf("read the dialect: %w", err)
	}
	return loadText(path, file, variant, src)
}

// LoadText is LoadFile for a file whose text is known, as a transcript of
// another machine has it.
func LoadText(path string, src []byte) (*Dialect, error) {
	file, variant := cutVariant(path)
	return loadText(path, file, variant, src)
}

func loadText(path, file, variant string, src []byte) (*Dialect, error) {
	d, variants, err := compile(file, src)
	if d, err = (compilation{d, variants, err}).choose(path, variant); err != nil {
		return nil, err
	}
	d.path, d.src = path, src
	return d, nil
}

// cutVariant takes the variant off the path of a file.
func cutVariant(path string) (file, variant string) {
	if i := strings.LastIndexAny(path, `/\`); i > 0 && isYAML(path[:i]) {
		return path[:i], path[i+1:]
	}
	return path, ""
}

func isYAML(path string) bool {
	return strings.HasSuffix(path, ".yaml") || strings.HasSuffix(path, ".yml")
}

// Open loads an embedded dialect by its name, or else a file by its path.
func Open(nameOrPath string) (*Dialect, error) {
	base, _, _ := strings.Cut(nameOrPath, "/")
	if !slices.Contains(builtin, base) && strings.ContainsAny(nameOrPath, `./\`) {
		return LoadFile(nameOrPath)
	}
	return Load(nameOrPath)
}

// Source returns the YAML text of an embedded dialect, to start one's own from.
func Source(name string) ([]byte, error) {
	if !slices.Contains(builtin, name) {
		return nil, unknownName(name, "dialect", name, builtin)
	}
	return embedded.ReadFile("dialects/" + name + ".yaml")
}

// Lint checks a dialect file and reports every mistake with file, line and
// column as [strictyaml.Problems], or nil. The file name is only for the report.
func Lint(file string, src []byte) error {
	_, _, err := compile(file, src)
	return err
}

func (c compilation) choose(name, variant string) (*Dialect, error) {
	if c.err != nil {
		return nil, c.err
	}
	if variant == "" {
		return c.dialect, nil
	}
	d, ok := c.variants[variant]
	if !ok {
		return nil, unknownName(name, "variant", variant, keys(c.variants))
	}
	return d, nil
}

func unknownName(whole, what, name string, known []string) error {
	hint := "there are " + strings.Join(known, ", ")
	if near := strictyaml.Closest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Errorf("load dialect %q: no %s is called %q (%s)", whole, what, name, hint)
}
