package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFrameHTTP(t *testing.T) {
	o := outbound(t, make1(t, "frame.http"))
	assert.Equal(t, []Step{put([]byte("HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")), {Op: FIN}}, o.Steps)
	o = outbound(t, make1(t, "frame.http", "location", "http://example/", "then", "silence"))
	assert.Contains(t, string(o.Steps[0].Bytes), "Location: http://example/\r\n")
	assert.Equal(t, Mute, o.Steps[1].Op)
}
