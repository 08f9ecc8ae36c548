package strictyaml

import "strings"

// mostListed is how many words are listed in an answer; longer lists are for
// the documentation.
const mostListed = 20

// Choose reads a text that is one of several words. The error is a *Problem
// that suggests the one that was meant, or lists the words. what names the
// thing that is chosen, such as "way to refuse".
func (n Node) Choose(what string, words []string) (string, error) {
	p := textOf(n)
	if p == nil {
		for _, w := range words {
			if w == n.Text() {
				return w, nil
			}
		}
		p = n.Errorf("no %s is called %s", what, describe(n))
	}
	if len(words) <= mostListed {
		p.Hint = "the words are " + strings.Join(words, ", ")
	}
	return "", p.Suggest(n.Text(), words)
}

// NeedText returns the scalar's text as written. The error is a *Problem for
// what is no text in every YAML reader, such as an unquoted 0200.
func (n Node) NeedText() (string, error) {
	if p := textOf(n); p != nil {
		return "", p
	}
	return n.Text(), nil
}
