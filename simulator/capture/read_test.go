package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/simulator/capture"
)

func TestStreams(t *testing.T) {
	whole := request(1) + request(2)
	tests := map[string]struct {
		film func(*talk)
		want []string
	}{
		"a request, its reply, the end": {func(k *talk) {
			k.open()
			k.c(request(1))
			k.s(reply(1))
			k.close()
		}, []string{"1 c message 0 0800/000001 > 0810/000001", "1 c fin", "1 s fin"}},
		"several frames in one segment, replies in another order": {func(k *talk) {
			k.open()
			k.c(whole + request(3))
			k.s(reply(2) + reply(1))
			k.close()
		}, []string{"1 c message 62 0800/000002 > 0810/000002", "1 c message 0 0800/000001 > 0810/000001",
			"1 c message 124 0800/000003", "1 c fin", "1 s fin"}},
		"frames split anywhere": {func(k *talk) {
			k.open()
			for i := range whole {
				k.c(whole[i : i+1])
			}
			k.s(reply(1)[:1])
			k.s(reply(1)[1:])
		}, []string{"1 c message 0 0800/000001 > 0810/000001", "1 c message 62 0800/000002"}},
		"out of order": {func(k *talk) {
			k.open()
			k.segment('c', k.cseq+50, "", whole[50:], 0)
			k.segment('c', k.cseq+10, "", whole[10:50], 0)
			k.segment('c', k.cseq, "", whole[:10], 0)
		}, []string{"1 c message 0 0800/000001", "1 c message 62 0800/000002"}},
		"retransmitted and overlapping": {func(k *talk) {
			k.open()
			k.segment('c', k.cseq, "", whole[:80], 0)
			k.segment('c', k.cseq, "", whole[:80], 0)
			k.segment('c', k.cseq+40, "", whole[40:], 0)
			k.segment('c', k.cseq, "", whole, 0)
		}, []string{"1 c message 0 0800/000001", "1 c message 62 0800/000002"}},
		"a SYN sent twice": {func(k *talk) {
			k.segment('c', k.cseq, "S-", "", 0)
			k.open()
			k.c(request(1))
		}, []string{"1 c message 0 0800/000001"}},
		"a segment missing between frames": {func(k *talk) {
			k.open()
			k.c(request(1))
			k.lose('c', frameSize)
			k.c(request(3))
			k.s(reply(1) + reply(2))
		}, []string{"1 c message 0 0800/000001 > 0810/000001", "1 s message 62 0810/000002 (reply)", "1 c missing 62+62", "1 c message 124 0800/000003"}},
		"missing in the middle of two frames": {func(k *talk) {
			k.open()
			k.c(whole[:30])
			k.lose('c', 50)
			k.c(whole[80:] + request(3))
		}, []string{"1 c skipped 0+30 no dialect finds a frame in this stream", "1 c missing 30+50",
			"1 c skipped 80+44 the capture goes on inside a frame", "1 c message 124 0800/000003"}},
		"missing at the end, as acknowledgements tell": {func(k *talk) {
			k.open()
			k.c(request(1))
			k.lose('c', frameSize)
			k.s(reply(1))
		}, []string{"1 c message 0 0800/000001 > 0810/000001", "1 c missing 62+62"}},
		"missing before a FIN": {func(k *talk) {
			k.open()
			k.c(request(1))
			k.lose('c', 7)
			k.close()
		}, []string{"1 c message 0 0800/000001", "1 s fin", "1 c missing 62+7", "1 c fin"}},
		"a capture that begins inside a frame": {func(k *talk) {
			k.s(reply(1)[20:])
			k.s(reply(2))
			k.c(request(3))
			k.s(reply(3))
		}, []string{"1 s skipped 0+42 the capture goes on inside a frame", "1 s message 42 0810/000002 (reply)",
			"1 c message 0 0800/000003 > 0810/000003"}},
		"one direction only": {func(k *talk) {
			k.c(request(1))
			k.segment('c', k.cseq, "F", "", 0)
		}, []string{"1 c message 0 0800/000001", "1 c fin"}},
		"the other direction only": {func(k *talk) { k.s(reply(1)) }, []string{"1 s message 0 0810/000001 (reply)"}},
		"reset by the server": {func(k *talk) {
			k.open()
			k.c(request(1))
			k.segment('s', k.sseq, "R", "", 0)
			k.c("too late")
		}, []string{"1 c message 0 0800/000001", "1 s rst"}},
		"reset inside a frame": {func(k *talk) {
			k.open()
			k.c(request(1) + request(2)[:10])
			k.segment('c', k.cseq, "R", "", 0)
		}, []string{"1 c message 0 0800/000001", "1 c skipped 62+10 the stream ends inside a frame", "1 c rst"}},
		"a port that is closed": {func(k *talk) {
			k.segment('c', k.cseq, "S-", "", 0)
			k.cseq++
			k.segment('s', 0, "R", "", 0)
		}, []string{"1 s rst"}},
		"closed inside a frame": {func(k *talk) {
			k.open()
			k.c(request(1) + request(2)[:10])
			k.close()
		}, []string{"1 c message 0 0800/000001", "1 c skipped 62+10 the stream ends inside a frame", "1 c fin", "1 s fin"}},
		"a capture that ends inside a frame": {func(k *talk) {
			k.open()
			k.c(request(1) + request(2)[:10])
		}, []string{"1 c message 0 0800/000001", "1 c skipped 62+10 the capture breaks off inside a frame"}},
		"sequence numbers that wrap around": {func(k *talk) {
			k.cseq = 0xFFFFFFF0
			k.open()
			k.c(request(1))
			k.segment('c', k.cseq+10, "", request(2)[10:], 0)
			k.c(request(2)[:10])
			k.lose('c', 52)
			k.close()
		}, []string{"1 c message 0 0800/000001", "1 c message 62 0800/000002", "1 c fin", "1 s fin"}},
		"the same ports again": {func(k *talk) {
			k.open()
			k.c(request(1))
			k.s(reply(1))
			k.close()
			k.cseq, k.sseq = 70_000, 90_000
			k.open()
			k.c(request(2))
			k.close()
		}, []string{"1 c message 0 0800/000001 > 0810/000001", "1 c fin", "1 s fin", "2 c message 0 0800/000002", "2 c fin", "2 s fin"}},
		"the same ports again, without an end of the first": {func(k *talk) {
			k.open()
			k.c(request(1))
			k.cseq, k.sseq = 70_000, 90_000
			k.open()
			k.c(request(2))
		}, []string{"1 c message 0 0800/000001", "2 c message 0 0800/000002"}},
		"keep-alives": {func(k *talk) {
			k.open()
			k.c("\x00\x00" + request(1) + "\x00\x00\x00\x00")
			k.c(request(2))
		}, []string{"1 c keep-alives 0+2", "1 c keep-alives 64+4", "1 c message 2 0800/000001", "1 c message 68 0800/000002"}},
		"junk between frames": {func(k *talk) {
			k.open()
			k.c(request(1))
			k.c("\xFF\xFF\xFF\xFFjunk" + request(2))
		}, []string{"1 c message 0 0800/000001", "1 c skipped 62+8 no frame begins here", "1 c message 70 0800/000002"}},
		"a length that is too long swallows no frame": {func(k *talk) {
			k.open()
			k.c(request(1))
			k.c("\x00\xB4" + request(2)[2:] + request(3))
			k.c(request(4))
		}, []string{"1 c skipped 62+62 no frame begins here", "1 c message 0 0800/000001", "1 c message 124 0800/000003", "1 c message 186 0800/000004"}},
		"a bad message in a sound frame": {func(k *talk) {
			k.open()
			k.c(request(1))
			k.c(strings.Replace(request(2), "\x00\x11\x00", "\x99\x11\x00", 1))
			k.c(request(3))
		}, []string{"1 c message 62 0800/000002", "1 c message 0 0800/000001", "1 c message 124 0800/000003"}},
		"something else": {func(k *talk) {
			k.open()
			k.s("SSH-2.0-OpenSSH_9.6\r\n")
			k.c("SSH-2.0-client\r\n")
			k.close()
		}, []string{"1 s skipped 0+21 no dialect finds a frame in this stream",
			"1 c skipped 0+16 no dialect finds a frame in this stream", "1 c fin", "1 s fin"}},
		"closed by the server on what is no frame": {func(k *talk) {
			k.open()
			k.c("-001")
			k.segment('s', k.sseq, "F", "", 0)
			k.sseq++
			k.segment('c', k.cseq, "F", "", 0)
		}, []string{"1 c skipped 0+4 no dialect finds a frame in this stream", "1 s fin", "1 c fin"}},
		"closed by the server before the client says what it means": {func(k *talk) {
			k.open()
			k.c("-001")
			k.s("go away")
			k.segment('s', k.sseq, "F", "", 0)
			k.c(strings.Repeat("-", 64) + request(1))
		}, []string{"1 s skipped 0+7 no dialect finds a frame in this stream", "1 s fin",
			"1 c skipped 0+68 no frame begins here", "1 c message 68 0800/000001"}},
		"closed by the client, which waits for the reply": {func(k *talk) {
			k.open()
			k.c(request(1))
			k.segment('c', k.cseq, "F", "", 0)
			k.s(reply(1))
		}, []string{"1 c message 0 0800/000001 > 0810/000001", "1 c fin"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := rawFilm()
			test.film(f.standard())
			got, _ := f.read(t)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestItemsTellWhoAndWhen(t *testing.T) {
	f := rawFilm()
	k := f.standard()
	k.s(reply(9)) // who answers is the server
	k.c(request(1)[:20])
	k.c(request(1)[20:])
	k.s(reply(1))
	var all []*capture.Item
	sum, err := capture.Read(bytes.NewReader(f.b.Bytes()), loadDialects(t), func(x *capture.Item) error {
		all = append(all, x)
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, capture.Summary{Format: "pcap", Packets: 4, Streams: 1}, sum)
	require.Len(t, all, 2)
	x := all[1]
	assert.Equal(t, "10.0.0.5:40000", x.Stream.Client.String())
	assert.Equal(t, "10.0.0.9:8583", x.Stream.Server.String())
	assert.False(t, x.Stream.Begun)
	assert.False(t, x.Stream.OneWay)
	assert.Equal(t, "unionpay-pos", x.Stream.Dialect.Name())
	assert.Equal(t, 3, x.Packet, "the one that completes it")
	assert.Equal(t, request(1), string(x.Bytes))
	assert.Equal(t, 4, x.Reply.Packet)
	assert.Equal(t, int64(1e6), int64(x.Reply.At.Sub(x.At)), "nanoseconds")
}

func TestLinkLayers(t *testing.T) {
	ethernet := "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"
	etherType := func(ip6 bool) string {
		if ip6 {
			return "\x86\xDD"
		}
		return "\x08\x00"
	}
	family := func(order binary.ByteOrder, ip6 bool) string {
		b := make([]byte, 4)
		order.PutUint32(b, 2)
		if ip6 {
			order.PutUint32(b, 30)
		}
		return string(b)
	}
	before := func(head func(bool) string) func([]byte, bool) []byte {
		return func(b []byte, ip6 bool) []byte { return append([]byte(head(ip6)), b...) }
	}
	tests := map[string]*film{
		"raw":       rawFilm(),
		"Ethernet":  newFilm(layers.LinkTypeEthernet, before(func(six bool) string { return ethernet + etherType(six) })),
		"VLAN":      newFilm(layers.LinkTypeEthernet, before(func(six bool) string { return ethernet + "\x81\x00\x00\x07" + etherType(six) })),
		"two VLANs": newFilm(layers.LinkTypeEthernet, before(func(six bool) string { return ethernet + "\x88\xA8\x00\x07\x81\x00\x00\x08" + etherType(six) })),
		"padded": newFilm(layers.LinkTypeEthernet, func(b []byte, six bool) []byte {
			return append(append([]byte(ethernet+etherType(six)), b...), make([]byte, 20)...)
		}),
		"null": newFilm(layers.LinkTypeNull, before(func(six bool) string { return family(binary.LittleEndian, six) })),
		"loop": newFilm(layers.LinkTypeLoop, before(func(six bool) string { return family(binary.BigEndian, six) })),
		"SLL": newFilm(layers.LinkTypeLinuxSLL, before(func(six bool) string {
			return "\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00" + etherType(six)
		})),
		"SLL2": newFilm(layers.LinkTypeLinuxSLL2, before(func(six bool) string {
			return etherType(six) + "\x00\x00\x00\x00\x00\x01\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00"
		})),
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			for _, k := range []*talk{f.standard(), f.talk("[2001:db8::5]:40000", "[2001:db8::9]:8583")} {
				k.open()
				k.c(request(1))
				k.s(reply(1))
				k.close()
			}
			got, sum := f.read(t)
			assert.Equal(t, []string{"1 c message 0 0800/000001 > 0810/000001", "1 c fin", "1 s fin",
				"2 c message 0 0800/000001 > 0810/000001", "2 c fin", "2 s fin"}, got)
			assert.Zero(t, sum.Others)
		})
	}
}

func TestWhatIsNoTCP(t *testing.T) {
	f := rawFilm()
	k := f.standard()
	k.open()
	f.packet([]byte("no IP at all"), 0)
	f.packet(bytes.Repeat([]byte{0x45}, 40), 0) // a fragment
	f.packet(nil, 0)
	k.segment('c', k.cseq, "", request(1), 10) // tcpdump -s
	k.lose('c', frameSize)
	k.c(request(2))
	k.segment('c', k.cseq+0x40000000, "", "far away", 0)
	got, sum := f.read(t)
	assert.Equal(t, []string{"1 c skipped 0+52 no dialect finds a frame in this stream", "1 c missing 52+10", "1 c message 62 0800/000002"}, got)
	assert.Equal(t, capture.Summary{Format: "pcap", Packets: 9, Streams: 1, Fragments: 1, CutShort: 1, Others: 2, Strange: 1}, sum)
}

// Two dialects in one capture; each stream has its own.
func TestDialectsAreFoundStreamByStream(t *testing.T) {
	f := rawFilm()
	one, other := f.standard(), f.talk("10.0.0.6:40000", "10.0.0.9:8585")
	one.open()
	other.open()
	echo := "0800822000000000000004000000000000000217153000000001301"
	other.c("0055" + echo)
	one.c(request(1))
	var names []string
	_, err := capture.Read(bytes.NewReader(f.b.Bytes()), loadDialects(t), func(x *capture.Item) error {
		names = append(names, x.Stream.Dialect.Name())
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"unionpay-pos", "iso87-ascii"}, names)
}

// However a stream is cut into segments, and in whatever order they come and
// come again: the frames are the same.
func TestAnyOrderOfSegmentsGivesTheSameFrames(t *testing.T) {
	dialects := loadDialects(t)
	rapid.Check(t, func(t *rapid.T) {
		stream := ""
		var want []string
		for i := range rapid.IntRange(1, 8).Draw(t, "frames") {
			stream += request(i)
			want = append(want, describe(&capture.Item{Kind: capture.Message, Stream: &capture.Stream{Number: 1}, ByClient: true,
				Offset: int64(i * frameSize), Bytes: []byte(request(i)), BodyAt: 13}))
		}
		type part struct{ from, to int }
		var parts []part
		for at := 0; at < len(stream); {
			to := min(at+rapid.IntRange(1, 100).Draw(t, "size"), len(stream))
			parts = append(parts, part{at, min(to+rapid.IntRange(0, 20).Draw(t, "overlap"), len(stream))})
			at = to
		}
		parts = append(parts, parts[:rapid.IntRange(0, len(parts)).Draw(t, "again")]...)
		f := rawFilm()
		k := f.standard()
		k.cseq = rapid.SampledFrom([]uint32{0, 1000, 0x3FFFFFF0, 0x7FFFFFF0, 0xBFFFFFF0, 0xFFFFFFF0}).Draw(t, "first sequence number")
		k.open()
		for _, p := range rapid.Permutation(parts).Draw(t, "order") {
			k.segment('c', k.cseq+uint32(p.from), "", stream[p.from:p.to], 0)
		}
		got, _, err := readAll(f.b.Bytes(), dialects)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// Wherever a file breaks off: what comes before is read, and the packet named.
func TestATornFile(t *testing.T) {
	f := rawFilm()
	k := f.standard()
	k.open()
	k.c(request(1))
	k.s(reply(1))
	k.close()
	file := f.b.Bytes()
	dialects := loadDialects(t)
	for size := range len(file) {
		lines, sum, err := readAll(file[:size], dialects)
		if err == nil {
			continue // between two packets
		}
		var bad *capture.ReadError
		require.ErrorAs(t, err, &bad)
		if size < 24 {
			assert.Zero(t, bad.Packet)
			assert.Contains(t, err.Error(), "header")
			continue
		}
		assert.Equal(t, sum.Packets+1, bad.Packet)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		if sum.Packets >= 5 {
			assert.Equal(t, "1 c message 0 0800/000001 > 0810/000001", lines[0])
		}
	}
}

func TestErrors(t *testing.T) {
	_, err := capture.Read(strings.NewReader("no capture"), nil, nil)
	assert.ErrorContains(t, err, "neither pcap nor pcapng")
	f := rawFilm()
	k := f.standard()
	k.open()
	k.c(request(1) + request(2))
	stop := errors.New("enough")
	calls := 0
	_, err = capture.Read(bytes.NewReader(f.b.Bytes()), loadDialects(t), func(*capture.Item) error {
		calls++
		return stop
	})
	assert.ErrorIs(t, err, stop)
	assert.Equal(t, 1, calls)
}

func FuzzRead(f *testing.F) {
	for _, link := range []layers.LinkType{layers.LinkTypeRaw, layers.LinkTypeEthernet} {
		film := newFilm(link, func(b []byte, _ bool) []byte {
			if link == layers.LinkTypeEthernet {
				return append([]byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00"), b...)
			}
			return b
		})
		k := film.standard()
		k.open()
		k.c(request(1))
		k.s(reply(1)[:30])
		k.segment('c', k.cseq+100, "", request(2), 0)
		k.segment('c', k.cseq+70, "F", request(3), 0)
		k.segment('s', k.sseq, "R", "", 0)
		f.Add(film.b.Bytes())
	}
	var ng bytes.Buffer
	_, err := capture.Export(&ng, everything().decoder(), capture.ExportOptions{Format: capture.PCAPNG})
	require.NoError(f, err)
	f.Add(ng.Bytes())
	dialects := loadDialects(f, "unionpay-pos", "iso87-ascii")
	f.Fuzz(func(t *testing.T, file []byte) {
		_, _ = capture.Read(bytes.NewReader(file), dialects, func(x *capture.Item) error {
			if x.Stream == nil || x.Kind == 0 || x.Size < 0 || x.Offset < 0 || int64(len(x.Bytes)) > x.Size {
				t.Fatalf("%+v", x)
			}
			return nil
		})
	})
}
