package frame

import (
	"bytes"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkNext reads whole frames, 1 or 16 with each Read, without a socket:
// what the reader itself costs.
func BenchmarkNext(b *testing.B) {
	for _, f := range []Format{{TPDU: true, Header: 6}, {Length: ASCII4}} {
		for _, depth := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/depth=%d", f.Length, depth), func(b *testing.B) {
				tpdu, header := parts(f)
				raw := encode(b, f, tpdu, header, make([]byte, 180))
				r := NewReader(&endless{frame: bytes.Repeat(raw, depth)}, f, Limits{})
				b.SetBytes(int64(len(raw)))
				b.ReportAllocs()
				for b.Loop() {
					fr, err := r.Next()
					if err != nil || len(fr.Body) != 180 {
						b.Fatal(err)
					}
					r.Ready()
				}
			})
		}
	}
}

// BenchmarkByteByByte is the slowest way in which a frame can come.
func BenchmarkByteByByte(b *testing.B) {
	f := Format{TPDU: true, Header: 6}
	raw := unhex(b, packet3)
	at := 0
	r := NewReader(oneByte(func() byte {
		at = (at + 1) % len(raw)
		return raw[(at+len(raw)-1)%len(raw)]
	}), f, Limits{})
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

type oneByte func() byte

func (f oneByte) Read(b []byte) (int, error) {
	b[0] = f()
	return 1, nil
}

func (oneByte) SetReadDeadline(time.Time) error { return nil }

// BenchmarkSocket is a frame there and back over loopback.
func BenchmarkSocket(b *testing.B) {
	f := Format{TPDU: true, Header: 6}
	raw := unhex(b, packet3)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r := NewReader(c, f, Limits{})
		for {
			fr, err := r.Next()
			if err != nil {
				return
			}
			if _, err := c.Write(fr.Raw); err != nil {
				return
			}
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(b, err)
	defer c.Close()
	r := NewReader(c, f, Limits{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(raw); err != nil {
			b.Fatal(err)
		}
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	f := Format{TPDU: true, Header: 6}
	tpdu, header := parts(f)
	body := make([]byte, 180)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		var mark int
		dst, mark = f.Begin(dst[:0], tpdu, header)
		dst = append(dst, body...)
		if err := f.Finish(dst, mark); err != nil {
			b.Fatal(err)
		}
	}
}
