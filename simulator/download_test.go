package simulator_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// TestATerminalDownloadsItsPublicKeys goes the whole way: what there is, each
// part, the end.
func TestATerminalDownloadsItsPublicKeys(t *testing.T) {
	s := start(t, "unionpay-pos")
	p := &settler{dial(t, s, "unionpay-pos"), 1}
	m := p.send(fields{0: "0820", 11: "", 60: p.de60("00", "372"), 62: fmt.Sprintf("%X", "100")})
	mti, err := m.GetMTI()
	require.NoError(t, err)
	assert.Equal(t, "0830", mti)
	assert.Equal(t, "00", get(t, m, 39))
	list, err := m.GetBytes(62)
	require.NoError(t, err)
	require.Len(t, list, 1+23)
	assert.Equal(t, byte('1'), list[0], "all of them")

	m = p.send(fields{0: "0800", 11: "", 60: p.de60("00", "370"), 62: fmt.Sprintf("%X", list[1:13])})
	assert.Equal(t, "00", get(t, m, 39))
	key, err := m.GetBytes(62)
	require.NoError(t, err)
	assert.Contains(t, hex.EncodeToString(key), "df027099c5b70aa61b4f4c51")

	m = p.send(fields{0: "0800", 11: "", 60: p.de60("00", "371")})
	assert.Equal(t, "00", get(t, m, 39))
	assert.Equal(t, "00000001371", get(t, m, 60))

	m = p.send(fields{0: "0620", 2: pan, 3: "000000", 4: "000000001000", 55: "DF3105200000000000", 60: p.de60("00", "951"), 61: "0000010000011123"})
	mti, err = m.GetMTI()
	require.NoError(t, err)
	assert.Equal(t, "0630", mti)
	assert.Equal(t, "00", get(t, m, 39))
}

func TestTheHeaderAsksATerminalForItsParameters(t *testing.T) {
	w := world.Default()
	w.Terminals[terminal] = &world.Terminal{ID: terminal, Asked: world.ChoreParameters}
	h, err := host.New(host.Options{World: w, Book: ledger.New(ledger.Options{})})
	require.NoError(t, err)
	s := start(t, "unionpay-pos", func(o *simulator.Options) { o.Host = h })
	p := dial(t, s, "unionpay-pos")
	asked := func(what string, changes fields) frame.ProcessingRequest {
		p.write(p.frame(p.message(what, 0, changes)))
		f, _ := p.read()
		got, err := frame.ParseUnionPayHeader(f.Header)
		require.NoError(t, err)
		return got.ProcessingRequest
	}
	assert.Equal(t, frame.DownloadParameters, asked("echo", nil))
	assert.Equal(t, frame.NoRequest, asked("echo", fields{0: "0800", 60: "00000001360"}))
	assert.Equal(t, frame.NoRequest, asked("echo", nil))
}
