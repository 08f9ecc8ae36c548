package strictyaml_test

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

type shop struct {
	Merchants strictyaml.Map[merchant] `yaml:"merchants"`
	Terminals strictyaml.Map[terminal] `yaml:"terminals"`
}

type merchant struct {
	Name string `yaml:"name,required"`
}

type terminal struct {
	Merchant string `yaml:"merchant,required"`
	Place    strictyaml.Node
}

// A loader decodes, checks the meaning with the places that decoding kept, and
// reports all mistakes at once.
func Example() {
	src := []byte(`merchants:
  corner: {name: Corner shop, mcc: 5411}
terminals:
  "10000001": {merchant: cornre}
  "10000002": {merchant: 0042}
`)
	var s shop
	var found strictyaml.Problems
	found.Add(strictyaml.Decode("shop.yaml", src, &s))
	for _, t := range s.Terminals {
		if name := t.Value.Merchant; name != "" {
			if _, ok := s.Merchants.Get(name); !ok {
				found.Add(t.Value.Place.At("merchant").
					Errorf("terminal %s names merchant %q, which is not in the file", t.Key, name).
					Suggest(name, s.Merchants.Keys()))
			}
		}
	}
	fmt.Println(found.Err())
	// Output:
	// shop.yaml:2:31: unknown key `mcc` (the keys are name)
	//      2 |   corner: {name: Corner shop, mcc: 5411}
	//        |                               ^
	// shop.yaml:4:26: terminal 10000001 names merchant "cornre", which is not in the file (did you mean `corner`?)
	//      4 |   "10000001": {merchant: cornre}
	//        |                          ^
	// shop.yaml:5:26: a text is wanted, but YAML reads an unquoted 0042 as a number (quote it: "0042")
	//      5 |   "10000002": {merchant: 0042}
	//        |                          ^
}
