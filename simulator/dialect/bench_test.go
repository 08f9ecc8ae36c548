package dialect

import (
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
	"github.com/stretchr/testify/require"
)

func BenchmarkRead(b *testing.B) {
	for _, name := range specs(b) {
		b.Run(name, func(b *testing.B) {
			d := load(b, name)
			f := framed(b, d, built(b, d, messages(name)[0].fields))
			var req Request
			b.ReportAllocs()
			b.SetBytes(int64(len(f.Body)))
			for b.Loop() {
				if err := d.Read(f, &req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkIndex(b *testing.B) {
	for _, name := range specs(b) {
		b.Run(name, func(b *testing.B) {
			d := load(b, name)
			body := built(b, d, messages(name)[0].fields)
			var ix Index
			for b.Loop() {
				if _, err := d.Index(body, &ix); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendFrame(b *testing.B) {
	for _, name := range specs(b) {
		for _, signed := range []bool{false, true} {
			title := name
			if signed {
				title += "/MAC"
			}
			b.Run(title, func(b *testing.B) {
				d := load(b, name)
				req := read(b, d, messages(name)[0].fields)
				resp := approved()
				if signed {
					resp.MAC = testMAC(b, d)
				}
				dst := make([]byte, 0, 1024)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := d.AppendFrame(dst, req, resp); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkMask(b *testing.B) {
	for _, name := range specs(b) {
		b.Run(name, func(b *testing.B) {
			d := load(b, name)
			req := read(b, d, messages(name)[0].fields)
			raw := req.Frame.Raw
			at := len(raw) - len(req.Frame.Body)
			copied := make([]byte, len(raw))
			b.ReportAllocs()
			for b.Loop() {
				copy(copied, raw)
				d.Mask(copied, &req.Index, at)
			}
		})
	}
}

// BenchmarkMoovCycle is unpack, change MTI and code, and pack, through moov:
// with our encoders, and with moov's own of the same names.
func BenchmarkMoovCycle(b *testing.B) {
	for _, name := range specs(b) {
		d := load(b, name)
		body := built(b, d, messages(name)[0].fields)
		for title, spec := range map[string]*iso8583.MessageSpec{"ours": d.spec, "stock": stock(d.spec)} {
			b.Run(name+"/"+title, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					m := iso8583.NewMessage(spec)
					require.NoError(b, m.Unpack(body))
					m.MTI("0210")
					require.NoError(b, m.Field(39, "00"))
					_, err := m.Pack()
					require.NoError(b, err)
				}
			})
		}
	}
}

// stock is a spec with moov's own encoders and prefixers where it has them.
func stock(spec *iso8583.MessageSpec) *iso8583.MessageSpec {
	moovs := &iso8583.MessageSpec{Name: spec.Name, Fields: make(map[int]field.Field)}
	for n, f := range spec.Fields {
		s := *f.Spec()
		switch e := s.Enc.(type) {
		case bcdEncoder:
			s.Enc = encoding.BCD
			if e.left {
				s.Enc = encoding.LBCD
			}
		case textEncoder:
			s.Enc = encoding.ASCII
			if e.any {
				s.Enc = encoding.Binary
			}
		}
		switch p := s.Pref.(type) {
		case bcdPrefixer:
			s.Pref = []prefix.Prefixer{prefix.BCD.L, prefix.BCD.LL, prefix.BCD.LLL}[p.digits-1]
		case asciiPrefixer:
			s.Pref = []prefix.Prefixer{prefix.ASCII.L, prefix.ASCII.LL, prefix.ASCII.LLL}[p.digits-1]
		}
		copied := field.NewInstanceOf(f)
		if _, ok := copied.(*field.Bitmap); ok {
			copied = field.NewBitmap(&s)
		} else {
			copied.SetSpec(&s)
		}
		moovs.Fields[n] = copied
	}
	return moovs
}
