package faults

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFrameHTTP(t *testing.T) {
	o := outbound(t, make1(t, "frame.http"))
	assert.Equal(t, []Step{put([]byte("HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")), {Op: FIN}}, o.Steps)
	o = outbound(t, make1(t, "frame.http", "location", "http://example/", "then", "silence"))
	assert.Contains(t, string(o.Steps[0].Bytes), "Location: http://example/\r\n")
	assert.Equal(t, Mute, o.Steps[1].Op)
}

// Behind a portal the host never sees the request, so no money can move.
func TestAPortalKeepsTheRequest(t *testing.T) {
	f := make1(t, "frame.http", "request", "lost", "then", "silence")
	assert.Equal(t, Requesting, f.Stage())
	x := &Exchange{Conn: &Conn{}}
	p := PlanRequest(x, Draw{}, []Fault{f})
	assert.True(t, p.Drop)
	require.Len(t, p.Steps, 2)
	assert.Equal(t, Write, p.Steps[0].Op)
	assert.True(t, strings.HasPrefix(string(p.Steps[0].Bytes), "HTTP/1.1 302 Found\r\n"))
	assert.Equal(t, Mute, p.Steps[1].Op)

	var conflict *ConflictError
	require.ErrorAs(t, Compose(f, make1(t, "reply.delay", "delay", "1s")), &conflict, "there is no reply of the host")
	require.ErrorAs(t, Compose(f, make1(t, "request.misroute", "terminal", "T1")), &conflict, "nor does it see the request")
}
