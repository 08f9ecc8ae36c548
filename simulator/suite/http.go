package suite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// HTTP is a driver behind a URL, such as a robot that presses a terminal's
// keys. The objects of [Exec]'s protocol are posted to it one by one, and the
// answer to each is the body of the response, whose status is 200. The header
// Acqsim-Session tells the terminals of a scenario that has several apart.
type HTTP struct {
	URL string
	// Robots is how many terminals it can have at the same time. Default: one.
	Robots int
	// Start is how long it may take to answer the hello, and End the bye.
	// Defaults: two minutes, and 10 seconds.
	Start, End time.Duration

	client struct {
		once sync.Once
		http.Client
	}
	sessions atomic.Uint64
}

// Sessions is Robots.
func (d *HTTP) Sessions() int { return max(d.Robots, 1) }

// Open posts the hello.
func (d *HTTP) Open(ctx context.Context, h *Hello) (Session, error) {
	d.client.once.Do(func() {
		// Nothing is followed: an answer that sends elsewhere is none. And nothing
		// is kept open while a terminal works, which can take long.
		d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		d.client.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	})
	s := &httpSession{d: d, id: strconv.FormatUint(d.sessions.Add(1), 10), secrets: secretsOf(h)}
	a, err := s.limited(ctx, orFor(d.Start, 2*time.Minute), &message{Hello: h})
	if err != nil {
		return nil, err
	}
	s.ready = a.hello
	return s, nil
}

// httpSession is one terminal at the URL.
type httpSession struct {
	d       *HTTP
	id      string
	secrets secrets
	ready   *Ready

	mu sync.Mutex // one action after the other
}

// Ready says what was answered to the hello.
func (s *httpSession) Ready() *Ready { return s.ready }

// Do posts an action.
func (s *httpSession) Do(ctx context.Context, a *Action) (*Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, err := s.ask(ctx, &message{Action: a})
	if err != nil {
		return nil, err
	}
	return x.outcome, nil
}

// Close posts the bye. Any answer will do.
func (s *httpSession) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), orFor(s.d.End, 10*time.Second))
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	bye := &message{Bye: &struct{}{}}
	if _, body, err := s.post(ctx, bye); err != nil {
		return &DriverError{What: bye.what(), Err: err, Output: s.output(body)}
	}
	return nil
}

// limited is ask within a time of its own.
func (s *httpSession) limited(ctx context.Context, d time.Duration, m *message) (answer, error) {
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	a, err := s.ask(limited, m)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = &DriverError{What: m.what(), Err: unanswered(d), Output: outputOf(err)}
	}
	return a, err
}

// ask posts a message and reads the answer.
func (s *httpSession) ask(ctx context.Context, m *message) (answer, error) {
	status, body, err := s.post(ctx, m)
	var a answer
	switch {
	case err != nil:
	case status != http.StatusOK:
		err = fail("it has answered with the status %d %s, where 200 is expected", "其应答状态为 %d %s，应为 200", status, http.StatusText(status))
	case len(bytes.TrimSpace(body)) == 0:
		err = fail("its answer is empty", "其应答为空")
	default:
		a, err = m.answering(body)
	}
	if err != nil {
		return answer{}, &DriverError{What: m.what(), Err: err, Output: s.output(body)}
	}
	return a, nil
}

func (s *httpSession) post(ctx context.Context, m *message) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.d.URL, bytes.NewReader(m.encode()))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Acqsim-Session", s.id)
	resp, err := s.d.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = fail("%s can't be reached: %s", "无法访问 %s：%s", u.URL, u.Err) // without its password
		}
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		err = fail("its answer breaks off: %s", "其应答中断：%s", err)
	}
	return resp.StatusCode, body, err
}

// output is the body of the last response.
func (s *httpSession) output(body []byte) string {
	var t tail
	_, _ = t.Write(body) // never fails
	text := t.text(s.secrets)
	if text == "" {
		return ""
	}
	return headAnswer.EN + text + "\n"
}
