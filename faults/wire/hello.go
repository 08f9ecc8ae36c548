package wire

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/acqsim/acqsim/faults"
)

// ErrSpoilt is why a handshake failed that a fault has spoilt by itself,
// before the peer could.
var ErrSpoilt = errors.New("wire: a fault has spoilt the TLS handshake")

// Spoil is what a tls.Config's GetConfigForClient returns for a ClientHello
// that a fault strikes: the configuration to shake hands with, or an error
// after which there is nothing to shake.
//
//   - Stall waits until the handshake's context ends, and answers nothing but
//     a FIN then;
//   - Alert sends the fatal alert and a FIN;
//   - Certificate and MaxVersion change what base would offer.
func Spoil(base *tls.Config, hello *tls.ClientHelloInfo, p faults.HelloPlan, a *Authority) (*tls.Config, error) {
	switch {
	case p.Stall:
		<-hello.Context().Done()
		_ = sendFIN(hello.Conn, false) // before package tls can add an alert; the line may be closed already
		return nil, fmt.Errorf("%w: it was never answered", ErrSpoilt)
	case p.Alert != 0:
		// An alert in the clear (RFC 8446 §6, §5.1): type, version, length,
		// fatal, description. The FIN keeps package tls from adding its own.
		_, err := hello.Conn.Write([]byte{21, 3, 1, 0, 2, 2, p.Alert})
		if err == nil {
			err = sendFIN(hello.Conn, false)
		}
		return nil, errors.Join(fmt.Errorf("%w: alert %d", ErrSpoilt, p.Alert), err)
	}
	c := base.Clone()
	c.GetConfigForClient = nil
	if p.MaxVersion != 0 {
		// Those versions are just what the fault is about.
		c.MinVersion, c.MaxVersion = tls.VersionTLS10, p.MaxVersion
	}
	if p.Certificate != faults.GoodCertificate {
		if a == nil {
			return nil, errors.New("wire: no authority to issue a spoilt certificate")
		}
		cert, err := a.Spoilt(p.Certificate, askedFor(hello))
		if err != nil {
			return nil, err
		}
		c.Certificates, c.GetCertificate = []tls.Certificate{*cert}, nil
		c.SessionTicketsDisabled = true // a resumed session shows no certificate
	}
	return c, nil
}

// askedFor is the host that the client connects to: by name, or by address.
func askedFor(hello *tls.ClientHelloInfo) string {
	if hello.ServerName != "" {
		return hello.ServerName
	}
	host, _, err := net.SplitHostPort(hello.Conn.LocalAddr().String())
	if err != nil {
		return ""
	}
	return host
}
