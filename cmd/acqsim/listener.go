package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// listener is one address that terminals connect to. On the command line and in
// the environment it is ADDRESS=DIALECT; in a file that, or a mapping.
type listener struct {
	Name    string `yaml:"name"` // in the journal; the default is the dialect's
	Address string `yaml:"address,required"`
	Dialect string `yaml:"dialect,required"` // a name, or name/variant
	MAC     string `yaml:"mac"`              // empty: the configuration's

	TLS            *listenerTLS `yaml:"tls"`             // nil: plain TCP
	MaxConnections int          `yaml:"max_connections"` // 0: only the common limit

	place   strictyaml.Node
	misread bool // the reader has reported a mistake
}

// listenerTLS names the PEM files of a TLS listener.
type listenerTLS struct {
	Cert     string `yaml:"cert,required"`
	Key      string `yaml:"key,required"`
	ClientCA string `yaml:"client_ca"` // with it, clients must show a certificate that it signed
}

// UnmarshalText reads ADDRESS=DIALECT.
func (l *listener) UnmarshalText(text []byte) error {
	address, dialect, ok := strings.Cut(string(text), "=")
	if !ok || address == "" || dialect == "" {
		return fmt.Errorf("%q is no listener: write ADDRESS=DIALECT, such as :8583=unionpay-pos", text)
	}
	*l = listener{Name: dialect, Address: address, Dialect: dialect}
	return nil
}

// UnmarshalNode reads ADDRESS=DIALECT or a mapping from a file.
func (l *listener) UnmarshalNode(n strictyaml.Node) error {
	type plain listener // without methods, so that it is read key by key
	var err error
	if n.Kind() == strictyaml.Text {
		err = l.UnmarshalText([]byte(n.Text()))
	} else {
		err = n.Decode((*plain)(l))
	}
	if l.Name == "" {
		l.Name = l.Dialect
	}
	l.place, l.misread = n, err != nil
	return err
}

// check reports what can't be.
func (l *listener) check() error {
	if err := checkAddress(l.Address); err != nil {
		return err
	}
	if l.MaxConnections < 0 {
		return fmt.Errorf("max_connections is %d: it must be 0 (no limit of its own) or more", l.MaxConnections)
	}
	if l.MAC != "" {
		return oneOf(macPolicies, l.MAC)
	}
	return nil
}

// checkAddress wants HOST:PORT with a port from 0 (any free one) to 65535.
func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is no address: write HOST:PORT, or :PORT for every interface", address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q has no port number from 0 (any free one) to 65535", address)
	}
	return nil
}

// checkListeners reports listeners that get in each other's way.
func checkListeners(all []listener) (found []listenerMistake) {
	if len(all) == 0 {
		return []listenerMistake{{err: errors.New("there is none: give at least one ADDRESS=DIALECT")}}
	}
	addresses, names := map[string]int{}, map[string]int{}
	for i := range all {
		l := &all[i]
		if l.misread {
			continue
		}
		if err := l.check(); err != nil {
			found = append(found, listenerMistake{l, err})
			continue
		}
		if first, taken := addresses[l.Address]; taken && !strings.HasSuffix(l.Address, ":0") {
			found = append(found, listenerMistake{l, fmt.Errorf("%s is the address of listener %d already: give each its own", l.Address, first+1)})
		}
		if first, taken := names[l.Name]; taken && l.Name != l.Dialect {
			found = append(found, listenerMistake{l, fmt.Errorf("%s is the name of listener %d already: give each its own", l.Name, first+1)})
		}
		addresses[l.Address], names[l.Name] = i, i
	}
	return found
}

// listenerMistake is a mistake of one listener, or of all (nil).
type listenerMistake struct {
	listener *listener
	err      error
}
