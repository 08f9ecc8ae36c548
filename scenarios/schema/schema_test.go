package schema_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/schema/schematest"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

type file struct {
	Name   string                `yaml:"name,required" doc:"What it is called."`
	Wait   time.Duration         `yaml:"wait"`
	Count  uint                  `yaml:"count"`
	Share  float64               `yaml:"share"`
	On     *bool                 `yaml:"on"`
	Codes  []string              `yaml:"codes"`
	Part   *part                 `yaml:"part"`
	Parts  strictyaml.Map[*part] `yaml:"parts"`
	ByName map[string]int        `yaml:"by_name"`
	Any    strictyaml.Node       `yaml:"any"`
	Either any                   `yaml:"either"`
	Money  world.Currency        `yaml:"money"`
	Unused string
	Place  strictyaml.Node
}

type part struct {
	Type world.TransactionType `yaml:"type"`
}

func TestTheSchemaJudgesAsTheLoaderDoes(t *testing.T) {
	judge := schematest.New(t, schema.File("a file", reflect.TypeFor[file]()))
	for name, tt := range map[string]struct {
		src string
		ok  bool
	}{
		"everything": {`name: x
wait: 1.5s
count: 3
share: 0.5
on: true
codes: ["00", "05"]
part: {type: sale}
parts: {a: {type: void}, b: }
by_name: {a: 1}
any: [1]
either: x
money: "156"
`, true},
		"nothing":          {"wait: 1s\n", false},
		"unknown key":      {"name: x\nnmae: y\n", false},
		"a number":         {"name: 12\n", false},
		"a negative count": {"name: x\ncount: -1\n", false},
		"unquoted code":    {"name: x\ncodes: [51]\n", false},
		"unknown word":     {"name: x\npart: {type: purchase}\n", false},
		"within a map":     {"name: x\nparts: {a: {typ: sale}}\n", false},
		"no duration":      {"name: x\nwait: soon\n", false},
		"an untagged key":  {"name: x\nUnused: y\n", false},
	} {
		var f file
		err := strictyaml.Decode("f.yaml", []byte(tt.src), &f)
		if (err == nil) != tt.ok {
			t.Errorf("%s: the loader says %v", name, err)
		}
		if tt.ok {
			judge.Accepts(name, []byte(tt.src))
		} else {
			judge.Refuses(name, []byte(tt.src))
		}
	}
}

// What the program prints of its world, and other files, are world files.
func TestWorldSchema(t *testing.T) {
	judge := schematest.New(t, world.Schema())
	var whole bytes.Buffer
	require.NoError(t, world.Default().WriteYAMLWithKeys(&whole))
	judge.Accepts("default", whole.Bytes())
	judge.Accepts("overlay", []byte(`
base: none
acquirer: {id: "0001", name: x, currency: CNY}
accounts: {a: {balance: "1.00"}, b: {balance: 2.5}}
cards: {good: {pin: "1234", permitted: [sale], limits: {single: "1.00"}, status: lost}}
merchants: {"1": {hours: {zone: UTC, weekly: {mon-fri: ["09:00-18:00"]}}, when_refused: silent}}
terminals: {"2": {master_key: "0123456789ABCDEF0123456789ABCDEF"}}
holidays: {cn: {days: {"2026-01-01": {en: a, zh: b}}}}
issuers: {down: {bins: ["62"], state: slow, delay: 45s}}
`))
	judge.Refuses("misspelt", []byte("accounts: {a: {blance: \"1.00\"}}\n"))
	judge.Refuses("PIN", []byte("cards: {good: {pin: \"12\"}}\n"))
}
