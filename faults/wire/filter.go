package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"syscall"

	"golang.org/x/net/bpf"

	"github.com/acqsim/acqsim/faults"
)

// PlatformError says that a technique is not available on this operating
// system. What was asked for has not been done.
type PlatformError struct {
	Technique string // such as "dropping SYNs"
}

// Error names the technique, the system, and where it works.
func (e *PlatformError) Error() string {
	return fmt.Sprintf("wire: %s needs the socket filters of Linux; this is %s", e.Technique, runtime.GOOS)
}

// Filters says whether sockets can be filtered here, which a black hole and a
// cut line need: nil, a *PlatformError, or an error that wraps
// os.ErrPermission and says what to do.
func Filters(ctx context.Context) error {
	l, err := Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("wire: trying a socket filter: %w", err)
	}
	err = l.Apply(faults.ListenPlan{Blackhole: true})
	_ = l.Close()
	return err
}

// maxFilterSources bounds the addresses of one filter: the kernel takes 4096
// instructions, and jumps of up to 255.
const maxFilterSources = 20

// dropAll is a filter that lets nothing in.
func dropAll() []bpf.Instruction { return []bpf.Instruction{bpf.RetConstant{Val: 0}} }

// skfNetOff is SKF_NET_OFF of linux/filter.h: loads above it count from the
// network header, which a socket's filter has to reach back to.
const skfNetOff = 0xfff00000

// dropSources is a filter that lets nothing in from the given networks. For
// IPv4 the source stands at offset 12 of the header (RFC 791 §3.1), for IPv6
// at 8 (RFC 8200 §3). An IPv4 source selects the same host on a listener of
// both versions.
func dropSources(sources []netip.Prefix) ([]bpf.Instruction, error) {
	if len(sources) == 0 {
		return dropAll(), nil
	}
	if len(sources) > maxFilterSources {
		return nil, fmt.Errorf("wire: %d sources, a socket filter takes %d at most: give networks instead of addresses", len(sources), maxFilterSources)
	}
	prog := []bpf.Instruction{}
	for _, p := range sources {
		if !p.IsValid() {
			return nil, errors.New("wire: a source is no network address")
		}
		p = unmapped(p)
		prog = append(prog, bpf.LoadAbsolute{Off: skfNetOff, Size: 1}, bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 4})
		var compare []bpf.Instruction
		version, at, address := uint32(4), uint32(12), p.Addr().AsSlice()
		if p.Addr().Is6() {
			version, at = 6, 8
		}
		// Each word that counts is compared; the first that differs skips the
		// rest and the verdict.
		left := p.Bits()
		type word struct{ at, mask, want uint32 }
		var words []word
		for i := 0; left > 0; i += 4 {
			bits := min(left, 32)
			mask := ^uint32(0) << (32 - bits)
			want := uint32(address[i])<<24 | uint32(address[i+1])<<16 | uint32(address[i+2])<<8 | uint32(address[i+3])
			words = append(words, word{at + uint32(i), mask, want & mask})
			left -= bits
		}
		for i, w := range words {
			// Behind this word stand three instructions for each other one, and the verdict.
			skip := uint8(3*(len(words)-1-i) + 1) //nolint:gosec // at most 4 words
			compare = append(compare,
				bpf.LoadAbsolute{Off: skfNetOff + w.at, Size: 4},
				bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: w.mask},
				bpf.JumpIf{Cond: bpf.JumpEqual, Val: w.want, SkipFalse: skip})
		}
		compare = append(compare, bpf.RetConstant{Val: 0})
		prog = append(prog, bpf.JumpIf{Cond: bpf.JumpEqual, Val: version, SkipFalse: uint8(len(compare))}) //nolint:gosec // at most 13
		prog = append(prog, compare...)
	}
	return append(prog, bpf.RetConstant{Val: 0x40000}), nil
}

// unmapped turns an IPv4-mapped IPv6 network into the IPv4 one that is on the
// line.
func unmapped(p netip.Prefix) netip.Prefix {
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(a.Unmap(), p.Bits()-96).Masked()
	}
	return p.Masked()
}

// control calls f with the descriptor of a socket.
func control(c any, f func(fd uintptr) error) error {
	raw, err := rawConn(c)
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(fd) }); err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	return inner
}

func rawConn(c any) (syscall.RawConn, error) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("wire: %T is no socket", c)
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	return raw, nil
}

// netConn returns the connection below TLS.
func netConn(c net.Conn) net.Conn {
	for {
		t, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return c
		}
		c = t.NetConn()
	}
}
