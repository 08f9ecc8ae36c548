package faults

import (
	"errors"
	"fmt"
	"strings"
)

func frameHTTP() Kind {
	return Kind{
		Name: "frame.http", Stages: []Stage{Replying, Requesting},
		Params: []Param{
			{Name: "location", Type: TypeText, Default: "http://192.0.2.1/login", Doc: Text{
				"where the portal wants the browser to go", "认证页面地址"}},
			{Name: "then", Type: TypeChoice, Default: "close", Choices: []string{"silence", "close", "reset"}, Doc: Text{
				"what comes then: nothing on this connection any more, FIN, or RST", "随后：该连接再无输出、FIN 或 RST"}},
			{Name: "request", Type: TypeChoice, Default: "handled", Choices: []string{"handled", "lost"}, Doc: Text{
				"whether the host handles the request all the same, or never sees it, as behind a real portal",
				"主机是否仍处理该请求；lost 表示主机从未收到，与真实认证网关一致"}},
		},
		Scalar: "location",
		Does: Text{
			"A captive portal answers in place of the host: HTTP/1.1 302.",
			"由上网认证页面代替主机应答：HTTP/1.1 302。"},
		Meets: Text{
			"\"HT\" where the length should be: 18516 bytes announced, to a header of two bytes.",
			"长度头位置出现“HT”：两字节长度头会读成 18516 字节。"},
		Example: "- match: {listener: main}\n  fault: frame.http\n",
		New: func(v Values) (Fault, error) {
			to := v.Text("location")
			if strings.ContainsAny(to, "\r\n") {
				return nil, &ParamError{Kind: "frame.http", Param: "location", Err: errors.New("must be one line")}
			}
			page := fmt.Sprintf("HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", to)
			if v.Text("request") == "lost" {
				return portal{base{"frame.http", Requesting}, []Step{{Op: Write, Bytes: []byte(page)}, thenStep(v.Text("then"))}}, nil
			}
			return garbage{base: base{"frame.http", Replying}, bytes: []byte(page), then: thenStep(v.Text("then"))}, nil
		},
	}
}

// portal answers a request that the host never sees.
type portal struct {
	base
	steps []Step
}

func (portal) claims() claim {
	return claim{sets: []string{setRequest, setLine}, is: noHost | noReply | ends}
}

func (f portal) OnRequest(_ *Exchange, _ Draw, p *RequestPlan) {
	p.Drop = true
	p.Steps = append(p.Steps, f.steps...)
}
