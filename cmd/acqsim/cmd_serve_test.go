package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestServeScripts runs testdata/serve/*.txtar: servers in processes of their
// own. $A, $B, $C and $D are addresses where nothing listens yet. The script
// command `listening ADDRESS…` waits until somebody does, `edited` until a file
// has been read again.
func TestServeScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/serve",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "listening": listening, "get": get, "edited": edited,
		},
		Setup: freeAddresses,
	})
}

func freeAddresses(env *testscript.Env) error {
	if err := endAtOnce(env); err != nil {
		return err
	}
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		env.Setenv(name, l.Addr().String())
		defer l.Close() // together, so that they differ
	}
	return nil
}

func listening(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: listening ADDRESS…")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, address := range args {
		ts.Check(waitFor(ctx, address))
	}
}

// edited is the script command `edited ADDRESS CODE`: it waits until a sale in
// iso87-ascii is answered with that code, as the server has read a file again.
func edited(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: edited ADDRESS CODE")
	}
	give := time.After(30 * time.Second)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		var out bytes.Buffer
		_ = run(context.Background(), []string{"send", "sale", "10.00", "--to", args[0], "--dialect", "iso87-ascii"}, nil, &out, io.Discard)
		if strings.Contains(out.String(), "declined "+args[1]) {
			return
		}
		select {
		case <-give:
			ts.Fatalf("no sale was declined with %s", args[1])
		case <-again.C:
		}
	}
}

func waitFor(ctx context.Context, address string) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		c, err := net.Dial("tcp", address)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("nobody listens on %s: %w", address, errors.Join(err, ctx.Err()))
		case <-again.C:
		}
	}
}

// get is the script command `get STATUS URL [TOKEN]`.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: get STATUS URL [TOKEN]")
	}
	r, err := http.NewRequest(http.MethodGet, args[1], nil)
	ts.Check(err)
	if len(args) == 3 {
		r.Header.Set("Authorization", "Bearer "+args[2])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	answer, err := client.Do(r)
	ts.Check(err)
	ts.Check(answer.Body.Close())
	if got := fmt.Sprint(answer.StatusCode); got != args[0] {
		ts.Fatalf("status %s, want %s", got, args[0])
	}
}
