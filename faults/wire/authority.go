package wire

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"

	"github.com/acqsim/acqsim/faults"
)

// Authority issues certificates in memory: good ones, and those with one
// fault. A terminal tells "expired" and "wrong host" from "unknown CA" only if
// it trusts the authority. Its methods may be called from any goroutine.
type Authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	now  time.Time

	stranger *Authority // a CA that nobody trusts; nil: this is one
}

// validity is how long certificates are good for; an expired one ended an
// hour before now.
const validity = 90 * 24 * time.Hour

// NewAuthority makes a CA with a key of its own. Its certificates are valid
// from an hour before now.
func NewAuthority(now time.Time) (*Authority, error) {
	a, err := selfSigned(now, "acqsim test CA")
	if err != nil {
		return nil, err
	}
	return a.withStranger()
}

// AuthorityFrom uses the CA that a terminal trusts already: its certificate,
// which must be allowed to sign others, and its key.
func AuthorityFrom(ca tls.Certificate, now time.Time) (*Authority, error) {
	if len(ca.Certificate) == 0 {
		return nil, errors.New("wire: the CA has no certificate")
	}
	cert, err := x509.ParseCertificate(ca.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("wire: the CA's certificate: %w", err)
	}
	key, ok := ca.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, errors.New("wire: the CA's key can't sign")
	}
	if !cert.IsCA {
		return nil, fmt.Errorf("wire: the certificate of %s is not a CA's", cert.Subject)
	}
	return (&Authority{cert: cert, key: key, now: now}).withStranger()
}

func (a *Authority) withStranger() (*Authority, error) {
	stranger, err := selfSigned(a.now, "a CA that nobody trusts")
	if err != nil {
		return nil, err
	}
	a.stranger = stranger
	return a, nil
}

func selfSigned(now time.Time, name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("wire: a key for %s: %w", name, err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-2 * validity), NotAfter: now.Add(validity),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("wire: a certificate for %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("wire: a certificate for %s: %w", name, err)
	}
	return &Authority{cert: cert, key: key, now: now}, nil
}

// PEM returns the CA's certificate, for a terminal to trust.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Pool returns a pool that holds the CA.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// Issue makes a good certificate for hosts, which are names or IP addresses.
func (a *Authority) Issue(hosts ...string) (*tls.Certificate, error) {
	return a.issue(a.now.Add(-time.Hour), a.now.Add(validity), hosts)
}

// Spoilt makes a certificate for a host with the given thing wrong with it.
func (a *Authority) Spoilt(c faults.Certificate, host string) (*tls.Certificate, error) {
	switch c {
	case faults.ExpiredCertificate:
		return a.issue(a.now.Add(-validity), a.now.Add(-time.Hour), []string{host})
	case faults.WrongHostCertificate:
		return a.Issue("another-host.invalid") // RFC 2606: nobody has this name
	case faults.UnknownCACertificate:
		return a.stranger.Issue(host)
	}
	return a.Issue(host)
}

func (a *Authority) issue(from, to time.Time, hosts []string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("wire: a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("wire: a serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else if h != "" {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	if len(hosts) > 0 {
		template.Subject.CommonName = hosts[0]
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("wire: a certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key}, nil
}
