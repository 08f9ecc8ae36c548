package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/acqsim/acqsim/faults"
)

func TestAllFaultsAreShown(t *testing.T) {
	for _, lang := range faultLangs {
		text := faultText{lang: lang}
		list := text.list()
		for _, k := range faults.Kinds() {
			shown := text.show(&k)
			assert.Contains(t, list, k.Name)
			assert.Contains(t, shown, text.say(k.Meets), k.Name)
			for _, s := range k.Stages {
				assert.Contains(t, shown, text.say(s.Name()), k.Name)
				for _, sel := range s.Selectors() {
					assert.Contains(t, shown, string(sel), k.Name)
				}
			}
		}
	}
}
