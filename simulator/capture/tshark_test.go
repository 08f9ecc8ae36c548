package capture_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/capture"
)

// tshark runs tshark over a capture and returns the given fields of each
// packet, a line for each.
func tshark(t *testing.T, file []byte, fields []string, args ...string) []map[string]string {
	t.Helper()
	program, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("tshark is missing: install it (Debian and Ubuntu: apt-get install tshark)")
		}
		t.Skip("tshark is missing, so nobody but acqsim looks at its captures here: install it (Debian and Ubuntu: apt-get install tshark)")
	}
	name := filepath.Join(t.TempDir(), "capture")
	require.NoError(t, os.WriteFile(name, file, 0o600))
	all := []string{"-n", "-r", name, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-T", "fields", "-E", "separator=;"}
	for _, f := range fields {
		all = append(all, "-e", f)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append(all, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir()) // no preferences but ours
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var packets []map[string]string
	for line := range strings.Lines(string(out)) {
		packet := map[string]string{}
		values := strings.Split(strings.TrimRight(line, "\n"), ";")
		require.Len(t, values, len(fields), line)
		for i, v := range values {
			if v != "" {
				packet[fields[i]] = v
			}
		}
		packets = append(packets, packet)
	}
	return packets
}

func export(t *testing.T, d *transcript.Decoder, f capture.Format) ([]byte, capture.Exported) {
	t.Helper()
	var out bytes.Buffer
	sum, err := capture.Export(&out, d, capture.ExportOptions{Format: f, Program: "acqsim test"})
	require.NoError(t, err)
	return out.Bytes(), sum
}

// Wireshark takes what is exported for TCP without a fault.
func TestWiresharkReadsExports(t *testing.T) {
	for name, format := range map[string]capture.Format{"pcap": capture.PCAP, "pcapng": capture.PCAPNG} {
		t.Run(name, func(t *testing.T) {
			file, sum := export(t, everything().decoder(), format)
			packets := tshark(t, file, []string{"tcp.stream", "tcp.checksum.status", "ip.checksum.status", "ipv6.version", "_ws.malformed", "tcp.analysis.flags", "tcp.flags.syn", "tcp.flags.fin", "tcp.flags.reset"})
			assert.Len(t, packets, sum.Packets)
			streams, flags := map[string]bool{}, map[string]int{}
			for i, p := range packets {
				streams[p["tcp.stream"]] = true
				for _, f := range []string{"tcp.flags.syn", "tcp.flags.fin", "tcp.flags.reset"} {
					if p[f] == "1" || p[f] == "True" {
						flags[f]++
					}
				}
				const good = "1"
				assert.Equal(t, good, p["tcp.checksum.status"], "packet %d", i+1)
				if p["ipv6.version"] == "" {
					assert.Equal(t, good, p["ip.checksum.status"], "packet %d", i+1)
				}
				assert.Empty(t, p["_ws.malformed"], "packet %d", i+1)
				assert.Empty(t, p["tcp.analysis.flags"], "packet %d", i+1)
			}
			assert.Len(t, streams, sum.Connections)
			// Of 16 connections with a beginning, 5 end with FINs and 5 with an RST.
			assert.Equal(t, map[string]int{"tcp.flags.syn": 32, "tcp.flags.fin": 10, "tcp.flags.reset": 5}, flags)
		})
	}
}

// Wireshark's own dissector reads what a server journalled. It knows binary
// length headers of 2 bytes only.
func TestWiresharkReadsMessages(t *testing.T) {
	journalled := recorded(t, "iso87-ascii/binary2")
	listening, err := transcript.NewDecoder(bytes.NewReader(journalled), "test").Next()
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(listening.Text)
	require.NoError(t, err)
	file, _ := export(t, transcript.NewDecoder(bytes.NewReader(journalled), "test"), capture.PCAP)
	packets := tshark(t, file, []string{"frame.number", "_ws.malformed", "_ws.expert.message", "iso8583.mti", "iso8583.bit2", "iso8583.bit11", "iso8583.bit39", "iso8583.bit41"},
		"-d", "tcp.port=="+port+",iso8583", "-Y", "iso8583.mti",
		"-o", "iso8583.len_endian:Big endian", "-o", "iso8583.charset:Digits represented as ASCII Characters",
		"-o", "iso8583.binencode:Bin data represented as Hex Ascii characters")
	var got []string
	for _, p := range packets {
		assert.Empty(t, p["_ws.malformed"])
		assert.Empty(t, p["_ws.expert.message"])
		assert.Equal(t, "10000001", p["iso8583.bit41"])
		assert.Equal(t, "6222020000000000128", p["iso8583.bit2"], "masked")
		got = append(got, strings.TrimSpace(p["iso8583.mti"]+" "+p["iso8583.bit11"]+" "+p["iso8583.bit39"]))
	}
	assert.Equal(t, []string{"0200 000001", "0200 000002", "0200 000003", "0210 000001 00", "0210 000002 00", "0210 000003 00"}, got)
}
