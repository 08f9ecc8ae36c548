//go:build unix

package simulator_test

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTwoThousandConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("2,000 connections take a while")
	}
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	if limit.Cur < 5000 {
		t.Skipf("this shell may open %d files only; 5,000 are needed (ulimit -n)", limit.Cur)
	}
	s := start(t, "iso87-ascii")
	const n = 2000
	all := make([]*pos, n)
	for i := range all {
		all[i] = dial(t, s, "iso87-ascii")
	}
	var wg sync.WaitGroup
	failed := make(chan error, n)
	for i, p := range all {
		body := p.message("sale", 0, fields{41: fmt.Sprintf("T%07d", i)})
		b := p.frame(body)
		wg.Go(func() {
			if _, err := p.c.Write(b); err != nil {
				failed <- err
				return
			}
			f, err := p.next()
			if err == nil && len(f.Body) == 0 {
				err = errors.New("an empty reply")
			}
			if err != nil {
				failed <- err
			}
		})
	}
	wg.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
}
