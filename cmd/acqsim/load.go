package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// configName is the configuration file that is read if it is there.
const configName = "acqsim.yaml"

// configEnv names another configuration file, as --config does.
const configEnv = envPrefix + "CONFIG"

// effective is a configuration with where each value came from.
type effective struct {
	config
	file    string // empty: none was read
	top     strictyaml.Node
	origins map[string]string
}

// The origins of values. A value from a file has "file NAME:LINE:COLUMN".
const (
	fromDefault = "default"
	fromFlag    = "flag --"
	fromEnv     = "env "
	fromFile    = "file "
)

// load merges defaults, configuration file, environment and the flags of cmd,
// each stronger than the one before, and checks the result. The error lists
// every mistake, each with where the value came from.
func (a *app) load(cmd *cobra.Command) (*effective, error) {
	var found strictyaml.Problems
	found.Add(checkEnvironment(os.Environ()))
	v := viper.New()
	defaults := defaultConfig()
	for _, s := range settings {
		v.SetDefault(s.key, s.in(&defaults).Interface())
		if err := v.BindEnv(s.key, s.env()); err != nil {
			return nil, err
		}
	}
	e := &effective{origins: map[string]string{}}
	found.Add(e.readFile(v, a.configFile))
	for _, s := range settings {
		switch f := cmd.Flags().Lookup(s.flag); {
		case f != nil && f.Changed:
			if list, ok := f.Value.(*listFlag); ok {
				v.Set(s.key, list.texts)
			} else {
				v.Set(s.key, f.Value.String())
			}
			e.origins[s.key] = fromFlag + s.flag
		case os.Getenv(s.env()) != "": // viper takes an empty variable for none, too
			e.origins[s.key] = fromEnv + s.env()
		case v.InConfig(s.key):
		default:
			e.origins[s.key] = fromDefault
		}
		if err := assign(s, &e.config, v.Get(s.key)); err != nil {
			found.Add(e.wrong(s.key, err))
			// What is checked below must not be judged by half a value.
			s.in(&e.config).Set(s.in(&defaults))
		}
	}
	found.Add(e.check())
	if err := found.Err(); err != nil {
		return nil, exitWith(exitUsage, err)
	}
	return e, nil
}

// assign sets a setting to what viper found: a text from a flag or the
// environment, or a value that has its type already.
func assign(s setting, c *config, raw any) error {
	field := s.in(c)
	text, isText := raw.(string)
	texts, areTexts := raw.([]string)
	value := reflect.ValueOf(raw)
	switch {
	case value.IsValid() && value.Type() == field.Type() && !isText:
		field.Set(value)
		return nil
	case isText && s.isList():
		return setTexts(field, strings.Split(text, ","))
	case isText:
		return setText(field, text)
	case areTexts:
		return setTexts(field, texts)
	}
	return fmt.Errorf("%T is not %s", raw, field.Type())
}

// readFile hands the keys of the configuration file to v. Without a name given
// by flag or environment, the file need not be there.
func (e *effective) readFile(v *viper.Viper, name string) error {
	asked := "--config"
	if name == "" {
		name, asked = os.Getenv(configEnv), configEnv
	}
	if name == "" {
		name, asked = configName, ""
	}
	src, err := os.ReadFile(name)
	switch {
	case asked == "" && errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil && asked != "":
		return fmt.Errorf("%s: the configuration file can't be read: %w", asked, err)
	case err != nil:
		return fmt.Errorf("the configuration file can't be read: %w", err)
	}
	e.file = name
	top, err := strictyaml.Parse(name, src)
	var found strictyaml.Problems
	found.Add(err)
	if !top.Exists() {
		return found.Err()
	}
	e.top = top
	var c config
	found.Add(top.Decode(&c))
	c.resolve(filepath.Dir(name))
	keys := map[string]any{}
	for _, s := range settings {
		if top.Key(s.key).Kind() <= strictyaml.Null {
			continue
		}
		keys[s.key] = s.in(&c).Interface()
		file, line, column := top.KeyNode(s.key).Position()
		e.origins[s.key] = fmt.Sprintf("%s%s:%d:%d", fromFile, file, line, column)
	}
	found.Add(v.MergeConfigMap(keys))
	return found.Err()
}

// resolve makes the paths of a file relative to the folder that it stands in.
func (c *config) resolve(dir string) {
	join := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
	for _, s := range settings {
		if !s.path {
			continue
		}
		switch p := s.in(c).Addr().Interface().(type) {
		case *string:
			join(p)
		case *[]string:
			for i := range *p {
				join(&(*p)[i])
			}
		}
	}
	if namesFile(c.Profile) {
		join(&c.Profile)
	}
	for i := range c.Listeners {
		if t := c.Listeners[i].TLS; t != nil {
			join(&t.Cert)
			join(&t.Key)
			join(&t.ClientCA)
		}
	}
}

// checkEnvironment reports ACQSIM_ variables that mean nothing: a misspelt one
// would be ignored in silence.
func checkEnvironment(environ []string) error {
	known := []string{configEnv}
	for _, s := range settings {
		known = append(known, s.env())
	}
	var found strictyaml.Problems
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(known, name) {
			continue
		}
		p := &strictyaml.Problem{Message: "unknown environment variable " + name, Hint: "acqsim help config lists them; unset it"}
		found = append(found, p.Suggest(name, known))
	}
	return found.Err()
}

// wrong says of a value's mistake where the value came from.
func (e *effective) wrong(key string, err error) error {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.key == key })
	switch origin := e.origins[key]; {
	case strings.HasPrefix(origin, fromFile):
		return e.top.KeyNode(key).Errorf("%s: %w", key, err)
	case strings.HasPrefix(origin, fromEnv):
		return fmt.Errorf("%s: %w", strings.TrimPrefix(origin, fromEnv), err)
	default:
		return fmt.Errorf("--%s: %w", settings[i].flag, err)
	}
}
