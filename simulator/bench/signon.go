package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/acqsim/acqsim/simulator/security"
)

// signOnTimeout bounds the sign-on of all terminals together.
const signOnTimeout = time.Minute

// signOn signs every terminal on, and gives it the MAC key of the reply. For
// an echo, which hands out no keys, the terminals make keys up: their requests
// cost the load the same then.
func (f *fleet) signOn(ctx context.Context, addr string, echo bool) (err error) {
	if echo {
		for i, t := range f.terminals {
			keys := security.DeriveSession(uint64(i), t.id, 1, security.DownloadDouble) //nolint:gosec // not negative
			if t.mac, err = security.NewMAC(security.CUPECB, keys.MAC); err != nil {
				return err
			}
		}
		return nil
	}
	d := net.Dialer{Timeout: dialTimeout}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("bench: sign on: %w", err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := conn.SetDeadline(time.Now().Add(signOnTimeout)); err != nil {
		return fmt.Errorf("bench: sign on: %w", err)
	}
	buf := make([]byte, bufferSize)
	for _, t := range f.terminals {
		if err := f.signOnOne(conn, t, buf); err != nil {
			return fmt.Errorf("bench: sign on terminal %s: %w", t.id, errors.Join(ctx.Err(), err))
		}
	}
	return nil
}

func (f *fleet) signOnOne(conn net.Conn, t *terminal, buf []byte) error {
	request, err := f.wire.build(map[int]string{
		0: "0800", 11: fmt.Sprintf("%06d", t.stan), 41: t.id, 42: t.merchant,
		60: fmt.Sprintf("00%06d003", t.batch), 63: "01 ", // operator 01
	}, nil)
	if err != nil {
		return err
	}
	if _, err := conn.Write(request); err != nil {
		return err
	}
	n, err := io.ReadAtLeast(conn, buf, f.wire.length.size())
	if err != nil {
		return err
	}
	size, ok := f.wire.length.frame(buf[:n])
	if !ok {
		return fmt.Errorf("a reply has no valid length: %x", buf[:n])
	}
	if n < size {
		if _, err := io.ReadFull(conn, buf[n:size]); err != nil {
			return err
		}
	}
	reply := buf[:size]
	m, err := f.wire.scan(reply)
	if err != nil {
		return fmt.Errorf("the reply can't be read: %w: %x", err, reply)
	}
	if code := string(m.value(39)); code != "00" {
		return fmt.Errorf("declined: DE 39 is %q: %x", code, reply)
	}
	keys, err := security.OpenCryptogram(security.DefaultTMK(), m.value(62))
	if err != nil {
		return err
	}
	t.mac, err = security.NewMAC(security.CUPECB, keys.MAC)
	return err
}
