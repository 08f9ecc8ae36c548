package main

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/acqsim/acqsim/simulator"
)

// metricsServer shows /metrics over HTTP. A nil one shows nothing.
type metricsServer struct {
	http *http.Server
	net  net.Listener
}

// listenMetrics brings the HTTP side up, where it is wanted. The
// configuration has seen to it that it is on loopback, or asks for a token.
func (e *effective) listenMetrics(m prometheus.Collector) (*metricsServer, error) {
	if e.Metrics == metricsOff {
		return nil, nil
	}
	l, err := net.Listen("tcp", e.Metrics)
	if err != nil {
		return nil, fmt.Errorf("metrics: can't listen on %s: %w; choose another address with --metrics, or off", e.Metrics, err)
	}
	r := prometheus.NewRegistry()
	r.MustRegister(m, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", withToken(e.Token.text, promhttp.HandlerFor(r, promhttp.HandlerOpts{})))
	return &metricsServer{
		net:  l,
		http: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute},
	}, nil
}

// withToken asks for a bearer token, unless there is none.
func withToken(token string, h http.Handler) http.Handler {
	if token == "" {
		return h
	}
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="acqsim"`)
			http.Error(w, "a bearer token is needed: Authorization: Bearer …", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// url is where others find the metrics: where they are on every interface, at
// this machine's best address.
func (m *metricsServer) url() string {
	at := m.net.Addr().(*net.TCPAddr) //nolint:forcetypeassert // it listens on TCP
	host := at.IP.String()
	if own := simulator.OwnAddresses(); at.IP.IsUnspecified() && len(own) > 0 {
		host = own[0].String()
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(at.Port)) + "/metrics"
}

// serve answers until close.
func (m *metricsServer) serve() error {
	if m == nil {
		return nil
	}
	if err := m.http.Serve(m.net); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (m *metricsServer) close() {
	if m != nil {
		_ = m.http.Close()
		_ = m.net.Close() // where Serve was never called
	}
}
