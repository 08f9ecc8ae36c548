package suite_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/simulator/suite"
)

// robot answers what is posted to it, and notes it.
type robot struct {
	answer func(w http.ResponseWriter, r *http.Request, what string)

	mu   sync.Mutex
	told []string
}

func (b *robot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil || len(m) != 1 {
		http.Error(w, "not one object with one key", http.StatusBadRequest)
		return
	}
	for what := range m {
		b.mu.Lock()
		b.told = append(b.told, r.Method+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("Acqsim-Session")+" "+what)
		b.mu.Unlock()
		b.answer(w, r, what)
	}
}

// say writes an answer.
func say(w http.ResponseWriter, text string) { _, _ = w.Write([]byte(text)) }

func greet(w http.ResponseWriter, _ *http.Request, _ string) {
	say(w, `{"hello": {"protocol": 1, "name": "robot"}}`)
}

func TestHTTPPerforms(t *testing.T) {
	b := &robot{answer: func(w http.ResponseWriter, r *http.Request, what string) {
		switch what {
		case "hello":
			greet(w, r, what)
		case "action":
			say(w, `{"outcome": {"id": 1, "is": "declined", "code": "51"}}`)
		}
	}}
	server := httptest.NewServer(b)
	defer server.Close()
	d := &suite.HTTP{URL: server.URL}
	assert.Equal(t, 1, d.Sessions(), "a robot has one terminal")
	for range 2 {
		s, err := d.Open(t.Context(), execlessHello())
		require.NoError(t, err)
		assert.Equal(t, "robot", s.Ready().Name)
		o, err := s.Do(t.Context(), &suite.Action{ID: 1, Do: "sale"})
		require.NoError(t, err)
		assert.Equal(t, &suite.Outcome{ID: 1, Is: display.Declined, Code: "51"}, o)
		require.NoError(t, s.Close())
	}
	const post = "POST application/json "
	assert.Equal(t, []string{post + "1 hello", post + "1 action", post + "1 bye", post + "2 hello", post + "2 action", post + "2 bye"}, b.told)
}

func execlessHello() *suite.Hello {
	return &suite.Hello{Protocol: suite.Protocol, Scenario: "reply-lost", MasterKey: "0123456789ABCDEFFEDCBA9876543210"}
}

func TestHTTPThatDoesNotDo(t *testing.T) {
	release := make(chan struct{})
	for _, c := range []struct {
		name        string
		action      func(w http.ResponseWriter, r *http.Request)
		err, output string
	}{
		{"a failure", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "the arm is stuck", http.StatusInternalServerError)
		},
			"could not do sale: it has answered with the status 500 Internal Server Error", "the arm is stuck"},
		{"it sends elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusSeeOther) }, "the status 303", ""},
		{"no content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "the status 204", ""},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, "its answer is empty", ""},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { say(w, "<html>Please log in. 6225881234567898</html>") }, `its answer "<html>Please log in. 6225880000007898</html>" is no JSON object`, "<html>Please log in. 6225880000007898"},
		{"too much", func(w http.ResponseWriter, _ *http.Request) { say(w, strings.Repeat("x", 100_000)) }, "is longer than 65536 bytes", "xxx"},
		{"another's outcome", func(w http.ResponseWriter, _ *http.Request) { say(w, `{"outcome": {"id": 2}}`) }, `has "id" 2`, ""},
		{"it can't", func(w http.ResponseWriter, _ *http.Request) { say(w, `{"error": {"why": "no paper"}}`) }, "it says: no paper", ""},
		{"it breaks off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			say(w, `{"outcome"`)
		}, "its answer breaks off", `{"outcome"`},
		{"it hangs", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-release:
			}
		}, "context deadline exceeded", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(&robot{answer: func(w http.ResponseWriter, r *http.Request, what string) {
				if what == "hello" {
					greet(w, r, what)
					return
				}
				c.action(w, r)
			}})
			defer server.Close()
			s, err := (&suite.HTTP{URL: server.URL}).Open(t.Context(), execlessHello())
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err = s.Do(ctx, &suite.Action{ID: 1, Do: "sale"})
			var bad *suite.DriverError
			require.ErrorAs(t, err, &bad)
			require.ErrorContains(t, err, c.err)
			assert.Contains(t, bad.Output, c.output)
			assert.NotContains(t, bad.Output+err.Error(), "6225881234567898")
		})
	}
	close(release)
	t.Run("nobody is there", func(t *testing.T) {
		server := httptest.NewServer(nil)
		server.Close()
		_, err := (&suite.HTTP{URL: strings.Replace(server.URL, "//", "//user:geheim@", 1)}).Open(t.Context(), execlessHello())
		require.ErrorContains(t, err, "could not say hello: http://user:***@")
		require.ErrorContains(t, err, "can't be reached")
		require.NotContains(t, err.Error(), "geheim")
	})
	t.Run("it hangs at the hello", func(t *testing.T) {
		server := httptest.NewServer(&robot{answer: func(_ http.ResponseWriter, r *http.Request, _ string) { <-r.Context().Done() }})
		defer server.Close()
		_, err := (&suite.HTTP{URL: server.URL, Start: 200 * time.Millisecond}).Open(t.Context(), execlessHello())
		require.EqualError(t, err, "the driver could not say hello: it has not answered for 200ms")
	})
}

func TestOpenDriver(t *testing.T) {
	for name, want := range map[string]suite.Driver{
		"builtin":                        &suite.Builtin{},
		`exec:python3 x.py --name "a:b"`: &suite.Exec{Command: `python3 x.py --name "a:b"`},
		"http://127.0.0.1:9000/pos":      &suite.HTTP{URL: "http://127.0.0.1:9000/pos"},
		"https://robot.example":          &suite.HTTP{URL: "https://robot.example"},
		"http:https://robot.example":     &suite.HTTP{URL: "https://robot.example"},
		"manual":                         &suite.Manual{In: strings.NewReader(""), Out: &strings.Builder{}},
	} {
		d, err := suite.OpenDriver(name, suite.DriverOptions{In: strings.NewReader(""), Out: &strings.Builder{}})
		require.NoError(t, err, name)
		assert.Equal(t, want, d)
	}
	for name, want := range map[string]string{
		"": "name a driver: builtin, exec:COMMAND", "python3 x.py": `no driver is called "python3 x.py": there are builtin, exec:COMMAND`,
		"exec:": "needs a command", "exec: ": "needs a command", "http:": "needs a URL", "http:robot": "needs a URL", "https://": "needs a URL",
		"builtin:x": "nothing after it", "manual:x": "nothing after it", "Exec:x": "no driver is called",
	} {
		_, err := suite.OpenDriver(name, suite.DriverOptions{In: strings.NewReader(""), Out: &strings.Builder{}})
		require.ErrorContains(t, err, want, name)
	}
	_, err := suite.OpenDriver("manual", suite.DriverOptions{})
	require.ErrorContains(t, err, "run it in a terminal window")
}
