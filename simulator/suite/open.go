package suite

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// DriverOptions are what drivers may need besides their names.
type DriverOptions struct {
	In  io.Reader // of [Manual]
	Out io.Writer
	Dir string // of [Exec]
}

// driverForms is what OpenDriver takes, for people.
const driverForms = "builtin, exec:COMMAND, http:URL (or https:URL) or manual"

// OpenDriver makes the driver of a name, as --terminal has it: builtin,
// exec:COMMAND, a URL of http or https (which may have http: before it), or
// manual. Nothing is started or reached yet.
func OpenDriver(name string, o DriverOptions) (Driver, error) {
	kind, rest, more := strings.Cut(name, ":")
	switch kind {
	case "builtin":
		if more {
			return nil, fmt.Errorf("the driver builtin has nothing after it: %q", name)
		}
		return &Builtin{}, nil
	case "manual":
		if more {
			return nil, fmt.Errorf("the driver manual has nothing after it: %q", name)
		}
		if o.In == nil || o.Out == nil {
			return nil, errors.New("the driver manual needs somebody to talk to: run it in a terminal window")
		}
		return &Manual{In: o.In, Out: o.Out}, nil
	case "exec":
		if strings.TrimSpace(rest) == "" {
			return nil, errors.New(`the driver exec needs a command, such as "exec:python3 terminal.py"`)
		}
		return &Exec{Command: rest, Dir: o.Dir}, nil
	case "http", "https":
		if strings.HasPrefix(rest, "http://") || strings.HasPrefix(rest, "https://") {
			name = rest
		}
		u, err := url.Parse(name)
		if err != nil || u.Host == "" || u.Fragment != "" {
			return nil, fmt.Errorf(`the driver http needs a URL, such as http://127.0.0.1:9000/terminal: %q is none`, name)
		}
		return &HTTP{URL: name}, nil
	case "":
		return nil, errors.New("name a driver: " + driverForms)
	}
	return nil, fmt.Errorf("no driver is called %q: there are %s", clip(name, 80), driverForms)
}
